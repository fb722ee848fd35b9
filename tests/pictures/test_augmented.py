import base64
import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ravine.pictures.augmented import Row, how_to_read, info, png, strip

LUCK = np.random.default_rng(0)


def read(address):
    kind, _, text = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def test_what_is_written_is_what_another_library_reads():
    pixels = LUCK.integers(0, 256, (5, 7, 4)).astype(np.uint8)
    image = Image.open(io.BytesIO(png(pixels)))
    image.verify()
    assert (np.asarray(Image.open(io.BytesIO(png(pixels)))) == pixels).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_images_stand_side_by_side_with_a_clear_gap(channels):
    images = LUCK.integers(0, 256, (3, channels, 4, 5)).astype(np.uint8)
    found = read(strip(Row("", "", images)))
    assert found.shape == (4, 3 * 5 + 2, 4)
    assert found[..., 3].tolist() == [[255] * 5 + [0] + [255] * 5 + [0] + [255] * 5] * 4
    for k in range(3):
        for color in range(3):
            assert (found[:, 6 * k : 6 * k + 5, color] == images[k, color % channels]).all()


def test_the_images_come_first_and_methods_in_their_order():
    plain = np.zeros((2, 1, 3, 3), np.uint8)
    seen = {"b": ("flip()", plain, plain + 1), "a": ("crop()", plain, plain + 2)}
    source = SimpleNamespace(augmented=lambda: seen, summary=lambda: pd.DataFrame({"method": ["none", "a", "b"]}))
    rows = info(source)
    assert [(row.method, row.said, int(row.images.max())) for row in rows] == [
        ("", "as they are", 0), ("a", "crop()", 2), ("b", "flip()", 1),
    ]  # fmt: skip
    assert "2 training images" in how_to_read(rows)
    assert info(SimpleNamespace(augmented=dict, summary=source.summary)) == ()
