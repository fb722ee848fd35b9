"""Studies whose every number is made up by a rule that stands here, so that tests can say what a report must show.

A method has a best lr and a floor that its error falls to; away from that lr its error rises like a parabola in
log lr, far above it runs diverge. Every number derives from `default_rng(seed)`.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from latex2mathml.converter import convert


class Truth(NamedTuple):
    """What is true of a method: its name, where it is searched, its best lr, how picky it is, the error it reaches."""

    name: str
    low: float
    high: float
    best: float
    pickiness: float
    floor: float
    default: float
    limit: float = math.inf
    slots: int = 1


EIGHT = (
    Truth("sgd", 1e-3, 1.0, 0.3, 0.9, 0.0175, 0.01),
    Truth("momentum", 1e-4, 1.0, 0.05, 0.55, 0.0128, 0.01, limit=0.6),
    Truth("nesterov", 1e-4, 1.0, 0.05, 0.5, 0.0120, 0.01, limit=0.7),
    Truth("adagrad", 1e-3, 1.0, 0.03, 0.5, 0.0160, 0.01),
    Truth("adadelta", 1e-2, 10.0, 1.0, 0.35, 0.0190, 1.0, slots=2),
    Truth("rmsprop", 1e-5, 1e-1, 1.5e-3, 0.6, 0.0150, 0.01, limit=0.05),
    Truth("adam", 1e-4, 1e-1, 4e-3, 0.5, 0.0125, 1e-3, slots=2),
    Truth("adamw", 1e-4, 1e-1, 4e-3, 0.5, 0.0125, 1e-3, slots=2),
)
HOSTILE = Truth("<script>alert(1)</script>", 1e-3, 10.0, 0.02, 1.2, 0.030, 0.1, limit=0.15)
YOURS = Truth("yours", math.nan, math.nan, 2e-3, 0.5, 0.0180, 2e-3)


@dataclass(frozen=True)
class Size:
    """How large a made-up study is, and what it measures."""

    settings: int = 8
    folds: int = 3
    seeds: int = 5
    epochs: int = 15
    examples: int = 360
    train: int = 1437
    batch: int = 64
    seed: int = 0
    finished: bool = True
    metric: str = "accuracy"
    higher: bool = True
    proper: str = "log_loss"


def lrs(truth: Truth, count: int) -> list[float]:
    """The settings of a method, evenly spread over its range and shuffled; its default where it has none."""
    if math.isnan(truth.low):
        return [truth.default]
    places = (np.arange(count) + 0.5) / count
    order = np.random.default_rng(7).permutation(count)
    return [float(lr) for lr in truth.low * (truth.high / truth.low) ** places[order]]


def end_error(truth: Truth, lr: float) -> float:
    """The error after all epochs: a parabola in log lr above the floor, at most chance."""
    return min(0.9, truth.floor * 10 ** (truth.pickiness * math.log10(lr / truth.best) ** 2))


def errors(truth: Truth, lr: float, size: Size, noise: np.random.Generator) -> np.ndarray:
    """The error after each epoch: from chance down to its end, with a little noise that dies away under cosine."""
    t = np.arange(1, size.epochs + 1)
    end = end_error(truth, lr) * np.exp(0.12 * noise.standard_normal())
    path = end + (0.9 - end) * np.exp(-t / (0.8 + 2.0 * truth.pickiness))
    wobble = np.exp(0.25 * np.cos(np.pi * t / (2 * size.epochs)) * noise.standard_normal(size.epochs))
    return np.minimum(0.9, path * wobble)


def scored(error: np.ndarray, size: Size) -> np.ndarray:
    """What the metric makes of an error: a share of right answers, R2, or an error itself."""
    if not size.higher:
        return 40.0 * error
    if size.metric == "accuracy":
        return 1 - np.round(error * size.examples) / size.examples
    return 1 - 6.0 * error


def properly(error: np.ndarray, size: Size) -> np.ndarray:
    """What the proper score makes of an error."""
    return 3.2 * error + 0.01 if size.proper == "log_loss" else 900.0 * error


def one_run(truth: Truth, stage: str, setting: int, lr: float, fold: int, seed: int, size: Size) -> dict[str, Any]:
    """One run from beginning to end: its row of the table, and under "path" its rows of curves."""
    noise = np.random.default_rng([size.seed, sum(map(ord, truth.name[:4])), setting + 1, fold + 1, seed])
    examples = size.train if fold < 0 else size.train * (size.folds - 1) // max(size.folds, 2)
    # One refit of a method with a limit that is near its best lr diverges.
    unlucky = stage == "tuned" and seed == 2 and truth.limit < 10 * truth.best
    diverged = lr > truth.limit or unlucky
    error = errors(truth, lr, size, noise)
    train = 0.5 * error * (1 + 0.1 * noise.standard_normal())
    epochs = 2 if diverged else size.epochs
    t = np.arange(1, epochs + 1)
    held = np.full(epochs, 0.9) if diverged else error
    path = {
        "epoch": t,
        "evaluations": t * examples,
        "train_loss": properly(1.2 * held, size),
        "train_score": scored(0.5 * held, size),
        "train_proper": properly(0.5 * held, size),
        "score": scored(held, size) if fold >= 0 else np.full(epochs, np.nan),
        "proper": properly(held, size) if fold >= 0 else np.full(epochs, np.nan),
        "lr": lr * 0.5 * (1 + np.cos(np.pi * (t - 0.5) / size.epochs)),
    }
    last = 0.9 if diverged else float(error[-1])
    return {
        "method": truth.name, "stage": stage, "setting": setting, "lr": lr if stage != "default" else np.nan,
        "recipe": f"Recipe({truth.name.title()}(lr=cosine({lr:.3g})))",
        "fold": fold, "seed": seed, "epochs": epochs,
        "outcome": "diverged" if diverged else "finished",
        "sentence": "The loss was not finite in epoch 3." if diverged else f"Ran for {epochs} epochs.",
        "rung": 0 if diverged else 2, "kept": not diverged, "loser": False,
        "score": float(scored(np.array(last), size)), "proper": float(properly(np.array(last), size)),
        "train_score": float(scored(np.array(float(train[-1])), size)),
        "train_proper": float(properly(np.array(float(train[-1])), size)),
        "averaged_score": float(scored(np.array(last), size)), "averaged_proper": float(properly(np.array(last), size)),
        "evaluations": epochs * examples, "steps": epochs * -(-examples // size.batch), "seconds": 0.09 * epochs,
        "path": path,
    }  # fmt: skip


def halve(runs: list[dict[str, Any]], size: Size) -> list[dict[str, Any]]:
    """Stops half of the settings at a quarter of the epochs, and half of the rest at a half; one loser goes on."""
    scores: dict[int, float] = {}
    for run in runs:
        scores[run["setting"]] = scores.get(run["setting"], 0.0) + run["score"] * (1 if size.higher else -1)
    ranked = sorted(scores, key=lambda setting: -scores[setting])
    quarter, half = len(ranked) // 2, len(ranked) // 4
    loser = ranked[-1] if len(ranked) > 1 else None
    for run in runs:
        place = ranked.index(run["setting"])
        rung = 2 if place < max(half, 1) else 1 if place < max(quarter, 1) else 0
        run["loser"] = run["setting"] == loser
        if run["outcome"] == "finished" and rung < 2 and not run["loser"]:
            stop(run, rung, size)
    return runs


def stop(run: dict[str, Any], rung: int, size: Size) -> None:
    """Cuts a run off where halving does."""
    epochs = max(1, size.epochs * (rung + 1) // 4)
    path = {name: values[:epochs] for name, values in run["path"].items()}
    run |= {"outcome": "stopped", "sentence": "Stopped by halving.", "rung": rung, "kept": False, "epochs": epochs}
    run |= {"path": path, "evaluations": int(path["evaluations"][-1]), "steps": run["steps"] * epochs // size.epochs}
    for name in ("score", "proper"):
        run |= {name: float(path[name][-1]), f"averaged_{name}": float(path[name][-1])}


def best_setting(runs: list[dict[str, Any]], size: Size) -> int:
    """The setting with the best mean score over folds among those that ran to the end."""
    table = pd.DataFrame([run for run in runs if run["rung"] == 2 or len(runs) == 1])
    means = table.groupby("setting")["score"].mean()
    return int(means.idxmax() if size.higher else means.idxmin())


def all_runs(truths: tuple[Truth, ...], size: Size) -> list[dict[str, Any]]:
    """Every run of a study: search, textbook defaults, refits."""
    runs: list[dict[str, Any]] = []
    for truth in truths:
        values = lrs(truth, size.settings)
        search = [
            one_run(truth, "search", setting, lr, fold, 0, size)
            for setting, lr in enumerate(values)
            for fold in range(size.folds)
        ]
        runs += halve(search, size)
        if not size.finished:
            continue
        chosen = best_setting(search, size)
        for seed in range(1, size.seeds + 1):
            runs.append(one_run(truth, "default", -1, truth.default, -1, seed, size))
            runs.append(one_run(truth, "tuned", chosen, values[chosen], -1, seed, size))
    return runs


def per_example(runs: list[dict[str, Any]], stage: str, method: str, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Metric and proper score of every test example in every refit; hard examples are hard for all.

    Each run's mean is the score in its row.
    """
    mine = [run for run in runs if run["stage"] == stage and run["method"] == method]
    hardness = np.random.default_rng(3).permutation(size.examples)
    ranks = (hardness + 0.5) / size.examples
    losses = -np.log(1 - ranks) / -np.log(1 - ranks).mean()
    scores = []
    for run in mine:
        if size.metric == "accuracy":
            scores.append((hardness < round(run["score"] * size.examples)).astype(np.float64))
        else:
            seeds = [run["seed"], run["setting"] + 1, sum(map(ord, method))]
            noise = np.random.default_rng(seeds).standard_normal(size.examples)
            scores.append(run["score"] + 0.2 * (noise - noise.mean()))
    return np.array(scores), np.array([run["proper"] * losses for run in mine])


