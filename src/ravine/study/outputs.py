"""What is kept of the answers of refits to the test examples, so that a report needs neither task nor model."""

import numpy as np
from torch import nn

from ..data.measures import hits, one_score_each
from ..training.evaluate import Outputs, outputs_of
from ..training.network import Mean
from ..training.stage import Stage
from .paradox import names_classes

LARGEST = 4 * 2**20
"""Bytes of outputs that a run keeps at most: 10 000 examples with 100 classes; forty runs are then 160 MB at most."""


def certainty(here: Stage, said: Outputs) -> dict[str, np.ndarray]:
    """Tells how sure a network is of the class that it names for each example, and whether it is right.

    Args:
        here: The data.
        said: What it says of the test examples.

    Returns:
        "confidence" and "right", `[n]` each; nothing where it names no classes.
    """
    if not names_classes(here, said):
        return {}
    logits = said.outputs.double()
    several = one_score_each(logits, said.targets)
    confidence = logits.softmax(1).amax(1) if several else logits.flatten().abs().sigmoid()
    return {"confidence": confidence.float().numpy(), "right": hits(logits, said.targets).numpy() > 0.5}


def outputs_kept(said: Outputs) -> dict[str, np.ndarray]:
    """Gives the outputs themselves, and what is true, where they are not too large to keep.

    Args:
        said: What a network says of the test examples.

    Returns:
        "outputs", `[n, ...]`, and "targets", `[n, ...]`; or nothing.
    """
    outputs = said.outputs.float().numpy()
    if outputs.nbytes > LARGEST or len(outputs) != len(said.targets):
        return {}
    return {"outputs": outputs, "targets": said.targets.numpy()}


def members_of(here: Stage, model: nn.Module) -> dict[str, np.ndarray]:
    """Gives what each of several networks says that predict as one.

    Args:
        here: The data.
        model: What predicts.

    Returns:
        "members", `[m, n, ...]`; nothing of a single network, or where it is too large to keep.
    """
    if not isinstance(model, Mean):
        return {}
    found = np.stack([outputs_of(here.task, member, here.judged).outputs.float().numpy() for member in model.members])
    return {"members": found} if found.nbytes <= LARGEST else {}
