"""Dirty pools under measurement: ours beside gunicorn's, by turns, through the client of each."""
