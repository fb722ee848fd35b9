"""What a finished study shows of its training images."""

import numpy as np
import pytest
import torch
from torch import nn

from ravine.data.augment import flip, gaussian_noise, mixup
from ravine.data.augmentation import Augmentation
from ravine.data.task import Task
from ravine.keep import snapshots
from ravine.recipe import Recipe
from ravine.rules import SGD
from ravine.schedules import cosine
from ravine.study.study import Study

from .small import blobs, study

IMAGES = torch.linspace(-1, 3, 40 * 6 * 130).reshape(40, 1, 6, 130)


class Broken(Augmentation):
    """Fails."""

    def change(self, x, y):
        raise ValueError(f"broken by {x.shape} and {y.shape}")


class Dim(Augmentation):
    """Darkens all images of a batch alike."""

    def change(self, x, y):
        return x - 0.1 * torch.rand(()), y


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6 * 130, 2)

    def forward(self, x):
        return self.layer(x.flatten(1))


@pytest.fixture(scope="module")
def augmenting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    task = Task(Flat, (IMAGES, torch.arange(40) % 2), name="stripes")
    ways = {"none": (), "flip": (flip(chance=1.0),), "mixup": (mixup(),), "dim": (Dim(),), "broken": (Broken(),)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        made = [Recipe(SGD(lr=0.01), epochs=1, augmentation=way) for way in ways.values()]
        return dict(zip(ways, made, strict=True)), study(folder / "study", task, methods=made, settings=1, seeds=1)


def test_images_are_kept_as_they_are_and_as_training_sees_them(augmenting):
    recipes, found = augmenting
    shown = Study.load(found.folder).augmented()
    assert set(shown) == {repr(recipes[name]) for name in ("flip", "mixup", "dim")}
    said, plain, changed = shown[repr(recipes["flip"])]
    assert said == repr(flip(chance=1.0))
    assert plain.shape == changed.shape == (8, 1, 2, 44)  # every third pixel, so that none is larger than 64
    assert plain.dtype == np.uint8
    assert plain.min() >= 0
    # Stripes rise from left to right, and fall after the flip.
    assert (np.diff(plain[..., 0, :].astype(int)) >= 0).all()
    assert (plain[..., -1] > plain[..., 0]).all()
    assert (changed[..., -1] < changed[..., 0]).all()
    assert (np.diff(changed[..., 0, :].astype(int)) <= 0).all()


def test_every_image_is_of_a_step_of_its_own(augmenting):
    recipes, found = augmenting
    _, plain, changed = found.augmented()[repr(recipes["dim"])]
    darker = (plain.astype(int) - changed).reshape(8, -1)[2:]  # the first two would be darker than black
    assert (np.ptp(darker, axis=1) <= 1).all()  # one step darkens all images alike
    assert np.ptp(darker.mean(axis=1)) > 10


def test_inputs_that_are_no_images_are_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))
    noisy = Recipe(SGD(lr=0.01), epochs=1, augmentation=(gaussian_noise(std=0.1),))
    assert study(tmp_path / "study", methods=[noisy], settings=1, seeds=1).augmented() == {}


def test_networks_and_parameters_of_what_predicts_are_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))
    one, three = Recipe(SGD(lr=0.01), epochs=3), Recipe(SGD(lr=0.01), epochs=3, keep=snapshots(3))
    found = study(tmp_path / "study", blobs(), methods=[one, three], settings=1, seeds=1).inference()
    assert found == {  # three inputs and a bias for each of two classes
        repr(one): {"networks": 1, "parameters": 8}, repr(three): {"networks": 3, "parameters": 8},
    }  # fmt: skip


def test_the_schedule_of_a_run_that_keeps_networks_is_the_one_it_followed(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))
    plain, cycles = Recipe(SGD(lr=cosine(0.1)), epochs=4), Recipe(SGD(lr=cosine(0.1)), epochs=4, keep=snapshots(2))
    shown = study(tmp_path / "s", blobs(), methods=[plain, cycles], settings=1, seeds=1, epochs=4).schedules()
    once, twice = shown[repr(plain)], shown[repr(cycles)]
    assert once.tolist() == sorted(once, reverse=True)
    assert twice[100] == twice[0] == once[0] == 0.1
    assert twice[99] <= 0.05