CLASSES = 4


def truly(size: Size) -> np.ndarray:
    """What is true of the test examples: a class, or a number."""
    luck = np.random.default_rng(11)
    classes = luck.integers(0, CLASSES, size.examples)
    return classes if size.metric == "accuracy" else luck.standard_normal(size.examples).astype(np.float32)


def answers(runs: list[dict[str, Any]], method: str, size: Size) -> np.ndarray:
    """What a method's refits that did not diverge say of the test examples: logits as right as they are, or numbers."""
    mine = [run for run in runs if run["stage"] == "tuned" and run["method"] == method]
    scores, _ = per_example(runs, "tuned", method, size)
    true = truly(size)
    said = []
    for run, score in zip(mine, scores, strict=True):
        luck = np.random.default_rng([run["seed"], sum(map(ord, method))])
        if size.metric != "accuracy":
            said.append(true + 0.2 * luck.standard_normal(size.examples))
            continue
        named = np.where(score > 0.5, true, (true + luck.integers(1, CLASSES, size.examples)) % CLASSES)
        said.append(
            luck.uniform(0, 1, (size.examples, CLASSES))
            + luck.uniform(1, 5, (size.examples, 1)) * np.eye(CLASSES)[named]
        )
    kept = [one for one, run in zip(said, mine, strict=True) if run["outcome"] == "finished"]
    return np.array(kept, dtype=np.float32)


def equation(truth: Truth) -> str:
    """The equations of a method, as a browser draws them."""
    if truth.slots == 2:
        top, bottom = r"m / (1 - \beta_1^t)", r"\sqrt{v / (1 - \beta_2^t)} + \epsilon"
        return convert(rf"p \leftarrow p - \mathrm{{lr}} \frac{{{top}}}{{{bottom}}}", display="block")
    return convert(r"v \leftarrow \rho v + g \quad p \leftarrow p - \mathrm{lr} \, v", display="block")
