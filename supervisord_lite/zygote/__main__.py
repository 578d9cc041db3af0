"""A fork server: `python -m supervisord_lite.zygote [--path DIRECTORY]... [MODULE[:CALLABLE]]...`.

Imports the modules with the directories in front of `sys.path`, and forks on the orders that come over the
socket on descriptor 3. The daemon starts it; on its own it is of no use.
"""

import sys

from supervisord_lite.zygote.forking import main

main(sys.argv[1:])
