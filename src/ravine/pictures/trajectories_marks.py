"""Dashes and markers of looks in words of matplotlib."""

from typing import Any

DASHES: dict[str, Any] = {"solid": "-", "dash": (0, (5, 1.6)), "dot": (0, (1.2, 1.4)), "dashdot": (0, (5, 1.4, 1, 1.4))}
SYMBOLS: dict[str, Any] = {
    "circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "triangle-down": "v", "triangle-left": "<",
    "triangle-right": ">", "pentagon": "p", "hexagon": "h", "octagon": "8", "star": "*", "hexagram": (6, 1, 0),
    "cross": "P", "diamond-tall": "d", "star-diamond": (4, 1, 0),
    "hourglass": [(-1, -1), (1, -1), (-1, 1), (1, 1), (-1, -1)],
    "bowtie": [(-1, -1), (-1, 1), (1, -1), (1, 1), (-1, -1)],
}  # fmt: skip
"""Plotly's dashes and markers in words of matplotlib."""

SIZES = {"star": 15.0, "star-diamond": 14.0, "hexagram": 14.0, "diamond": 9.5, "hexagon": 11.5, "cross": 12.0}
"""Markers whose shape fills less of its square, or more, get a size of their own, in points."""
