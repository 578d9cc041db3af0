"""Dirty pools: the arbiter that routes calls, and the workers that run them."""
