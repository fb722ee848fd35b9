"""The report of a study: one HTML file that needs nothing else, and the leaderboard as words."""

from .page import html, write

__all__ = ["html", "write"]
