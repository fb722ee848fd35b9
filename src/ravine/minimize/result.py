"""What a minimization ended in, under SciPy's names."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What a minimization ended in.

    `x` is the last accepted point and `grad` the gradient there, both in the structure of x0; `fun` is the value, for
    residuals the sum of their squares. `nit` counts accepted steps, `nfev` values, `ngev` gradients and Jacobians,
    `nhev` Hessians and Hessian-vector products; `evaluations` is what all of it cost in gradient evaluations.
    """

    x: Any
    fun: float
    grad: Any
    nit: int
    nfev: int
    ngev: int
    nhev: int
    evaluations: int
    success: bool
    message: str

    def __repr__(self) -> str:
        lines = [f"{name:>11}: {_shown(value)}" for name, value in vars(self).items()]
        return "\n".join(["Result", *lines])


def _shown(value: Any, most: int = 300) -> str:
    """A value on one line; the middle of a long one is left out."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"
