"""The legend of pictures that stand alone: in the upper right corner, beside the heading."""

from typing import Any


def legend(**more: Any) -> dict[str, Any]:
    """Describes a legend in one row.

    Args:
        more: What this legend has beside that.

    Returns:
        Words of plotly.
    """
    corner = {"x": 1, "xanchor": "right", "y": 1, "yref": "container", "yanchor": "top"}
    return {"orientation": "h"} | corner | more
