"""The sockets of an arbiter: clients on the public one; workers and the daemon backstage."""
