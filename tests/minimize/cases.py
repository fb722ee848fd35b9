"""Functions with known answers, and methods that should find them."""

import torch
from torch import Tensor

from ravine.functions import SURFACES, problem
from ravine.minimize import (
    BFGS,
    LBFGS,
    SR1,
    Backtracking,
    Descent,
    GaussNewton,
    GradientDescent,
    HagerZhang,
    LevenbergMarquardt,
    Newton,
    NewtonCG,
    NonlinearCG,
    Search,
    StrongWolfe,
    TrustRegion,
)

EXACT: list[tuple[Descent, Search | None]] = [
    (BFGS(), None),
    (LBFGS(), None),
    (SR1(), None),
    (Newton(), None),
    (Newton(safeguard="cholesky"), None),
    (Newton(), TrustRegion()),
    (NewtonCG(), None),
]
"""What should reach a minimum to the last digits wherever it begins."""

OTHERS: list[tuple[Descent, Search | None]] = [
    (BFGS(), Backtracking()),
    (BFGS(), HagerZhang()),
    (LBFGS(history=3), None),
    (LBFGS(), HagerZhang()),
    (LBFGS(), Backtracking()),
    (SR1(), StrongWolfe()),
    (Newton(), Backtracking()),
    (Newton(), HagerZhang()),
    (NewtonCG(), Backtracking()),
    (NewtonCG(), StrongWolfe()),
    *((NonlinearCG(beta), None) for beta in ("hager_zhang", "polak_ribiere", "hestenes_stiefel")),
    (NonlinearCG("hager_zhang"), HagerZhang()),
]
"""Other pairs, on what is not hard."""

EVERY = [descent for descent, search in EXACT if search is None] + [NonlinearCG(), GradientDescent()]
SQUARES = [LevenbergMarquardt(), LevenbergMarquardt(scaled=False), GaussNewton()]

ROSENBROCK, HIMMELBLAU = SURFACES["rosenbrock"], SURFACES["himmelblau"]
EASY = [ROSENBROCK, HIMMELBLAU, SURFACES["beale"], problem("wood"), problem("helical_valley"), problem("watson", n=6)]


def quadratic(n: int, seed: int = 0, lowest: float = 0.1) -> tuple[Tensor, Tensor]:
    """A symmetric matrix with eigenvalues from `lowest` to 10, and a vector."""
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn(n, n, dtype=torch.float64, generator=generator))
    matrix = (q * torch.linspace(lowest, 10, n, dtype=torch.float64)) @ q.T
    return (matrix + matrix.T) / 2, torch.randn(n, dtype=torch.float64, generator=generator)


def reached(known, value: float) -> bool:
    """Whether a value is that of a known minimum."""
    return any(abs(value - point.value) <= 1e-10 * max(1.0, abs(point.value)) for point in known.minima)
