"""A small shop's background work: the application of the example configuration."""
