"""L-BFGS in full batch on a network of 100 000 parameters, to the same gradient: beside PyTorch's and SciPy's.

Goal: fewer evaluations and less time than `torch.optim.LBFGS` with its strong Wolfe search, and than SciPy's L-BFGS-B.
An evaluation is one value with its gradient over the whole set. All work in float64 from the same weights, and end
where no component of the gradient exceeds the same bound.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from evidence import conditions, record
from scipy.optimize import minimize as scipy_minimize
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ravine.minimize import LBFGS, minimize

WIDTH, DECAY, EXAMPLES = 281, 1e-3, 600
TOLERANCE, SEEDS = 1e-5, 5


class Loss:
    """Cross-entropy and weight decay over digits in one batch as a function of one vector, counted."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        digits = load_digits()
        self.inputs = torch.from_numpy(digits.data[:EXAMPLES] / 16)
        self.targets = torch.from_numpy(digits.target[:EXAMPLES]).long()
        layers = [nn.Linear(64, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 10)]
        self.network = nn.Sequential(*layers).double()
        self.start = parameters_to_vector(self.network.parameters()).detach().clone()
        self.evaluations = 0

    def reset(self) -> None:
        """Goes back to the first weights."""
        vector_to_parameters(self.start.clone(), self.network.parameters())
        self.evaluations = 0

    def closure(self) -> Tensor:
        """The loss at the network's weights, with the gradients in their places, as PyTorch's optimizers ask for it."""
        self.evaluations += 1
        self.network.zero_grad()
        loss = nn.functional.cross_entropy(self.network(self.inputs), self.targets)
        loss = loss + DECAY / 2 * sum((p * p).sum() for p in self.network.parameters())
        loss.backward()
        return loss.detach()

    def at(self, x: Tensor) -> Tensor:
        """The loss at a vector, through which gradients flow."""
        self.evaluations += 1
        shapes = [p.shape for p in self.network.parameters()]
        w1, b1, w2, b2, w3, b3 = (
            piece.view(shape) for piece, shape in zip(x.split([s.numel() for s in shapes]), shapes, strict=True)
        )
        hidden = torch.tanh(nn.functional.linear(torch.tanh(nn.functional.linear(self.inputs, w1, b1)), w2, b2))
        loss = nn.functional.cross_entropy(nn.functional.linear(hidden, w3, b3), self.targets)
        return loss + DECAY / 2 * (x @ x)


def by_ravine(loss: Loss, history: int) -> Tensor:
    """Ravine's."""
    return minimize(loss.at, loss.start, LBFGS(history=history), tolerance=TOLERANCE).x


def by_torch(loss: Loss, history: int) -> Tensor:
    """PyTorch's, told to go on until the gradient is small."""
    optimizer = torch.optim.LBFGS(
        loss.network.parameters(), max_iter=100_000, max_eval=1_000_000, history_size=history, tolerance_change=0,
        tolerance_grad=TOLERANCE, line_search_fn="strong_wolfe",
    )  # fmt: skip
    optimizer.step(loss.closure)
    return parameters_to_vector(loss.network.parameters()).detach()


def by_scipy(loss: Loss, history: int) -> Tensor:
    """SciPy's, likewise."""

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.from_numpy(x).requires_grad_()
        value = loss.at(point)
        value.backward()
        assert point.grad is not None
        return float(value.detach()), point.grad.numpy()

    options = {"maxcor": history, "gtol": TOLERANCE, "ftol": 0, "maxiter": 100_000, "maxfun": 1_000_000}
    return torch.from_numpy(
        scipy_minimize(function, loss.start.numpy(), jac=True, method="L-BFGS-B", options=options).x
    )


CONTESTANTS: dict[str, tuple[Callable[[Loss, int], Tensor], int]] = {
    "Ravine": (by_ravine, 100),
    "torch.optim.LBFGS": (by_torch, 100),
    "SciPy L-BFGS-B": (by_scipy, 10),
    "Ravine, 10 steps": (by_ravine, 10),
    "torch, 10 steps": (by_torch, 10),
}
"""Each with the number of steps that it remembers: first all at their own defaults, then with as many as SciPy."""


def measured(run: Callable[[Loss, int], Tensor], loss: Loss, history: int) -> tuple[int, float, float, float]:
    """Evaluations, seconds, the loss at the end, and its largest gradient component."""
    loss.reset()
    began = time.perf_counter()
    end = run(loss, history)
    seconds, evaluations = time.perf_counter() - began, loss.evaluations
    point = end.clone().requires_grad_()
    value = loss.at(point)
    (gradient,) = torch.autograd.grad(value, point)
    return evaluations, seconds, float(value.detach()), float(gradient.abs().max())


def main() -> None:
    """Runs all from several first weights, in turn, and keeps the evidence."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=SEEDS)
    seeds = asked.parse_args().seeds
    torch.set_num_threads(1)
    found: dict[str, list[tuple[int, float, float, float]]] = {name: [] for name in CONTESTANTS}
    for seed in range(seeds):
        loss = Loss(seed)
        for name, (run, history) in CONTESTANTS.items():
            found[name].append(measured(run, loss, history))
    lines = conditions("scipy")
    lines.append(f"{len(loss.start)} parameters, {EXAMPLES} digits in one batch, float64")
    lines.append(f"until no component of the gradient exceeds {TOLERANCE:g}; medians over {seeds} first weights")
    lines.append(
        f"{'':<20}{'evaluations':>12}{'seconds':>10}{'loss':>12}{'gradient':>10}   evaluations by first weights"
    )
    for name, runs in found.items():
        evaluations, seconds, value, gradient = (statistics.median(column) for column in zip(*runs, strict=True))
        each = " ".join(str(one[0]) for one in runs)
        lines.append(f"{name:<20}{evaluations:>12.0f}{seconds:>10.2f}{value:>12.8f}{gradient:>10.1e}   {each}")
    record("lbfgs", lines)


if __name__ == "__main__":
    main()
