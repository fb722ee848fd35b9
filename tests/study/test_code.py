"""What "train this way" hands over ends in the number that the study reports: to the last bit by the plain engine."""

import contextlib
import io
import re
import shlex
import subprocess
import sys

import pytest
import torch
from torch import nn

import ravine
from ravine.cli.main import main
from ravine.data.task import Task
from ravine.recipe import Recipe
from ravine.rules import METHODS as NAMED
from ravine.rules import SGD
from ravine.schedules import cosine

from .small import blobs, study

ONE = {"settings": 1, "folds": 2, "seeds": 2, "epochs": 2, "engine": "plain"}


def reported(found) -> list[float]:
    """The test score of each refit as tuned of the winner."""
    table = found.table()
    best = found.facts["winner"]
    return list(table[(table.method == best) & (table.stage == "tuned")].sort_values("seed").score)


def executed(code: str, **left) -> dict:
    """Runs a script among some names that are there already, and gives what it leaves behind."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "train_this_way", "exec"), left)  # noqa: S102 - our own text, as a user runs it
    return left


def check_same_weights(one: nn.Module, other: nn.Module):
    weights, others = one.state_dict(), other.state_dict()
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        assert torch.equal(weight, others[name]), name


METHODS = (
    *NAMED,
    "Momentum(lr=log(0.01, 0.1), dampening=0.5)",
    "Adam(lr=log(0.003, 0.01), amsgrad=True)",
    "RMSprop(lr=log(0.003, 0.01), centered=True)",
    "Momentum(lr=linear(log(0.03, 0.1)))",
    "SGD(lr=polynomial(log(0.03, 0.1), power=2))",
    "SGD(lr=exponential(0.1, k=0.1))",
    "SGD(lr=inverse_time(0.1, k=0.1))",
    "SGD(lr=inverse_sqrt(0.1))",
    "SGD(lr=constant(0.1))",
)


@pytest.mark.parametrize("method", METHODS)
def test_the_plain_script_walks_the_same_path_for_every_rule(method, tmp_path):
    found = study(tmp_path / "s", methods=(method,), **ONE)
    codes = found.train_this_way()
    left = executed(codes["pytorch"])
    assert left["scores"] == reported(found)
    tuned = found.table().query("stage == 'tuned'")
    for seed, recipe in zip(tuned.seed, tuned.recipe, strict=True):
        check_same_weights(left["train_model"](seed), ravine.train("wine", recipe, seed=seed, engine="plain").model)


@pytest.mark.parametrize("method", NAMED)
def test_compiled_updates_end_where_the_plain_script_does_but_for_rounding(method, tmp_path):
    found = study(tmp_path / "s", methods=(method,), **(ONE | {"engine": "auto"}))
    code = found.train_this_way()["pytorch"]
    assert "in the same numbers but for rounding" in code
    left = executed(code)
    tuned = found.table().query("stage == 'tuned'")
    for seed, recipe in zip(tuned.seed, tuned.recipe, strict=True):
        ours, theirs = ravine.train("wine", recipe, seed=seed).model, left["train_model"](seed)
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("batch_size", "order"),
    [("1", "shuffled"), ("7", "stored"), ("47", "replacement"), ("'all'", "shuffled"), ("999", "stored")],
)
def test_the_plain_script_meets_the_same_batches(batch_size, order, tmp_path):
    task = blobs_file(tmp_path)  # 48 examples to train on
    recipe = f"Recipe(SGD(lr=0.1), epochs=2, batch_size={batch_size}, order='{order}')"
    found = study(tmp_path / "s", task, methods=(), recipe=recipe, **ONE)
    left = executed(found.train_this_way()["pytorch"])
    assert left["scores"] == reported(found)
    seed = left["SEEDS"][0]
    run = ravine.train(task, recipe, seed=seed, engine="plain")
    check_same_weights(left["train_model"](seed), run.model)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("wine", {}),
        ("diabetes", {"metric": "absolute_error"}),
        ("breast_cancer", {"metric": "f1"}),
        ("digits", {"metric": "log_loss", "epochs": 1, "seeds": 1}),
    ],
)
def test_the_ravine_code_gives_the_number(task, options, tmp_path):
    found = study(tmp_path / "s", task, methods=("adam",), **(ONE | options))
    assert executed(found.train_this_way()["ravine"])["scores"] == reported(found)
    assert executed(found.train_this_way()["pytorch"])["scores"] == reported(found)


def typed(found, capsys) -> str:
    """Types the command, and gives the test score that it prints."""
    comment, line = found.train_this_way()["command"].splitlines()
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(line)[1:])
    assert ended.value.code == 0
    printed = re.search(r"^test \w+ (\S+),", capsys.readouterr().out, re.MULTILINE)[1]
    assert f" {printed} on the test set" in comment
    return printed


@pytest.mark.parametrize(
    ("task", "options"), [("wine", {}), ("diabetes", {"metric": "absolute_error"}), ("wine", {"seeds": 1})]
)
def test_the_command_gives_the_number_of_its_seed(task, options, tmp_path, capsys):
    found = study(tmp_path / "s", task, methods=("adam",), **(ONE | options))
    assert typed(found, capsys) == f"{reported(found)[0]:.6g}"


def wide(width=4):
    return nn.Sequential(nn.Linear(13, width), nn.ReLU(), nn.Linear(width, 3))


TASK = """
import ravine
from ravine.ranges import choice, log
from ravine.data.find import find
from torch import nn

