"""Preprocessing learns from the training part alone."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from torch.utils.data import Dataset

from ravine.data.examples import examples
from ravine.data.preprocessing import check_fills, fitted
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)
X = LUCK.normal(3, 2, size=(40, 6)).astype(np.float32)
Y = np.arange(40) % 2
PART = torch.arange(25)


class Rows(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, row):
        return torch.ones(2), 0


def test_it_is_fitted_on_what_it_is_given_and_nothing_else():
    data = examples((X, Y))
    scaler = StandardScaler()
    transform = fitted(scaler, data.subset(PART))
    expected = (X - X[:25].mean(0)) / X[:25].std(0)
    np.testing.assert_allclose(transform(data).inputs.numpy(), expected, rtol=1e-5, atol=1e-5)
    assert transform(data).targets.tolist() == Y.tolist()
    assert not hasattr(scaler, "mean_"), "the user's own transformer was fitted"


def test_images_get_their_shape_back_and_other_widths_stay_flat():
    data = examples((X.reshape(40, 1, 2, 3), Y), groups=Y)
    scaled = fitted(StandardScaler(), data)(data)
    assert scaled.inputs.shape == (40, 1, 2, 3)
    np.testing.assert_allclose(scaled.inputs.flatten(1).mean(0).numpy(), 0, atol=1e-6)
    assert scaled.groups is not None
    assert fitted(PCA(2), data)(data).inputs.shape == (40, 2)


def test_it_may_learn_from_targets_and_give_sparse_matrices():
    telling = (X[:, 0] + Y * 10).astype(np.float32)
    data = examples((np.column_stack([X, telling]), Y))
    best = fitted(SelectKBest(k=1), data)(data)
    assert best.inputs[:, 0].tolist() == telling.tolist()
    coarse = examples((Y[:, None], Y))
    assert fitted(OneHotEncoder(), coarse)(coarse).inputs.tolist() == [[1 - y, y] for y in Y]


def test_each_input_of_a_dict_has_its_own():
    data = examples({"left": X, "right": X[:, :2], "y": Y})
    only_left = fitted({"left": StandardScaler()}, data)(data)
    assert abs(float(only_left.inputs["left"].mean())) < 1e-6
    assert torch.equal(only_left.inputs["right"], data.inputs["right"])


def test_nothing_to_do_is_nothing_done():
    data = examples((X, Y))
    assert fitted(None, data)(data) is data


@pytest.mark.parametrize(
    ("preprocess", "data", "says"),
    [
        (StandardScaler(), Rows(), "needs data in memory"),
        (StandardScaler(), {"a": X, "b": X, "y": Y}, r"must be a dict by input, such as \{'a': StandardScaler\(\)\}"),
        ({"c": StandardScaler()}, {"a": X, "y": Y}, "has 'c', but the inputs are a"),
        (PCA(99), (X, Y), "preprocess can't take the train data: ValueError"),
        (FunctionTransformer(np.log), (X - X.max(), Y), "after preprocess has"),
        (FunctionTransformer(lambda x: x[:3]), (X, Y), "gives 3 rows for 40 examples"),
        ("scale", (X, Y), "preprocess can't take the train data: TypeError"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of the logarithm that the test asks for
def test_preprocessing_that_does_not_fit_is_told(preprocess, data, says):
    with pytest.raises(RavineError, match=says):
        check_fills(preprocess, examples(data))
