"""What PyTorch calls Ravine's fields and slots, in the one table that both directions of a state dict go by."""

from collections.abc import Mapping
from typing import Any

FIELDS: Mapping[str, tuple[str, int | None]] = {
    "lr": ("lr", None),
    "beta1": ("betas", 0),
    "beta2": ("betas", 1),
    "eps": ("eps", None),
    "momentum": ("momentum", None),
    "dampening": ("dampening", None),
    "weight_decay": ("weight_decay", None),
    "decay_l2": ("weight_decay", None),
    "beta": ("alpha", None),
    "rho": ("rho", None),
    "lr_decay": ("lr_decay", None),
    "momentum_decay": ("momentum_decay", None),
    "steps": ("ns_steps", None),
}
"""By the name of a field, as `field_names` has it: the key in PyTorch's groups, and the place where that holds several.

`initial` is not here: PyTorch reads `initial_accumulator_value` from the optimizer alone, whatever a group says of it.
"""

SLOTS: Mapping[str, Mapping[str, str]] = {
    "SGD": {"v": "momentum_buffer"},
    "Adagrad": {"s": "sum"},
    "Adadelta": {"v": "square_avg", "u": "acc_delta"},
    "RMSprop": {"v": "square_avg", "m": "grad_avg", "u": "momentum_buffer"},
    "Adam": {"m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq"},
    "NAdam": {"m": "exp_avg", "v": "exp_avg_sq", "mu_product": "mu_product"},
    "RAdam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "Adamax": {"m": "exp_avg", "u": "exp_inf"},
    "Muon": {"m": "momentum_buffer"},
}
"""By PyTorch's optimizer and the name of a slot: its key in a parameter's state. AdamW has those of Adam."""

STEP = "step"
"""The key of a parameter's own step count, where PyTorch keeps one."""

LATE: Mapping[str, Any] = {
    "momentum": 0,
    "nesterov": False,
    "centered": False,
    "amsgrad": False,
    "decoupled_weight_decay": False,
    "maximize": False,
    "foreach": None,
    "capturable": False,
    "differentiable": False,
    "fused": None,
}
"""What older state dicts may lack, and what PyTorch takes them to mean."""
