"""What can be decided without doing anything: no clock, no socket, no process.

Time (`now`, monotonic seconds) and chance (`jitter`, 0 to 1) are arguments everywhere.
"""
