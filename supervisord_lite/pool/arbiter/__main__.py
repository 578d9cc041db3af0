"""`python -P -m supervisord_lite.pool.arbiter NAME`."""

from supervisord_lite.pool.arbiter.main import main

if __name__ == "__main__":
    main()
