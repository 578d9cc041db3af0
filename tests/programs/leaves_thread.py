"""An application whose import starts a thread and opens a socket."""

import socket
import threading

event = threading.Event()
threading.Thread(target=event.wait, daemon=True).start()
left_open = socket.socket()
