"""The command line: it parses, calls the function of the same name, and prints."""

from .main import main

__all__ = ["main"]
