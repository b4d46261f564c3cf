"""`python -m vallum`."""

from vallum.cli.main import program

program()
