"""A chat: a model in a pool of workers, and a web server that streams what it says."""
