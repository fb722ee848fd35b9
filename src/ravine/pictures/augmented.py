"""What augmentation makes of some training images: pixel images for a page, without any library that draws."""

import base64
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .source import Source

title = "What augmentation makes of the images"
GAP = 1
"""Clear pixels between two images."""


class Row(NamedTuple):
    """Some images beside each other.

    Attributes:
        method: The method; empty where nothing was changed.
        said: How the images were changed.
        images: The images, `[m, c, h, w]`, of 1 channel (gray) or 3 (red, green, blue), from 0 to 255.
    """

    method: str
    said: str
    images: NDArray[np.uint8]


def info(source: Source) -> tuple[Row, ...]:
    """Gathers the images.

    Args:
        source: The study.

    Returns:
        The images as they are, then as each method that augments sees them at its tuned setting, the best method
        first; nothing where none augments images.
    """
    found = source.augmented()
    methods = [name for name in source.summary()["method"] if name in found]
    if not methods:
        return ()
    plain = Row("", "as they are", found[methods[0]][1])
    return (plain, *(Row(name, found[name][0], found[name][2]) for name in methods))


def how_to_read(info: tuple[Row, ...]) -> str:
    """Says how to read the picture."""
    return (
        f"First {len(info[0].images)} training images as they are; then the same ones as a network sees them, each in "
        "a step of training of its own, at the method's tuned setting: look whether each could still be told for what "
        "it is."
    )


def strip(row: Row) -> str:
    """Draws a row of images as one.

    Args:
        row: The images.

    Returns:
        A PNG as a `data:` address, one pixel for each of theirs, with a clear gap between them.
    """
    count, channels, height, width = row.images.shape
    sheet = np.zeros((height, count * (width + GAP) - GAP, 4), np.uint8)
    for k, image in enumerate(row.images):
        left = k * (width + GAP)
        sheet[:, left : left + width, :3] = np.moveaxis(image, 0, -1) if channels == 3 else image[0][..., None]
        sheet[:, left : left + width, 3] = 255
    return f"data:image/png;base64,{base64.b64encode(png(sheet)).decode()}"


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Writes pixels as PNG (ISO/IEC 15948): red, green, blue and opacity of 8 bits each.

    Args:
        pixels: `[h, w, 4]`.

    Returns:
        The file.

    >>> png(np.zeros((1, 1, 4), np.uint8))[1:4]
    b'PNG'
    """
    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)  # no filter
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts: tuple[Any, ...] = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
