"""Frames and messages, without a socket in sight."""
