"""What augmentations draw: a few numbers for each example, on the CPU, so that every device meets the same luck."""

import torch
from torch import Tensor


def evenly(count: int, low: float, high: float) -> Tensor:
    """Draws evenly spread numbers, one for each example.

    Args:
        count: How many.
        low: The low end.
        high: The high end.

    Returns:
        `[count]`, in double precision, on the CPU.
    """
    return torch.empty(count, dtype=torch.float64).uniform_(low, high)


def beside(values: Tensor, x: Tensor) -> Tensor:
    """Brings one number for each example to where it can be multiplied with a batch.

    Args:
        values: `[b]`.
        x: The batch, `[b, ...]`.

    Returns:
        `[b, 1, ...]`, with the batch's dtype and on its device.

    >>> beside(torch.zeros(2), torch.zeros(2, 3, 4)).shape
    torch.Size([2, 1, 1])
    """
    return values.to(x.device, x.dtype).view(-1, *[1] * (x.dim() - 1))


def squares(side: int, x: Tensor) -> Tensor:
    """Draws a square for each image, whose center lies at any pixel; what reaches over an edge is cut off.

    Args:
        side: Rows and columns of the square.
        x: The images, `[b, c, h, w]`.

    Returns:
        Which pixels lie in the square, `[b, 1, h, w]`, on the images' device.

    >>> squares(1, torch.zeros(2, 3, 4, 5)).sum((1, 2, 3))
    tensor([1, 1])
    """
    rows, columns = (_covered(side, len(x), places).to(x.device) for places in x.shape[2:])
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _covered(length: int, count: int, places: int) -> Tensor:
    """Draws which of the places, `[count, places]`, lie in stretches of one length."""
    first = torch.randint(places, (count, 1)) - length // 2
    steps = torch.arange(places) - first
    return (steps >= 0) & (steps < length)


def stretch(length: int, places: int) -> slice:
    """Draws a stretch of rows or columns around any of them, for a whole batch.

    Args:
        length: How many it covers.
        places: How many there are.

    Returns:
        What of it lies between the edges.

    >>> stretch(9, places=4)
    slice(0, 4, None)
    """
    first = int(torch.randint(places, ())) - length // 2
    return slice(max(first, 0), min(first + length, places))
