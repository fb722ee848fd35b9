"""The playground: one page in which the rules themselves move, to be picked, dragged, tuned, played and stepped."""

from .page import html, methods, outline, sliders, story, surfaces, write

__all__ = ["html", "methods", "outline", "sliders", "story", "surfaces", "write"]
