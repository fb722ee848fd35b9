"""Seeding inside leaves everybody's generators as they were, whatever happens there."""

import random

import numpy as np
import pytest
import torch

from ravine.data.randomness import seeded


def draw():
    return torch.rand(1).item(), random.random(), np.random.rand()  # noqa: NPY002 - what users do


def test_a_seed_decides_all_three_generators():
    drawn = []
    for seed in (3, 3, 4):
        with seeded(seed):
            drawn.append(draw())
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[1], drawn[2], strict=True))


def test_the_generators_go_on_where_they_were_even_after_an_error():
    with seeded(0):
        expected = draw(), draw()
    with seeded(0):
        first = draw()
        with pytest.raises(KeyError), seeded(7):
            raise KeyError
        assert (first, draw()) == expected
