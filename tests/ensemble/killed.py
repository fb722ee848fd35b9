"""A program that trains ensembles in processes of its own, kills them, and takes them up again.

Printed as JSON: for every ensemble, the bits it came to undisturbed, and those it came to killed again and again.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from ravine.data.task import Task
from ravine.ensemble import Ensemble, bag, boost, train_ensemble

LUCK = np.random.default_rng(0)
X = LUCK.normal(size=(60, 4)).astype(np.float32)
LABELS = (X[:, 0] + 0.5 * LUCK.normal(size=60) > 0).astype(int) + (X[:, 1] > 0.5)
NUMBERS = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def network(outputs: int = 3) -> nn.Module:
    """All that could be lost of a member: dropout draws, batch normalization remembers."""
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, outputs))


labels = Task(network, (X, LABELS), test=(X[:20], LABELS[:20]))
numbers = Task(lambda: network(1), (X, NUMBERS), test=(X[:20], NUMBERS[:20]))

RECIPE = "Recipe(Adam(lr=cosine(0.02)), batch_size=20, epochs=3)"
STOPS = (
    "Recipe(Average(Momentum(lr=0.05)), batch_size=20, epochs=4, stop=early_stopping(patience=1, held_out=0.3), "
    "on_plateau=plateau(factor=0.5, patience=1))"
)
QUICK = {"engine": "plain", "checkpoint_seconds": 0}  # no compiler to load, and a checkpoint after every step
MAKE = {
    "seeds": lambda out: train_ensemble(labels, RECIPE, members=3, workers=1, out=out, **QUICK),
    "bags": lambda out: bag(labels, STOPS, members=3, workers=1, out=out, **QUICK),
    "reweighting": lambda out: boost(labels, RECIPE, members=3, out=out, **QUICK),
    "filtering": lambda out: boost(labels, RECIPE, by="filtering", out=out, **QUICK),
    "residuals": lambda out: boost(numbers, RECIPE, members=3, out=out, **QUICK),
}


def result(ensemble: Ensemble) -> dict:
    """All that an ensemble came to."""
    digest = hashlib.sha256()
    for member in ensemble.members:
        for name, value in member.state.items():
            digest.update(name.encode() + value.numpy().tobytes())
    start, weights = torch.as_tensor(ensemble.start).tolist(), ensemble.weights
    sentences = [(member.sentence, member.evaluations) for member in ensemble.members]
    return {"weights": digest.hexdigest(), "says": repr((start, weights, sentences, ensemble.notes))}


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
        (folder / "result").write_text(json.dumps(result(MAKE[name](folder))))
    except Exception:  # noqa: BLE001 - whatever it is, the parent sees it, and this process must not go on
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def killed(name: str, folder: Path, luck: random.Random) -> dict:
    """Trains until the end is reached, at first through kills after a number of steps, then at moments of any kind."""
    for steps in (2, 0, 11):
        os.waitpid(child(name, folder, steps), 0)
    for _ in range(2):
        pid = child(name, folder, None)
        time.sleep(luck.uniform(0.02, 0.15))
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
    for name in MAKE:
        (home / name).mkdir()
        found = [name, whole(name, home / f"{name} whole"), killed(name, home / name, luck)]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
