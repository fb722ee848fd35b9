"""Plotly's markers as shapes of the page, so that a method is known by its mark in tables too."""

from markupsafe import Markup

SYMBOLS = {
    "circle": '<circle r="5"/>',
    "square": '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
    "diamond": '<path d="M0-6.5 6.5 0 0 6.5-6.5 0Z"/>',
    "triangle-up": '<path d="M0-6 5.6 4.4-5.6 4.4Z"/>',
    "triangle-down": '<path d="M0 6 5.6-4.4-5.6-4.4Z"/>',
    "triangle-left": '<path d="M-6 0 4.4-5.6 4.4 5.6Z"/>',
    "triangle-right": '<path d="M6 0-4.4-5.6-4.4 5.6Z"/>',
    "pentagon": '<path d="M0-6 5.7-1.9 3.5 4.9-3.5 4.9-5.7-1.9Z"/>',
    "hexagon": '<path d="M0-6 5.2-3 5.2 3 0 6-5.2 3-5.2-3Z"/>',
    "octagon": '<path d="M-2.3-5.5 2.3-5.5 5.5-2.3 5.5 2.3 2.3 5.5-2.3 5.5-5.5 2.3-5.5-2.3Z"/>',
    "star": '<path d="M0-7 1.7-2.3 6.7-2.2 2.7.9 4.1 5.7 0 2.8-4.1 5.7-2.7.9-6.7-2.2-1.7-2.3Z"/>',
    "diamond-tall": '<path d="M0-7 3.6 0 0 7-3.6 0Z"/>',
    "hexagram": '<path d="M0-7 1.9-3.2 6.1-3.5 3.7 0 6.1 3.5 1.9 3.2 0 7-1.9 3.2-6.1 3.5-3.7 0-6.1-3.5-1.9-3.2Z"/>',
    "cross": '<path d="M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z"/>',
    "star-diamond": '<path d="M0-7 2-2 7 0 2 2 0 7-2 2-7 0-2-2Z"/>',
    "hourglass": '<path d="M-5-5 5-5-5 5 5 5Z"/>',
    "bowtie": '<path d="M-5-5-5 5 5-5 5 5Z"/>',
}
"""The shapes that the looks in `ravine.pictures.colors` name, about 12 units wide around 0, 0."""


def symbol(name: str) -> Markup:
    """Draws a method's marker.

    Args:
        name: The marker, in words of plotly.

    Returns:
        The inside of an SVG.
    """
    return Markup(SYMBOLS[name])
