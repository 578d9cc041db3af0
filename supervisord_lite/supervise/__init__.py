"""Keeping programs: how one is launched, watched, explained and ended, whatever kind it is."""
