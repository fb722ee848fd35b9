"""Every method on every problem and surface with a known answer, beside SciPy's and PyTorch's at the same tolerance.

Goals: |f - f*| <= 1e-10 max(1, |f*|) or a listed local minimum, wherever a method should converge; summed over the
problems that both solve, at most 1.1 times the evaluations of SciPy's matching method; no fewer problems solved.

A value with its gradient is one evaluation; a Hessian-vector product counts two, on both sides. For sums of squares the
residuals count, and Jacobians do not, on both sides. All end where no component of the gradient exceeds 1e-10, or where
they can do no more.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from evidence import conditions, record
from scipy import optimize
from torch import Tensor

from ravine.functions import STATED, SURFACES, Problem, Surface
from ravine.minimize import (
    BFGS,
    LBFGS,
    SR1,
    Descent,
    GaussNewton,
    LevenbergMarquardt,
    Newton,
    NewtonCG,
    NonlinearCG,
    TrustRegion,
    minimize,
)

TOLERANCE, STEPS, EVALUATIONS = 1e-10, 2_000, 20_000
Known = Problem | Surface


class Found(NamedTuple):
    """Whether a known minimum was reached, and after how many evaluations."""

    solved: bool
    evaluations: int


def reached(known: Known, value: float) -> bool:
    """Whether a value is that of a known minimum."""
    stated = (point.value for point in known.minima)
    return any(abs(value - goal) <= 1e-10 * max(1.0, abs(goal)) for goal in stated)


def by_ravine(known: Known, descent: Descent, search: Any = None) -> Found:
    """Ravine's method; on the residuals where it asks for them."""
    squares = descent.needs == "residuals"
    fun = known.residuals if squares and isinstance(known, Problem) else known
    result = minimize(
        fun, torch.tensor(known.start), descent, search, tolerance=TOLERANCE, steps=STEPS, evaluations=EVALUATIONS
    )
    return Found(reached(known, result.fun), result.nfev if squares else result.nfev + 2 * result.nhev)


def by_scipy(known: Known, method: str) -> Found:
    """SciPy's method, with derivatives by PyTorch."""

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.tensor(x, requires_grad=True)
        value = known(point)
        (gradient,) = torch.autograd.grad(value, point)
        return value.item(), gradient.numpy()

    def product(x: np.ndarray, v: np.ndarray) -> np.ndarray:
        point = torch.tensor(x, requires_grad=True)
        (gradient,) = torch.autograd.grad(known(point), point, create_graph=True)
        return torch.autograd.grad(gradient, point, torch.tensor(v))[0].numpy()

    options: dict[str, Any] = {"maxiter": STEPS, "gtol": TOLERANCE}
    if method == "L-BFGS-B":
        options |= {"ftol": 0, "maxfun": EVALUATIONS}
    if method == "Newton-CG":
        options = {"maxiter": STEPS, "xtol": 1e-14}
    products = {"hessp": product} if method in ("Newton-CG", "trust-krylov") else {}
    found = optimize.minimize(
        value_and_gradient, np.array(known.start), jac=True, method=method, options=options, **products
    )
    return Found(reached(known, float(found.fun)), found.nfev + 2 * found.get("nhev", 0) * bool(products))


def by_least_squares(known: Known) -> Found:
    """SciPy's MINPACK; evaluations are counted until the gradient is small, since it ends by another test."""
    assert isinstance(known, Problem)
    seen: list[tuple[float, float]] = []

    def jacobian(x: np.ndarray) -> np.ndarray:
        return torch.autograd.functional.jacobian(known.residuals, torch.tensor(x)).numpy()

    def residuals(x: np.ndarray) -> np.ndarray:
        r = known.residuals(torch.tensor(x)).numpy()
        seen.append((float(np.abs(2 * jacobian(x).T @ r).max()), float(r @ r)))
        return r

    found = optimize.least_squares(
        residuals, np.array(known.start), jacobian, method="lm", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=20_000
    )
    small = next((i for i, (gradient, _) in enumerate(seen) if gradient <= TOLERANCE), None)
    if small is None:
        return Found(reached(known, 2 * found.cost), len(seen))
    return Found(reached(known, seen[small][1]), small + 1)


def by_torch(known: Known) -> Found:
    """PyTorch's L-BFGS with its strong Wolfe search and as many steps remembered."""
    x = torch.tensor(known.start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [x], max_iter=STEPS, max_eval=EVALUATIONS, history_size=10, tolerance_grad=TOLERANCE, tolerance_change=0,
        line_search_fn="strong_wolfe",
    )  # fmt: skip
    evaluations = 0

    def closure() -> Tensor:
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        value = known(x)
        value.backward()
        return value

    optimizer.step(closure)
    return Found(reached(known, float(known(x.detach()))), evaluations)


def scipy_by(method: str) -> Callable[[Known], Found]:
    """One of SciPy's methods as a contestant."""
    return lambda known: by_scipy(known, method)


