"""The network that a recipe trains, and the one that predicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from ..data.combining import combined
from ..data.model import build_model
from ..data.task import Task
from ..layers.layer import Layer


def network(task: Task, layers: Sequence[Layer], seed: int, arguments: Mapping[str, Any]) -> nn.Module:
    """Builds the network that a recipe trains: the task's, with what the recipe adds to it.

    Args:
        task: The task.
        layers: What the recipe adds, in order.
        seed: Where its weights come from.
        arguments: The arguments of the model factory.

    Returns:
        The network, on the CPU.

    Raises:
        RavineError: The factory fails, or a layer of the recipe fits nowhere.
    """
    model = build_model(task, seed, **arguments)
    for layer in layers:
        model = layer.insert(model)
    return model


class Mean(nn.Module):
    """Several networks that predict as one, by the mean of their probabilities, or of their numbers.

    Its outputs are what one network would give, so that metrics and whoever decodes outputs take them as they are.
    """

    def __init__(self, members: Sequence[nn.Module], kind: str) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.kind = kind

    @override
    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        outputs = torch.stack([member(*inputs, **named) for member in self.members])
        return combined(outputs, self.kind).to(outputs.dtype)


def predictor(
    task: Task, layers: Sequence[Layer], seed: int, arguments: Mapping[str, Any], state: Mapping[str, Tensor]
) -> nn.Module:
    """Builds the network that predicts, from its weights.

    Args:
        task: The task.
        layers: What its recipe added.
        seed: The run's seed.
        arguments: The arguments of the model factory.
        state: Its state dict: of one network, or of the `Mean` of several.

    Returns:
        The network, on the CPU, in evaluation mode.
    """
    names = {name.split(".")[1] for name in state if name.startswith("members.")}
    model = network(task, layers, seed, arguments)
    if names and not any(name.startswith("members.") for name in model.state_dict()):
        copies = [model, *(network(task, layers, seed, arguments) for _ in range(len(names) - 1))]
        model = Mean(copies, task.used_loss.kind)
    model.load_state_dict(state)
    return model.eval()
