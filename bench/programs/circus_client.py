"""Asks circus for its status once for each line read, and prints how many milliseconds it took."""

import sys
import time

from circus.client import CircusClient

client = CircusClient(endpoint=sys.argv[1], timeout=30.0)
for _ in sys.stdin:
    began = time.perf_counter()
    reply = client.call({"command": "status", "properties": {}})
    took = (time.perf_counter() - began) * 1e3
    assert reply["status"] == "ok", reply
    print(took, flush=True)