def ravine_by(descent: Descent, search: Any = None) -> Callable[[Known], Found]:
    """One of Ravine's methods as a contestant."""
    return lambda known: by_ravine(known, descent, search)


CONTESTANTS: dict[str, Callable[[Known], Found]] = {
    "BFGS": ravine_by(BFGS()),
    "SciPy BFGS": scipy_by("BFGS"),
    "LBFGS": ravine_by(LBFGS()),
    "LBFGS(10)": ravine_by(LBFGS(history=10)),
    "SciPy L-BFGS-B": scipy_by("L-BFGS-B"),
    "torch LBFGS": by_torch,
    "NewtonCG": ravine_by(NewtonCG()),
    "SciPy Newton-CG": scipy_by("Newton-CG"),
    "SciPy trust-krylov": scipy_by("trust-krylov"),
    "LM": ravine_by(LevenbergMarquardt()),
    "SciPy lm": by_least_squares,
    "SR1": ravine_by(SR1()),
    "Newton": ravine_by(Newton()),
    "Newton chol.": ravine_by(Newton(safeguard="cholesky")),
    "Newton region": ravine_by(Newton(), TrustRegion()),
    "Gauss-Newton": ravine_by(GaussNewton()),
    "NonlinearCG": ravine_by(NonlinearCG()),
    "SciPy CG": scipy_by("CG"),
}

PAIRS = (
    ("BFGS", "SciPy BFGS"),
    ("LBFGS", "SciPy L-BFGS-B"),
    ("LBFGS(10)", "SciPy L-BFGS-B"),
    ("LBFGS(10)", "torch LBFGS"),
    ("NewtonCG", "SciPy Newton-CG"),
    ("NewtonCG", "SciPy trust-krylov"),
    ("LM", "SciPy lm"),
    ("NonlinearCG", "SciPy CG"),
)
SQUARES = ("LM", "SciPy lm", "Gauss-Newton")

Table = dict[str, dict[str, Found]]


def named(problem: Problem) -> str:
    """A problem's name and how many coordinates it has."""
    return f"{problem.name} {len(problem.start)}"


def table(functions: Mapping[str, Known], contestants: Mapping[str, Callable[[Known], Found]]) -> Table:
    """Lets every contestant try every function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy warns of what its result says as well
        return {name: {who: run(known) for who, run in contestants.items()} for name, known in functions.items()}


def beside(found: Table, ours: str, theirs: str) -> tuple[int, int, int, int]:
    """How many each solved, and the evaluations of each summed over what both solved."""
    rows = [(row[ours], row[theirs]) for row in found.values()]
    both = [(a, b) for a, b in rows if a.solved and b.solved]
    return (
        sum(a.solved for a, _ in rows), sum(b.solved for _, b in rows),
        sum(a.evaluations for a, _ in both), sum(b.evaluations for _, b in both),
    )  # fmt: skip


def _lines(found: Table, contestants: Mapping[str, Any]) -> list[str]:
    width = max(map(len, found)) + 1
    lines = [" " * width + "".join(f"{name.replace('SciPy ', 'S '):>15}" for name in contestants)]
    for name, row in found.items():
        cells = (f"{each.evaluations if each.solved else f'({each.evaluations})':>15}" for each in row.values())
        lines.append(f"{name:<{width}}" + "".join(cells))
    solved = (sum(row[who].solved for row in found.values()) for who in contestants)
    return [*lines, f"{'solved':<{width}}" + "".join(f"{count:>15}" for count in solved)]


def main() -> None:
    """Fills both tables, sets methods beside each other, and keeps the evidence."""
    torch.set_num_threads(1)
    problems = {named(problem): problem for problem in STATED}
    surfaces = {name: known for name, known in SURFACES.items() if known.minima and len(known.start)}
    on_surfaces = {name: run for name, run in CONTESTANTS.items() if name not in SQUARES}
    by_problem, by_surface = table(problems, CONTESTANTS), table(surfaces, on_surfaces)
    lines = [*conditions("scipy"), f"evaluations until no component of the gradient exceeds {TOLERANCE:g}, float64;"]
    lines += ["in brackets where no known minimum was reached to 1e-10 max(1, |f*|). S is SciPy."]
    lines += ["strict_saddle begins where the gradient leads into its saddle; ackley has local minima, and a tip.", ""]
    lines += [*_lines(by_problem, CONTESTANTS), "", *_lines(by_surface, on_surfaces), ""]
    for ours, theirs in PAIRS:
        for what, found in (("problems", by_problem), ("surfaces", by_surface)):
            if what == "surfaces" and ours in SQUARES:
                continue
            mine, other, a, b = beside(found, ours, theirs)
            lines.append(f"{what}: {ours} solved {mine}, {theirs} {other}; evaluations {a} and {b}, ratio {a / b:.2f}")
    record("minimize", lines)


if __name__ == "__main__":
    main()
