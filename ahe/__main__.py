"""`python -m ahe` is the command `ahe`."""

from ahe.cli import main

if __name__ == "__main__":
    main()
