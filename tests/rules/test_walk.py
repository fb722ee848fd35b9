"""The walk that the pages' loops are held against is itself held against closed forms."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import SGD, Average, Momentum, walk


@given(lr=st.floats(0.0, 0.3), steps=st.integers(0, 40))
def test_sgd_on_a_bowl_is_a_power(lr, steps):
    curvature = torch.tensor([1.0, 5.0], dtype=torch.float64)
    ended = walk(SGD(lr=lr), [1.0, -2.0], curvature, steps=steps)
    closed = torch.tensor([1.0, -2.0], dtype=torch.float64) * (1 - lr * curvature) ** steps
    assert torch.allclose(ended, closed, rtol=1e-12, atol=1e-12)


@given(lr=st.floats(1e-3, 0.3), momentum=st.floats(0.0, 0.95), steps=st.integers(1, 40))
def test_momentum_on_a_bowl_is_a_matrix_power(lr, momentum, steps):
    # (p, v) -> (p - lr (momentum v + h p), momentum v + h p), with h = 2
    matrix = np.array([[1 - 2 * lr, -lr * momentum], [2.0, momentum]])
    closed = np.linalg.matrix_power(matrix, steps) @ np.array([1.0, 0.0])
    assert abs(walk(Momentum(lr=lr, momentum=momentum), [1.0], [2.0], steps).item() - closed[0]) < 1e-10


def test_it_gives_the_weights_that_predict_only_if_asked():
    rule = Average(SGD(lr=0.5))
    assert walk(rule, [8.0], [1.0], steps=3).item() == 1.0
    assert abs(walk(rule, [8.0], [1.0], steps=3, predict=True).item() - (4 + 2 + 1) / 3) < 1e-15
    assert walk(SGD(lr=0.5), [8.0], [1.0], steps=3, predict=True).item() == 1.0
