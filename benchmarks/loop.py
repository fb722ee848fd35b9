"""The training loop beside a hand-written one, Lightning's and skorch's: time per step, and overhead per step.

Goals: at most 1.05 times the hand-written loop with the same optimizer object; overhead per step (a loop's time minus
the hand-written loop's with the same optimizer) at most a tenth of Lightning's and of skorch's.
"""

import logging
import statistics
import warnings
from collections.abc import Callable

import torch
from evidence import conditions, median_ratio, record, side_by_side
from sklearn.datasets import load_digits
from torch import Tensor, nn

from ravine import Recipe, Task
from ravine.data.examples import examples
from ravine.data.ready_made import digits_cnn
from ravine.optim import Optimizer
from ravine.rules import SGD, Adam, Rule
from ravine.training.loop import begin, epochs

BATCH, EPOCHS, ROUNDS = 64, 12, 9


def mlp() -> nn.Module:
    """Six tensors, 9 thousand parameters."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def by_hand(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """The loop that everybody writes."""
    model.train()
    for _ in range(EPOCHS):
        for indices in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[indices]), y[indices])
            loss.backward()
            optimizer.step()


def by_ravine(task: Task, rule: Rule) -> Callable[[], None]:
    """Ravine's loop, without what a study measures between epochs: the others measure nothing, either."""
    data = task.training_data

    def run() -> None:
        recipe = Recipe(rule, batch_size=BATCH, epochs=EPOCHS)
        training = begin(task, recipe, data, seed=0, device=torch.device("cpu"), arguments={})
        for _ in epochs(training, EPOCHS):
            pass

    return run


def by_lightning(factory: Callable[[], nn.Module], x: Tensor, y: Tensor) -> Callable[[], None]:
    """Trains with Lightning, everything off that can be: no logger, no checkpoint, no bar, no validation."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = factory()

        def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
            return nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.01)

    def run() -> None:
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True)
        trainer = lightning.Trainer(
            max_epochs=EPOCHS, logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, accelerator="cpu", devices=1,
        )  # fmt: skip
        trainer.fit(Module(), loader)

    return run


def by_skorch(factory: Callable[[], nn.Module], x: Tensor, y: Tensor) -> Callable[[], None]:
    """Trains with skorch, without callbacks and without a validation split."""
    from skorch import NeuralNetClassifier

    def run() -> None:
        net = NeuralNetClassifier(
            factory, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=0.01, batch_size=BATCH,
            max_epochs=EPOCHS, train_split=None, iterator_train__shuffle=True, callbacks=[], verbose=0,
            callbacks__valid_acc=None, callbacks__print_log=None, callbacks__epoch_timer=None,
            callbacks__train_loss=None, callbacks__valid_loss=None,
        )  # fmt: skip
        net.fit(x, y)

    return run


def compare(name: str, factory: Callable[[], nn.Module], x: Tensor, y: Tensor) -> list[str]:
    """Times one model and writes its lines."""
    task = Task(model=factory, train=examples((x, y)), loss="cross_entropy")
    steps = EPOCHS * (-(-len(x) // BATCH))

    def hand(make: Callable[[list[nn.Parameter]], torch.optim.Optimizer]) -> Callable[[], None]:
        def run() -> None:
            model = factory()
            by_hand(model, make(list(model.parameters())), x, y)

        return run

    contestants = {
        "by hand, Ravine's Adam": hand(lambda p: Optimizer(p, Adam())),
        "Ravine, Adam": by_ravine(task, Adam()),
        "by hand, Ravine's SGD": hand(lambda p: Optimizer(p, SGD())),
        "Ravine, SGD": by_ravine(task, SGD()),
        "by hand, torch's SGD": hand(lambda p: torch.optim.SGD(p, lr=0.01)),
        "Lightning, torch's SGD": by_lightning(factory, x, y),
        "skorch, torch's SGD": by_skorch(factory, x, y),
    }
    seconds = side_by_side(contestants, ROUNDS)

    def overhead(loop: str, beside: str) -> float:
        differences = [a - b for a, b in zip(seconds[loop], seconds[beside], strict=True)]
        return 1e6 * statistics.median(differences) / steps

    parameters = sum(p.numel() for p in factory().parameters())
    lines = [f"{name}: {parameters} parameters, {len(x)} examples, {steps} steps a round, {ROUNDS} rounds in turn"]
    for key, times in seconds.items():
        lines.append(f"  {key:<24} {1e6 * statistics.median(times) / steps:8.0f} microseconds a step")
    for rule in ("Adam", "SGD"):
        ratio = median_ratio(seconds, f"Ravine, {rule}", f"by hand, Ravine's {rule}")
        lines.append(f"  Ravine / by hand, {rule}: {ratio:.3f} (goal: at most 1.05)")
    own = overhead("Ravine, SGD", "by hand, Ravine's SGD")
    for loop in ("Lightning", "skorch"):
        theirs = overhead(f"{loop}, torch's SGD", "by hand, torch's SGD")
        goal = f"goal: at most {theirs / 10:.1f}"
        lines.append(f"  overhead a step: Ravine {own:.1f}, {loop} {theirs:.1f} microseconds; {goal}")
    return lines


def main() -> None:
    """Times both models and keeps the evidence."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # Lightning advises more data-loading workers, which in-memory data do not need
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    digits = load_digits()
    images = torch.from_numpy(digits.images / 16).float().unsqueeze(1)
    labels = torch.from_numpy(digits.target).long()
    lines = conditions("lightning", "skorch")
    lines += compare("digits CNN", digits_cnn, images, labels)
    lines += compare("9 k MLP", mlp, images.flatten(1), labels)
    record("loop", lines)


if __name__ == "__main__":
    main()
