"""A process supervisor that systemd runs and that runs the rest of a Python application."""

__version__ = "0.1.0"
