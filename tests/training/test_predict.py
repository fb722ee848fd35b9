"""`ravine.predict`: what a run says of new data is what it said itself, in the user's own words."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from ravine.data.find import find
from ravine.data.folds import split_test
from ravine.data.preprocessing import fitted
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.recipe import Recipe
from ravine.rules import Adam, Average
from ravine.training.folder import CARD, WEIGHTS
from ravine.training.predict import predict
from ravine.training.train import train

from .cases import NUMBERS, X, dataset, dense, dicts, labels

RECIPE = Recipe(Adam(lr=0.03), batch_size=8, epochs=3)
WORDS = np.array(["bad", "good", "so-so"])[np.arange(50) % 3]
FRAME = pd.DataFrame(100 + 10 * X[:, :3], columns=["age", "height", "size"]).assign(
    color=np.array(["red", "blue"])[np.arange(50) % 2], verdict=WORDS
)


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".npz":
        inputs = frame.drop(columns=["target"], errors="ignore").to_numpy(dtype=np.float32)
        np.savez(path, inputs=inputs, **({"target": frame["target"].to_numpy()} if "target" in frame else {}))
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def table_run(tmp_path_factory):
    """A run on a CSV file of numbers, colors and words, found again by its text."""
    folder = tmp_path_factory.mktemp("table")
    source = f"{write(FRAME, folder / 'train.csv')}:verdict"
    run = train(source, RECIPE, out=folder / "run")
    return folder, run, find(source)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("target", [True, False])
def test_a_file_is_read_as_the_training_file_was(table_run, suffix, target, tmp_path):
    folder, _, task = table_run
    frame = FRAME if target else FRAME.drop(columns="verdict")
    found = predict(folder / "run", write(frame, tmp_path / f"new{suffix}"))
    assert task.training_data.inputs.shape == (50, 5)  # a column for each color
    assert found.values.shape == (50,)
    assert set(found.values) <= {"bad", "good", "so-so"}
    assert found.classes == ("bad", "good", "so-so")
    table = found.table()
    assert list(table.columns) == ["prediction", "p(bad)", "p(good)", "p(so-so)"]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1.0, atol=1e-6)
    assert (table.columns[1:][table.iloc[:, 1:].to_numpy().argmax(1)] == "p(" + table["prediction"] + ")").all()


def test_outputs_are_the_runs_own(table_run):
    folder, run, task = table_run
    learned, held = split_test(task, 0)
    inputs = fitted(task.preprocess, learned)(held).inputs
    with torch.no_grad():
        own = run.model(inputs)
    rows = [task.training_data.inputs.tolist().index(row) for row in held.inputs.tolist()]
    found = predict(folder / "run", FRAME.iloc[rows])
    torch.testing.assert_close(found.outputs, own, rtol=1e-5, atol=1e-6)
    hits = (found.values == FRAME["verdict"].to_numpy()[rows]).mean()
    assert hits == pytest.approx(run.score)


@pytest.mark.parametrize("target", [True, False])
def test_arrays_in_a_file_and_at_hand(tmp_path, target):
    frame = pd.DataFrame(X).assign(target=NUMBERS)
    source = write(frame, tmp_path / "train.npz")
    run = train(str(source), RECIPE, out=tmp_path / "run")
    new = frame if target else frame.drop(columns="target")
    from_file = predict(tmp_path / "run", write(new, tmp_path / "new.npz"))
    at_hand = predict(tmp_path / "run", (X, NUMBERS) if target else X)
    assert torch.equal(from_file.outputs, at_hand.outputs)
    assert from_file.values.shape == (50,)
    assert from_file.probabilities is None
    assert list(from_file.table().columns) == ["prediction"]
    # In the target's own unit: the same squared error as the run's proper score, on the same examples.
    task = find(str(source))
    coding = task.training_data.coding
    whole = (((from_file.values - NUMBERS) / coding.scale) ** 2).mean()
    variance = split_test(task, 0)[0].targets.double().var(correction=0).item()
    parts = run.proper * 10 + (1 - run.train_score) * variance * 40  # the training score is R2
    assert whole == pytest.approx(parts / 50, rel=1e-4)


@pytest.mark.parametrize("rule", [Adam(lr=0.03), Average(Adam(lr=0.03))])
def test_a_task_at_hand_predicts_with_preprocessing_and_averages(tmp_path, rule):
    task = labels(train=(100 + 5 * X, WORDS), test=(100 + 5 * X[:9], WORDS[:9]), preprocess=StandardScaler())
    run = train(task, Recipe(rule, batch_size=8, epochs=2), out=tmp_path)
    found = predict(tmp_path, 100 + 5 * X[:9], task=task)
    scaled = torch.from_numpy(StandardScaler().fit(100 + 5 * X).transform(100 + 5 * X[:9])).float()
    with torch.no_grad():
        own = run.model(scaled)
    torch.testing.assert_close(found.outputs, own, rtol=1e-5, atol=1e-5)
    assert (found.values == WORDS[:9]).mean() == pytest.approx(run.score)
    np.testing.assert_allclose(found.probabilities, own.softmax(1).numpy(), atol=1e-5)


@pytest.mark.parametrize("target", [True, False])
def test_dicts(tmp_path, target):
    task = dicts()
    run = train(task, RECIPE, out=tmp_path)
    left, right = torch.from_numpy(X[:, :1]), torch.from_numpy(X[:, 1:])
    new = {"left": left, "right": right, **({"target": NUMBERS} if target else {})}
    with torch.no_grad():
        own = run.model(left, right)
    torch.testing.assert_close(predict(tmp_path, new, task=task).outputs, own)


def test_a_dataset_and_dense_outputs(tmp_path):
    task = dataset()
    run = train(task, RECIPE, out=tmp_path / "rows")
    with torch.no_grad():
        own = run.model(torch.from_numpy(X[:30]))
    torch.testing.assert_close(predict(tmp_path / "rows", X[:30], task=task).outputs, own)

    task = dense()
    train(task, RECIPE, out=tmp_path / "dense")
    found = predict(tmp_path / "dense", task.training_data.inputs, task=task)
    assert found.values.shape == (20, 4, 4)
    assert found.probabilities is None
    assert sentence(found.table) == "dense predictions make no table: take .values or .outputs."


def test_two_classes_by_one_score(tmp_path):
    words = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
    task = Task(lambda: nn.Linear(4, 1), (X, words), loss="binary_cross_entropy")
    train(task, RECIPE, out=tmp_path)
    found = predict(tmp_path, X, task=task)
    np.testing.assert_allclose(found.probabilities[:, 1], found.outputs.squeeze(1).sigmoid())
    assert (found.values == np.array(["no", "yes"])[(found.probabilities[:, 1] > 0.5).astype(int)]).all()
    assert list(found.table().columns) == ["prediction", "p(no)", "p(yes)"]


# Mistakes.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.drop(columns="height"), "'height'"),
        (lambda frame: frame.assign(color="green"), "column 'color' holds 'green', which the training data don't have"),
        (lambda frame: frame.assign(verdict="best"), "has the label 'best', which the training data don't have"),
        (lambda frame: frame.assign(age=np.nan), "inputs after preprocess has nan in row 0, column 0"),
        (lambda frame: frame.assign(age="old"), "column 'age' must hold numbers, got 'old'"),
    ],
)
def test_a_file_that_does_not_fit_is_told_in_one_line(table_run, change, told, tmp_path):
    folder, _, _ = table_run
    path = write(change(FRAME), tmp_path / "new.csv")
    assert told in sentence(lambda: predict(folder / "run", path))


def test_a_folder_that_is_none_or_has_not_ended_is_told(table_run, tmp_path):
    folder, _, _ = table_run
    assert sentence(lambda: predict(tmp_path, X)).startswith(f"there is no run in {str(tmp_path)!r}")
    (tmp_path / CARD).write_text((folder / "run" / CARD).read_text())
    assert sentence(lambda: predict(tmp_path, FRAME)).startswith(f"the run in {str(tmp_path)!r} has not ended: ")
    assert "there is no file 'nowhere.csv'" in sentence(lambda: predict(folder / "run", "nowhere.csv"))
    (tmp_path / WEIGHTS).write_bytes(b"garbage")
    assert "cannot be read: it is damaged" in sentence(lambda: predict(tmp_path, FRAME))


def test_a_task_that_no_text_finds_must_be_given(tmp_path):
    train(labels(), RECIPE, out=tmp_path)
    assert json.loads((tmp_path / CARD).read_text())["task"] is None
    told = sentence(lambda: predict(tmp_path, X))
    assert told.endswith("is of a task that no text finds: give it, as in predict(..., task=task).")


def test_data_that_have_changed_since_are_told(tmp_path):
    source = write(FRAME, tmp_path / "train.csv")
    train(f"{source}:verdict", RECIPE, out=tmp_path / "run")
    write(FRAME.iloc[:40], source)
    told = sentence(lambda: predict(tmp_path / "run", FRAME))
    assert told == f"the data of the task have changed since the run in {str(tmp_path / 'run')!r} was trained."
