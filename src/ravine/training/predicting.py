"""The network that predicts: as it is, with averaged weights in place, or as the mean of several."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn

from ..keep import swa
from ..optim import Optimizer
from .loop import Training
from .network import Mean
from .statistics import batch_norms, estimate_statistics


@contextmanager
def predicting(training: Training) -> Iterator[nn.Module]:
    """Gives the network that predicts, with batch-norm statistics that fit its weights.

    Averaged weights have met no batch: the running means and variances that the network keeps belong to the raw
    weights, so they are estimated again over the training data.

    Args:
        training: The training; on leaving, its model is as it was.

    Yields:
        The network of the training, for a while with the weights that predict; or the mean of those that it has kept.
    """
    model, keep, kept = training.model, training.recipe.keep, training.kept.states
    if kept and isinstance(keep, swa):
        with _in_place(model, kept[0]), _statistics(training, estimated=keep.statistics == "recomputed"):
            yield model
    elif kept:
        yield Mean([_with(model, state) for state in kept], training.task.used_loss.kind)
    elif isinstance(training.optimizer, Optimizer) and training.optimizer.rule.predicting_slot() is not None:
        with training.optimizer.predicting(), _statistics(training):
            yield model
    else:
        yield model


@contextmanager
def _in_place(model: nn.Module, state: Mapping[str, Tensor]) -> Iterator[None]:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    try:
        yield
    finally:
        model.load_state_dict(before)


def _with(model: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    member = copy.deepcopy(model)
    member.load_state_dict(state)
    return member


@contextmanager
def _statistics(training: Training, *, estimated: bool = True) -> Iterator[None]:
    """Estimates batch-norm statistics for the weights that are in place, and puts the old ones back afterwards."""
    norms = batch_norms(training.model)
    kept = [{name: buffer.clone() for name, buffer in norm.named_buffers()} for norm in norms]
    try:
        if estimated:
            estimate_statistics(training, training.change)
        yield
    finally:
        for norm, buffers in zip(norms, kept, strict=True):
            for name, buffer in norm.named_buffers():
                buffer.copy_(buffers[name])
