"""Keeping pools: who works in one, its sockets, and what the daemon and its arbiter say to each other."""
