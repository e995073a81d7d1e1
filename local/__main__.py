"""`python -m local`: the command line behind the Makefile."""

from local.cli import main

if __name__ == "__main__":
    main()
