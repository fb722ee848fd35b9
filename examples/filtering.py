"""Filters on a digit: what a convolution with a kernel of nine numbers does to a real image, drawn as one picture.

    python examples/filtering.py filtering.png

A network's first layer learns kernels like these by itself. The drawing needs matplotlib.
"""

import itertools
import sys
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ravine.layers import convolution

KERNELS = {
    "Amplify": ([[0, 0, 0], [0, 3, 0], [0, 0, 0]], 2),
    "Attenuate": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 2),
    "Blur": ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16),
    "All edges": ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], 8),
    "Upper edges": ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], 4),
}
"""Each as nine whole numbers and what they are divided by. Those of edges add up to zero, so that they answer nothing
where nothing changes."""

PAPER, INK, BLACK = "#ffffff", "#4a4d55", "#0b0c0e"
BELOW, FAINT, LINES = "#b05a00", "#5b5f66", "#c9c9c5"


def digit(number: int = 0) -> Tensor:
    """Gives one of scikit-learn's handwritten digits, 8 x 8, from 0 (paper) to 1 (ink)."""
    return torch.from_numpy(load_digits().images[number] / 16).float()


def filtered(image: Tensor) -> dict[str, Tensor]:
    """Filters an image by each kernel; zeros around it keep its size."""
    kernels = torch.stack([torch.tensor(numbers) / divisor for numbers, divisor in KERNELS.values()])
    maps = convolution(image[None, None], kernels[:, None], padding=1)
    return dict(zip(KERNELS, maps[0], strict=True))


def draw(path: str, image: Tensor) -> None:
    """Draws an image, the kernels, and what each makes of it, all on one scale."""
    from matplotlib import colors, figure

    scale = colors.TwoSlopeNorm(0, -1, 1.5)
    stops = [(scale(-1), BELOW), (scale(0), PAPER), (scale(1), INK), (scale(1.5), BLACK)]
    shades = colors.LinearSegmentedColormap.from_list("ink", stops)
    picture = figure.Figure(figsize=(11, 3.45), facecolor=PAPER)
    places = picture.subplots(2, 6, height_ratios=(8, 5))
    picture.subplots_adjust(left=0.01, right=0.99, top=0.905, bottom=0.02, wspace=0.12, hspace=0.12)
    for (name, shown), (above, below) in zip({"The digit": image, **filtered(image)}.items(), places.T, strict=True):
        drawn = above.imshow(shown.numpy(), cmap=shades, norm=scale)
        above.set_title(name, color=BLACK, fontsize=13, loc="left", pad=6)
        above.set(xticks=[], yticks=[])
        above.spines[:].set_color(LINES)
        below.axis("off")
        if name in KERNELS:
            draw_kernel(below, *KERNELS[name])
    places[1, 0].text(0, 0.78, "Paper is 0, ink is 1.", color=FAINT, fontsize=11, transform=places[1, 0].transAxes)
    beside = places[1, 0].inset_axes((0.05, 0.52, 0.9, 0.11))
    bar = picture.colorbar(drawn, cax=beside, orientation="horizontal", ticks=[-1, 0, 1], spacing="proportional")
    bar.ax.set_xticklabels(["−1", "0", "1"])
    bar.ax.tick_params(labelsize=11, labelcolor=FAINT, color=LINES, length=4)
    bar.outline.set_edgecolor(LINES)
    picture.savefig(path, dpi=160)


def draw_kernel(axes: Any, numbers: list[list[int]], divisor: int) -> None:
    """Writes a kernel's nine numbers as a grid, with what they are divided by beside it."""
    axes.set(xlim=(0, 4.8), ylim=(3.02, -0.02), aspect="equal", anchor="NW")
    for row, column in itertools.product(range(3), range(3)):
        number = str(numbers[row][column]).replace("-", "−")
        shade = BLACK if numbers[row][column] else FAINT
        axes.text(column + 0.5, row + 0.5, number, ha="center", va="center_baseline", color=shade, fontsize=11)
    axes.hlines(range(4), 0, 3, color=LINES, linewidth=0.8)
    axes.vlines(range(4), 0, 3, color=LINES, linewidth=0.8)
    axes.text(3.25, 1.5, f"÷ {divisor}", va="center_baseline", color=FAINT, fontsize=11)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "filtering.png", digit())
