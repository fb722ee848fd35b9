"""The data of a run: one test set for all, folds that never see it, preprocessing that learns from neither."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from ravine.data.task import Task
from ravine.training.stage import fold_stage, whole_stage

from .cases import CPU, LABELS, X, labels

SHIFTED = 100 + 5 * X


def linear():
    return nn.Linear(4, 3)


def rows(examples):
    return {tuple(row) for row in examples.inputs.tolist()}


def test_the_test_set_is_the_same_whatever_the_seed():
    task = Task(linear, (X, LABELS))
    stages = [whole_stage(task, CPU, seed) for seed in (0, 1)]
    assert torch.equal(stages[0].judged.inputs, stages[1].judged.inputs)
    assert (len(stages[0].train), len(stages[0].judged)) == (40, 10)
    assert rows(stages[0].train).isdisjoint(rows(stages[0].judged))
    assert not torch.equal(stages[0].sample.inputs, stages[1].sample.inputs)


def test_folds_part_the_training_data_and_leave_the_test_set_alone():
    task = Task(linear, (X, LABELS))
    whole = whole_stage(task, CPU)
    folds = [fold_stage(task, CPU, fold, count=4, seed=3) for fold in range(4)]
    judged = torch.cat([fold.judged.inputs for fold in folds])
    assert sorted(judged.tolist()) == sorted(whole.train.inputs.tolist())
    for fold in folds:
        assert rows(fold.train) | rows(fold.judged) == rows(whole.train)
        assert rows(fold.train).isdisjoint(rows(fold.judged))
        assert rows(whole.judged).isdisjoint(rows(fold.train) | rows(fold.judged))
    held = fold_stage(task, CPU, 0, holdout=0.25)
    assert (len(held.train), len(held.judged)) == (30, 10)


def test_preprocessing_learns_from_the_training_part_alone():
    task = Task(linear, (SHIFTED, LABELS), preprocess=StandardScaler())
    plain = Task(linear, (SHIFTED, LABELS))
    for make in (lambda task: whole_stage(task, CPU), lambda task: fold_stage(task, CPU, 1)):
        scaled, raw = make(task), make(plain)
        scaler = StandardScaler().fit(raw.train.inputs.double().numpy())
        for part in ("train", "judged"):
            wanted = scaler.transform(getattr(raw, part).inputs.double().numpy())
            np.testing.assert_allclose(getattr(scaled, part).inputs.numpy(), wanted, atol=1e-6)


@pytest.mark.parametrize("fold", [None, 0])
def test_the_sample_is_of_training_examples_as_many_as_are_judged(fold):
    stage = whole_stage(labels(), CPU) if fold is None else fold_stage(labels(), CPU, fold)
    assert rows(stage.sample) <= rows(stage.train)
    assert len(stage.sample) == min(len(stage.judged), len(stage.train))
    assert len(rows(stage.sample)) == len(stage.sample)


def test_metric_and_proper_score_are_the_tasks():
    assert [each.name for each in whole_stage(labels(metric="f1"), CPU).metrics] == ["f1", "log_loss"]
