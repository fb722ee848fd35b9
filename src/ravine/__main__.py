"""`python -m ravine`: the same as the command `ravine`."""

from .cli import main

main()
