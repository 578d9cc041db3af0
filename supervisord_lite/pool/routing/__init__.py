"""What an arbiter decides: who takes which call, and when it has waited or run for too long.

No socket, no process, no clock: what happened and the time are arguments, and what is to be done (`effects`)
is the result.
"""
