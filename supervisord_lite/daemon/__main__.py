"""`python -m supervisord_lite.daemon` is `supervisord-lite`."""

from supervisord_lite.daemon.main import main

main()
