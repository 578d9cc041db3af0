"""A fork server, run by the daemon with its socket on descriptor 3.

`__main__.py --commands`: the spawner, which imports nothing and launches commands only.
`__main__.py NAME [--path DIRECTORY]... [MODULE[:CALLABLE]]...`: the zygote of that name, which imports the
modules with the directories in front of `sys.path`.
"""

import sys

if __name__ == "__main__":
    if sys.flags.no_site:  # the spawner does without site-packages
        sys.path.append(__file__.removesuffix("/supervisord_lite/zygote/__main__.py"))

    from supervisord_lite.zygote.forking import main

    main(sys.argv[1:])
