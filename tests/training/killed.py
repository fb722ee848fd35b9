"""A program that trains in processes of its own, kills them, and takes their runs up again.

Printed as JSON: for every run, what it came to undisturbed, and what it came to killed again and again.
"""

import dataclasses
import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

sys.path.insert(0, str(Path(__file__).parent))
from cases import dataset, labels, numbers

from ravine.data.augment import gaussian_noise, mixup
from ravine.data.objectives import label_smoothing
from ravine.data.penalties import l2
from ravine.keep import snapshots, swa
from ravine.layers import dropout, thaw
from ravine.recipe import Recipe, early_stopping, gradient_norm, plateau
from ravine.rules import SAM, Adam, Average, Clip, Momentum, Nesterov, Noise, RMSprop
from ravine.schedules import cosine
from ravine.training.train import train

RUNS = {
    "early stopping": (
        labels(),
        Recipe(
            Average(Adam(lr=cosine(0.05))), batch_size=8, epochs=7,
            stop=early_stopping(patience=2, held_out=0.3), on_plateau=plateau(factor=0.5, patience=1),
        ),
    ),
    "noise": (
        labels(),
        Recipe(
            Clip(Noise(Momentum(lr=0.1)), norm=1.0), batch_size=10, epochs=6, order="replacement",
            on_plateau=plateau(factor=0.1, patience=2, smallest_change=0.5),  # more than it ever improves
        ),
    ),
    "gradient norm": (
        numbers(),
        Recipe(Nesterov(lr=0.05, form="look-ahead"), batch_size="all", epochs=40, stop=gradient_norm(below=0.3)),
    ),
    "snapshots": (labels(), Recipe(Adam(lr=0.02), batch_size=8, epochs=6, keep=snapshots(3))),
    "mean of the last": (labels(), Recipe(Momentum(lr=cosine(0.1)), batch_size=8, epochs=6, keep=swa(start=0.4))),
    "all parts": (
        labels(),
        Recipe(
            SAM(Adam(lr=0.02)), batch_size=8, epochs=5, augmentation=(gaussian_noise(0.1), mixup(0.3)),
            loss=label_smoothing(0.1), penalties=l2(1e-3), layers=(dropout(0.4), thaw(0.3)),
        ),
    ),
    "dataset": (dataset(lucky=True), Recipe(RMSprop(lr=0.01), batch_size=4, epochs=5)),
}  # fmt: skip


def result(run) -> dict:
    """All that a run came to, but for the seconds it took."""
    known = {name: value for name, value in vars(run).items() if name not in ("model", "folder", "seconds", "history")}
    digest = hashlib.sha256()
    for name, value in run.model.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    history = [dataclasses.asdict(epoch) for epoch in run.history]
    compiler = "torch._dynamo" in sys.modules
    return {**known, "history": repr(history), "weights": digest.hexdigest(), "imported a compiler": compiler}


def child(name: str, folder: Path, steps: int | None) -> int:
    """Starts a process that trains; it kills itself after some steps, or comes to the end and writes the result."""
    pid = os.fork()
    if pid:
        return pid
    try:
        if steps is not None:
            left = iter(range(steps))
            register_optimizer_step_post_hook(
                lambda *_: next(left, None) is None and os.kill(os.getpid(), signal.SIGKILL)
            )
        task, recipe = RUNS[name]
        (folder / "result").write_text(
            json.dumps(result(train(task, recipe, seed=3, out=folder, checkpoint_seconds=0)))
        )
    except Exception:  # noqa: BLE001 - whatever it is, the parent sees it, and this process must not go on
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def killed(name: str, folder: Path, luck: random.Random) -> dict:
    """Trains until the end is reached, at first through kills after a number of steps, then at moments of any kind."""
    for steps in (3, 0, 1, 7, 5):
        os.waitpid(child(name, folder, steps), 0)
    for _ in range(4):
        pid = child(name, folder, None)
        time.sleep(luck.uniform(0.02, 0.1))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return whole(name, folder)


def whole(name: str, folder: Path) -> dict:
    """Trains to the end."""
    folder.mkdir(exist_ok=True)
    _, status = os.waitpid(child(name, folder, None), 0)
    assert status == 0
    return json.loads((folder / "result").read_text())


if __name__ == "__main__":
    torch.set_num_threads(1)
    home, luck = Path(sys.argv[1]), random.Random(0)
    for name in RUNS:
        (home / name).mkdir()
        found = [name, whole(name, home / f"{name} whole"), killed(name, home / name, luck)]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