def wide(width=4, name="one"):
    return nn.Sequential(nn.Linear(13, width), nn.ReLU(), nn.Linear(width, 3))

wines = find("wine")
wines = ravine.Task(
    wide, wines.train, name="wines", preprocess=wines.preprocess,
    model_arguments={"width": choice((3, 6)), "name": choice(("two", "three's"))},
)
"""


def test_searched_arguments_of_the_model_go_along(tmp_path, capsys):
    path = tmp_path / "my wines.py"
    path.write_text(TASK)
    found = study(tmp_path / "s", f"{path}:wines", methods=("adam",), **ONE)
    assert typed(found, capsys) == f"{reported(found)[0]:.6g}"
    assert executed(found.train_this_way()["ravine"])["scores"] == reported(found)
    assert executed(found.train_this_way()["pytorch"])["scores"] == reported(found)


def test_a_run_that_stops_early_on_the_folds_is_refitted_for_as_long(tmp_path, capsys):
    recipe = "Recipe(Adam(lr=cosine(0.05)), batch_size=8, epochs=30, stop=early_stopping(patience=1))"
    found = study(tmp_path / "s", methods=(), recipe=recipe, **(ONE | {"epochs": None}))
    epochs = int(found.table().query("stage == 'tuned'").epochs.iloc[0])
    assert epochs < 30
    assert f"until={epochs}" in found.train_this_way()["ravine"]
    assert typed(found, capsys) == f"{reported(found)[0]:.6g}"
    assert executed(found.train_this_way()["ravine"])["scores"] == reported(found)
    assert executed(found.train_this_way()["pytorch"])["scores"] == reported(found)


RULE = """
from ravine.rules.rule import Number, Rule, field, log


class Half(Rule):
    '''Half a step.'''

    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""


