"""The commands of `supctl`, one noun a module; `cli.root` imports the one that is asked for."""
