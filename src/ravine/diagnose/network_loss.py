"""The loss of a network over all training data as a function of its weights, for looking at its curvature."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree
from typing_extensions import override

from ..data.find import find
from ..data.model import check_model
from ..data.task import Task
from ..errors import RavineError
from ..minimize.objective import Objective, Product
from ..minimize.structure import PRECISIONS, Structure, read_start
from ..training.stage import whole_stage
from .classification import Classification
from .critical import classify_objective
from .how import How, check_whole


class NetworkLoss(Objective):
    """The mean loss of a network over all training data; every evaluation goes over all of them, batch by batch.

    The network is a copy in evaluation mode: dropout is off, and batch norm uses its running statistics, as constants.
    Memory is that of one batch, whatever the number of examples.
    """

    second_order = True

    def __init__(self, task: Task, model: nn.Module, batch_size: int, dtype: torch.dtype | None) -> None:
        super().__init__()
        self.task = task
        self.model = copy.deepcopy(model).eval()
        for module in self.model.modules():
            if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
                module.sparse = False  # the curvature joins what all weights do
        if dtype is not None:
            self.model = self.model.to(dtype)
        self.weights = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        if not self.weights:
            raise RavineError("classify_network(task, model): the model has no weights that are trained.")
        first = next(iter(self.weights.values()))
        if first.dtype not in PRECISIONS:
            raise RavineError(
                f"classify_network(dtype=None): the network's own is {first.dtype}, whose rounding hides curvature: "
                "leave dtype=torch.float64."
            )
        self.examples = whole_stage(task, torch.device("cpu")).train.to(first.device)
        self.plan = torch.arange(len(self.examples)).split(batch_size)
        self.start, self.structure = _read(self.weights, first)
        some = self.examples.batch(torch.arange(min(8, len(self.examples))))
        with torch.enable_grad():
            check_model(task, self.model, pytree.tree_map(self._cast, some))

    def _losses(self, x: Tensor) -> Iterator[Tensor]:
        """Puts weights in place, and yields the loss of each batch, by its share of the examples."""
        with torch.no_grad():
            for name, piece in self.structure.tensors(x).items():
                self.weights[name].copy_(piece)
        for indices, batch in zip(self.plan, self.examples.batches(self.plan), strict=True):
            # Fused attention has no second derivative, its plain form has.
            with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
                loss = self.task.compute(self.model, pytree.tree_map(self._cast, batch))[0]
                yield loss.reshape(()) * (len(indices) / len(self.examples))

    def _cast(self, given: Any) -> Any:
        return given.to(self.start.dtype) if isinstance(given, Tensor) and given.is_floating_point() else given

    @override
    def _value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]:
        value, total = 0.0, torch.zeros_like(x)
        for loss in self._losses(x):
            total += self._flat(self._gradients(loss, create_graph=False))
            value += float(loss.detach())
        return value, total

    @override
    def _products(self, x: Tensor) -> Product:
        def product(v: Tensor) -> Tensor:
            pieces, total = list(self.structure.tensors(v).values()), torch.zeros_like(v)
            for loss in self._losses(x):
                gradients = self._gradients(loss, create_graph=True)
                slope = sum((g * piece).sum() for g, piece in zip(gradients, pieces, strict=True))
                if isinstance(slope, Tensor) and slope.requires_grad:
                    total += self._flat(self._gradients(slope, create_graph=False))
            return total

        return product

    def _gradients(self, of: Tensor, *, create_graph: bool) -> tuple[Tensor, ...]:
        weights = list(self.weights.values())
        return torch.autograd.grad(of, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True)

    def _flat(self, pieces: tuple[Tensor, ...]) -> Tensor:
        return self.structure.flat(dict(zip(self.weights, pieces, strict=True)))


def _read(weights: dict[str, nn.Parameter], first: Tensor) -> tuple[Tensor, Structure]:
    return read_start({name: p.detach() for name, p in weights.items()}, first.dtype)


def classify_network(
    task: Task | str,
    model: nn.Module,
    *,
    batch_size: int = 512,
    dtype: torch.dtype | None = torch.float64,
    radius: float | None = None,
    tolerance: float = 1e-4,
    directions: int = 16,
    dense_up_to: int = 2000,
    count: int = 6,
    most: int = 24,
    seed: int = 0,
) -> Classification:
    """Tells what kind of point the weights of a network are, of the task's loss over all its training data.

    The loss is the task's own, without what a recipe adds: penalties, weight decay, augmentation. The network is
    looked at in evaluation mode: dropout is off, and batch norm uses its running statistics as constants, so that its
    critical points are not those of the loss that was trained on. The network itself is left as it is.

    Args:
        task: The task, or its name.
        model: A network of it, as `ravine.train(...).model`.
        batch_size: How many examples are differentiated at once; the loss is taken for a mean over examples.
        dtype: What everything is worked out in; None for the network's own, in which a small eigenvalue's sign is
            less sure.
        radius: How near is near, in units of the weights; see `classify`.
        tolerance: How exactly the weights must be a critical point, as a share of the radius.
        directions: The number of random directions in which the quadratic is compared with the loss.
        dense_up_to: Up to how many weights all eigenvalues are worked out.
        count: How many eigenvalues are found at each end, where there are more weights.
        most: How many at the low end at most, where all of the first are negative.
        seed: Draws the directions, and what Lanczos' method starts from.

    Returns:
        What was found; `x` and `escape` are dicts from a weight's name to its tensor.

    Raises:
        RavineError: The model is no network of the task, or its loss is not finite, is random in evaluation mode, or
            has no second derivatives.
    """
    check_whole("classify_network", "batch_size", batch_size, 1)
    if dtype not in (None, *PRECISIONS):
        raise RavineError(
            f"classify_network(dtype={dtype!r}): dtype must be torch.float64, torch.float32, or None for the network's."
        )
    if not isinstance(model, nn.Module):
        raise RavineError(
            f"classify_network(task, model): model must be a network, as train(...).model, got {_kind(model)}."
        )
    how = How(radius, tolerance, directions, dense_up_to, count, most, seed)
    loss = NetworkLoss(_found(task), model, batch_size, dtype)
    first, again = (loss.value_and_gradient(loss.start)[0] for _ in range(2))
    slack = 100 * torch.finfo(loss.start.dtype).eps * abs(first)  # a GPU adds in another order each time
    if math.isfinite(first) and abs(first - again) > slack:
        raise RavineError(
            f"classify_network(task, model): the loss is {first:g} once and {again:g} another time, in evaluation "
            "mode: switch off what is random in the model or the task's step."
        )
    return classify_objective(loss, loss.start, loss.structure, how, _notes(loss.model))


def _found(task: Any) -> Task:
    if isinstance(task, str):
        return find(task)
    if not isinstance(task, Task):
        raise RavineError(f"classify_network(task, model): task must be a task or the name of one, got {_kind(task)}.")
    return task


def _kind(given: Any) -> str:
    if given is None:
        return "None"
    return f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"


def _notes(model: nn.Module) -> tuple[str, ...]:
    if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules()):
        return ("Batch norm used its running statistics, as constants; in training they move with the weights.",)
    return ()
