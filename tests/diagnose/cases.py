"""Tiny tasks for diagnostics, and what the same runs give by hand."""

import numpy as np
import torch
from torch import nn

from ravine.data.task import Task
from ravine.recipe import Recipe, read_recipe
from ravine.training.evaluate import outputs_of, values
from ravine.training.machine import one_thread
from ravine.training.predicting import predicting
from ravine.training.run import observe, run, start
from ravine.training.stage import Stage

CPU = torch.device("cpu")
SHORT = read_recipe("Recipe(Momentum(lr=0.05), epochs=3, batch_size=8)")


def blobs(count: int = 60, classes: int = 3, **options) -> Task:
    """Points around centers that overlap, on a linear network."""
    luck = torch.Generator().manual_seed(0)
    targets = torch.arange(count) % classes
    inputs = torch.randn(count, 3, generator=luck) + targets[:, None]
    given = {"model_arguments": {"in_features": 3, "out_features": classes}, "name": "blobs"}
    return Task(nn.Linear, (inputs, targets), test=(inputs[:10], targets[:10]), **(given | options))


def waves(count: int = 40, sigma: float = 0.3, seed: int = 0, **options) -> Task:
    """A sine with known noise, on a small network."""
    luck = np.random.default_rng(seed)
    x = luck.uniform(-2, 2, size=(count, 1)).astype(np.float32)
    y = np.sin(2 * x[:, 0]) + sigma * luck.normal(size=count)
    return Task(wavy, (x, y), test=(x[:10], y[:10]), name="waves", **options)


def wavy(width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))


def by_hand(stage: Stage, recipe: Recipe, seed: int):
    """A run through the loop's own functions: scores, history, and what it says."""
    with one_thread():
        training, keeper = start(stage, recipe, seed=seed, device=CPU, arguments={})
        ended = run(training, recipe.epochs, keeper, lambda t, epoch: observe(stage, t, epoch, judge=True))
        keeper.watch.take_best_back()
        with predicting(training) as model:
            said = outputs_of(stage.task, model, stage.judged)
        return values(stage.metrics, said), ended.history, said.outputs.numpy()
