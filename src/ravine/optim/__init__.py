"""Rules with the face of `torch.optim.Optimizer`: any rule, and drop-ins for those that PyTorch has too.

`Optimizer(params, rule)` steps by any rule, its fields under Ravine's names in the groups. `SGD`, `Adagrad`,
`Adadelta`, `RMSprop`, `Adam`, `AdamW`, `NAdam`, `RAdam`, `Adamax` and `Muon` take the arguments of `torch.optim`, raise
its errors and keep its groups and states: they stand in its place in a program, and state dicts go both ways, at any
step.

`LBFGS` (with PyTorch's arguments), `BFGS` and `NewtonCG` need the loss as a function: each `step(closure)` searches.
`Minimizer(params, descent, search)` does so by any pair of `ravine.minimize`.

**Under `torch.compile` the graph breaks at a step**: the step is called as it is, not traced, because its engine has
compiled it once for all models. What stands before and behind it in the compiled function is compiled as ever, but with
`fullgraph=True` the compiler refuses.

PyTorch's own schedulers move a drop-in's numbers, and those fields of an `Optimizer` that hold no schedule.
"""

from ..rules import field_names
from .adams import Adam, Adamax, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .decay_groups import decay_groups
from .lbfgs import BFGS, LBFGS, NewtonCG
from .minimizer import Minimizer
from .momentum import SGD, Muon
from .optimizer import Optimizer
from .repeatable import repeatable

__all__ = [
    "BFGS",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Minimizer",
    "Muon",
    "NAdam",
    "NewtonCG",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "decay_groups",
    "field_names",
    "repeatable",
]