def test_a_rule_of_your_own_is_named_with_its_file(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(RULE)
    found = study(tmp_path / "s", methods=(f"{path}:Half",), **ONE)
    codes = found.train_this_way()
    assert "no plain PyTorch script" in codes["pytorch"]
    assert "its rule is your own" in codes["pytorch"]
    assert typed(found, capsys) == f"{reported(found)[0]:.6g}"
    assert executed(codes["ravine"])["scores"] == reported(found)


class Quarter(SGD):
    """A quarter of a step."""

    def update(self, p, g):
        return p - self.lr / 4 * g


def test_what_no_text_finds_is_said(tmp_path):
    found = study(tmp_path / "s", blobs(), methods=(Quarter,), **ONE)
    codes = found.train_this_way()
    assert codes["command"].startswith("# There is no command line")
    assert "no plain PyTorch script" in codes["pytorch"]
    assert "`task` is the object" in codes["ravine"]
    imported = {"task": blobs(), "Quarter": Quarter, "Recipe": Recipe, "cosine": cosine}
    assert executed(codes["ravine"], **imported)["scores"] == reported(found)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (
            "Clip(Adam(lr=0.01), norm=1.0)",
            "Clip(Adam(lr=0.01), norm=1.0) cannot be written out, since it is a rule around",
        ),
        ("Muon(lr=0.1)", "its matrix products are more than its update"),
        ("Split(Muon(), AdamW(), where='matrices')", "it is a rule around others; what can be is any of SGD, Momentum"),
        ("Average(SGD(lr=0.1))", "it predicts with other weights than it moves"),
        ("Nesterov(lr=0.1, form='look-ahead')", "a step moves all parameters for its gradient"),
        ("WeightNoise(SGD(lr=0.1))", "a step moves all parameters for its gradient"),
        ("SAM(SGD(lr=0.1))", "SAM(SGD(lr=0.1)) cannot be written out, since a step takes two gradients"),
        ("Recipe(SGD(lr=0.1), on_plateau=plateau())", "what is written out has no on_plateau."),
        ("Recipe(SGD(lr=0.1), autocast=True)", "what is written out has no autocast."),
        ("SGD(lr=warmup(0.1).then(cosine(0.1)))", "its schedules are more than one formula for lr"),
        ("SGD(lr=one_cycle(0.1))", "its schedules are more than one formula for lr"),
        ("SGD(lr=0.5 * cosine(0.1))", "its schedules are more than one formula for lr"),
        ("Momentum(lr=0.1, momentum=linear(0.9))", "its schedules are more than one formula for lr"),
    ],
)
def test_where_there_is_no_plain_script_it_says_why(recipe, reason, tmp_path):
    found = study(tmp_path / "s", blobs_file(tmp_path), methods=(), recipe=recipe, **ONE)
    script = found.train_this_way()["pytorch"]
    assert reason in script
    assert all(line.startswith("#") for line in script.splitlines())
    assert executed(found.train_this_way()["ravine"])["scores"] == reported(found)


def blobs_file(folder) -> str:
    (folder / "blobs.py").write_text(
        "import torch\nfrom torch import nn\nimport ravine\n\n"
        "x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))\n"
        "task = ravine.Task(lambda: nn.Linear(3, 2, bias=False), (x, torch.arange(60) % 2))\n"
    )
    return str(folder / "blobs.py")


@pytest.mark.slow
def test_the_digits_script_stands_alone_and_prints_the_study_s_number(tmp_path):
    found = study(tmp_path / "s", "digits", methods=("adam",), **(ONE | {"epochs": 1, "seeds": 2}))
    script = found.train_this_way()["pytorch"]
    assert "ravine" not in re.sub(
        r'""".*?"""', "", script, flags=re.DOTALL
    )  # the words on top name it, no line needs it
    (tmp_path / "train.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-W", "error", "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    scores = reported(found)
    assert done.stdout.splitlines() == [
        *(f"seed {500 + k}: {score:.6g}" for k, score in enumerate(scores)), f"mean: {sum(scores) / 2:.6g}"
    ]  # fmt: skip
    assert executed(found.train_this_way()["ravine"])["scores"] == scores


def test_an_own_task_that_is_a_class_of_this_session_is_told_apart(tmp_path):
    task = Task(wide, ravine.data.find.find("wine").train, name="wine")  # the name alone makes it no ready-made one
    found = study(tmp_path / "s", task, methods=("sgd",), **ONE)
    assert found.train_this_way()["command"].startswith("# There is no command line")
