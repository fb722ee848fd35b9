"""Layers added to networks that know nothing of it, against the same networks with the layers written in by hand."""

import copy
import io
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ravine.data.ready_made import digits_cnn
from ravine.errors import RavineError
from ravine.layers import batch_norm, dropout, layer_norm

from .networks import Functional, Looping, Recurrent, Residual, Shared, two_layers


def built(factory, *parts, seed=0):
    torch.manual_seed(seed)
    model = factory()
    before = torch.random.get_rng_state()
    for part in parts:
        assert part.insert(model) is model
    assert torch.equal(before, torch.random.get_rng_state())  # what is added draws nothing
    return model


def added(model):
    """Where dropout and normalization stand, by the names of the layers."""
    kinds = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
    return [name for name, layer in model.named_modules() if isinstance(layer, kinds)]


def same_training(ours, theirs, x, tolerance=0.0):
    """Whether outputs and gradients of a training step are the same, with the same luck."""
    for model in (ours, theirs):
        torch.manual_seed(1)
        model.train()(x).square().sum().backward()
    found = dict(zip([p for _, p in theirs.named_parameters()], ours.parameters(), strict=True))
    for p, q in found.items():
        torch.testing.assert_close(q.grad, p.grad, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=tolerance, atol=tolerance)


X = torch.randn(8, 4, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("parts", "by_hand"),
    [
        ([dropout(0.3)], lambda: two_layers(before_last=nn.Dropout(0.3))),
        ([dropout(keep=0.75)], lambda: two_layers(before_last=nn.Dropout(0.25))),
        ([dropout(0.3, after="0")], lambda: two_layers(nn.Dropout(0.3))),
        ([dropout(0.3, after="Tanh")], lambda: two_layers(before_last=nn.Dropout(0.3))),
        ([batch_norm()], lambda: two_layers(nn.BatchNorm1d(6))),
        ([batch_norm(momentum=0.5, eps=0.01)], lambda: two_layers(nn.BatchNorm1d(6, momentum=0.5, eps=0.01))),
        ([layer_norm(eps=0.01)], lambda: two_layers(nn.LayerNorm(6, eps=0.01))),
        ([batch_norm(), dropout(0.3)], lambda: two_layers(nn.BatchNorm1d(6), before_last=nn.Dropout(0.3))),
        ([batch_norm(after="0"), dropout(0.3, after="0")], lambda: two_layers(nn.BatchNorm1d(6), nn.Dropout(0.3))),
        ([dropout(0.3, after="0"), batch_norm(after="0")], lambda: two_layers(nn.Dropout(0.3), nn.BatchNorm1d(6))),
    ],
)
def test_it_is_the_network_that_somebody_would_write(parts, by_hand):
    same_training(built(two_layers, *parts), built(by_hand), X)


@given(st.lists(st.sampled_from([3, 4]), min_size=2, max_size=5), st.sampled_from([dropout(0.2), batch_norm()]))
def test_every_hidden_layer_gets_one(widths, part):
    layers = [each for a, b in zip(widths, widths[1:], strict=False) for each in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*layers[:-1])
    if len(widths) == 2:
        with pytest.raises(RavineError):
            part.insert(model)
    else:
        assert len(added(part.insert(model))) == len(widths) - 2


@pytest.mark.parametrize("part", [dropout(0.2), batch_norm(), layer_norm(), dropout(0.2, after="*")])
@pytest.mark.parametrize("factory", [two_layers, Functional, Residual])
def test_what_was_there_keeps_its_name_its_weights_and_its_place(factory, part):
    before, after = built(factory), built(factory, part)
    known, found = before.state_dict(), after.state_dict()
    assert [name for name in found if name in known] == list(known)
    assert all(torch.equal(found[name], value) for name, value in known.items())
    assert [name for name, _ in after.named_modules() if name in dict(before.named_modules())] == [
        name for name, _ in before.named_modules()
    ]
    assert list(found) == list(built(factory, part, seed=3).state_dict())
    assert [*built(factory, part, seed=3).load_state_dict(found)] == [[], []]


def test_functions_are_followed_where_layers_are_none():
    assert added(built(Functional, dropout(0.2))) == ["fc2.dropout", "fc1.dropout"]
    model = built(Functional, batch_norm())
    assert added(model) == ["fc1.batch_norm", "conv.batch_norm"]
    assert isinstance(model.conv.batch_norm, nn.BatchNorm2d)
    assert model(torch.randn(2, 1, 8, 8)).shape == (2, 3)


def test_shortcuts_heads_and_norms_are_seen():
    assert added(built(Residual, batch_norm())) == [
        "stem.batch_norm", "blocks.0.norm1", "blocks.0.norm2",
        "blocks.1.conv1.batch_norm", "blocks.1.conv2.batch_norm",
    ]  # fmt: skip
    places = [name for name in added(built(Residual, dropout(0.2))) if "norm" not in name]
    hosts = ["blocks.0.conv1", "blocks.0.conv2", "blocks.1.conv1", "blocks.1.conv2", "heads.a", "heads.b"]
    assert places == [f"{host}.dropout" for host in hosts]


def test_a_layer_of_ones_own_that_normalizes_counts():
    class ScaleNorm(nn.Module):
        def forward(self, x):
            return x / x.norm(dim=1, keepdim=True)

    with pytest.raises(RavineError, match="has no hidden linear layer or convolution without a normalization"):
        batch_norm().insert(two_layers(ScaleNorm()))


class Reshaping(nn.Module):
    """Reads the shape of what is hidden, where no number of it flows: into the normalized, and into the data."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Linear(4, 6), nn.BatchNorm1d(6)
        self.beside, self.last = nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x):
        hidden = self.first(x)
        normal = self.norm(hidden).view(hidden.shape[0], hidden.size(1))
        return self.last(normal) + self.last(self.norm(self.beside(x.view(hidden.size(0), -1))))


def test_the_shape_of_an_activation_carries_nothing_of_it():
    with pytest.raises(RavineError, match="without a normalization"):
        batch_norm().insert(Reshaping())
    assert added(built(Reshaping, dropout(0.2))) == ["norm", "last.dropout"]


def test_a_layer_that_reads_the_data_too_is_no_place_for_dropout():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.tied, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.last(torch.tanh(self.tied(torch.tanh(self.tied(x)))))

    assert added(built(Tied, dropout(0.2))) == ["last.dropout"]


def test_an_activation_with_a_slope_of_its_own_is_no_layer_of_weights():
    model = built(lambda: nn.Sequential(nn.PReLU(), nn.Linear(4, 4), nn.Linear(4, 2), nn.PReLU()), dropout(0.2))
    assert added(model) == ["2.dropout"]


def test_a_pattern_stands_for_the_outermost_that_are_called():
    assert added(built(Residual, dropout(0.2, after="blocks*"))) == [
        "blocks.0.norm1", "blocks.0.norm2", "blocks.0.dropout", "blocks.1.dropout",
    ]  # fmt: skip
    assert added(built(Shared, dropout(0.2, after="*"))) == [
        f"{name}.dropout" for name in ("first", "again", "last", "act")
    ]


@pytest.mark.parametrize(("part", "kind"), [(batch_norm(), nn.BatchNorm3d), (layer_norm(), nn.GroupNorm)])
def test_convolutions_of_any_dimension_and_direction(part, kind):
    model = built(lambda: nn.Sequential(nn.ConvTranspose3d(1, 2, 2), nn.ReLU(), nn.Conv3d(2, 1, 2)), part)
    (name,) = added(model)
    assert type(model.get_submodule(name)) is kind
    assert model(torch.randn(2, 1, 3, 3, 3)).shape == (2, 1, 3, 3, 3)


def test_layer_norm_of_a_map_is_over_channels_and_places():
    model = built(lambda: nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Conv2d(3, 1, 2)), layer_norm())
    y = model[0](torch.randn(4, 1, 5, 5))
    torch.testing.assert_close(y.mean((1, 2, 3)), torch.zeros(4), rtol=0, atol=1e-6)
    torch.testing.assert_close(y.std((1, 2, 3), correction=0), torch.ones(4), rtol=1e-3, atol=0)


@pytest.mark.parametrize("after", [None, "0"])
def test_channels_are_dropped_as_a_whole_between_convolutions(after):
    def factory():
        return nn.Sequential(nn.Conv1d(1, 50, 1), nn.ReLU(), nn.Conv1d(50, 50, 1), nn.Flatten(), nn.Linear(200, 2))

    model = built(factory, dropout(0.5, channels=True, after=after)).train()
    host = model[0] if after else model[2]
    y = host.dropout(torch.ones(8, 50, 4))
    assert torch.equal(y.amin(2), y.amax(2))
    assert set(y.unique().tolist()) == {0.0, 2.0}
    if after is None:
        assert type(model[4].dropout) is nn.Dropout


def test_dropout_that_is_there_is_set_and_none_is_added():
    before, model = built(digits_cnn), built(digits_cnn, dropout(0.4))
    assert model[9].p == 0.4
    assert str(model).replace("p=0.4", "p=0.2") == str(before)
    lstm = dropout(0.3).insert(nn.Sequential(nn.LSTM(3, 3, num_layers=2, dropout=0.1), nn.Identity()))
    assert lstm[0].dropout == 0.3
    assert added(lstm) == []


def test_named_dropout_is_set_where_it_is_named():
    model = built(digits_cnn, dropout(0.4, after=("9", "0")))
    assert (model[9].p, model[0].dropout.p) == (0.4, 0.4)
    assert built(digits_cnn, dropout(0.4, after="0"))[9].p == 0.2


def test_images_stay_laid_out_as_they_were():
    model = built(digits_cnn, dropout(0.4, after="Conv2d"), layer_norm(after="0"))
    assert model[4].weight.is_contiguous(memory_format=torch.channels_last)
    assert model(torch.randn(2, 1, 8, 8)).shape == (2, 10)


def test_a_layer_of_several_outputs_has_its_first_dropped():
    model = built(Recurrent, dropout(0.5, after="lstm")).train()
    torch.manual_seed(0)
    outputs, (last, _) = model.lstm(torch.randn(3, 2, 4))
    assert 0 < int((outputs == 0).sum()) < outputs.numel()
    assert int((last == 0).sum()) == 0
    assert added(built(Recurrent, dropout(0.5))) == ["last.dropout"]


def test_behind_a_sequential_it_is_called_once():
    def nested():
        return nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 2))

    model = built(nested, dropout(0.5, after="0")).train()
    assert added(model) == ["0.dropout"]
    y = model[0](torch.ones(500, 4))
    plain = built(nested)[0](torch.ones(1, 4)).expand_as(y)
    assert set((y / plain)[plain != 0].round(decimals=4).unique().tolist()) == {0.0, 2.0}


def test_a_shared_layer_has_it_at_every_call():
    model = built(Shared, dropout(0.5, after="again")).train()
    assert added(model) == ["again.dropout"]
    calls = []
    model.again.dropout.register_forward_hook(lambda *_: calls.append(1))
    model(X)
    assert len(calls) == 2
    assert added(built(Shared, layer_norm())) == ["first.layer_norm", "again.layer_norm"]


def lazy():
    return nn.Sequential(nn.LazyConv1d(3, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5), nn.ReLU(), nn.LazyLinear(2))


@pytest.mark.parametrize("parts", [[dropout(0.5)], [batch_norm()], [dropout(0.5, after="3"), layer_norm()]])
def test_lazy_layers_learn_their_sizes_as_ever(parts):
    x, states = torch.randn(4, 2, 6, generator=torch.Generator().manual_seed(0)), []
    for each in ([], parts):
        model = built(lazy, *each)
        torch.manual_seed(3)
        model.eval()(x)
        states.append(model.state_dict())
        assert not any(nn.parameter.is_lazy(p) for p in model.parameters())
        fresh = built(lazy, *each)
        fresh.load_state_dict(model.state_dict())
        torch.testing.assert_close(fresh.eval()(x), model.eval()(x), rtol=0, atol=0)
    assert all(torch.equal(states[1][name], value) for name, value in states[0].items())


def test_hooks_of_others_still_run():
    seen = []
    model = two_layers()
    model[0].register_forward_hook(lambda _, __, y: seen.append(y.shape))
    model[0].weight.register_hook(lambda g: seen.append(g.shape))
    dropout(0.5, after="0").insert(batch_norm().insert(model))(X).sum().backward()
    assert seen == [(8, 6), (6, 4)]


def test_precision_mode_and_frozen_weights_are_kept():
    model = two_layers().double().eval()
    model[0].requires_grad_(False)
    batch_norm().insert(dropout(0.5).insert(model))
    assert {value.dtype for name, value in model.state_dict().items() if "tracked" not in name} == {torch.float64}
    assert not any(layer.training for layer in model.modules())
    assert not model[0].weight.requires_grad


@pytest.mark.parametrize("again", [
    copy.deepcopy,
    lambda model: torch.load(io.BytesIO(pickled(model)), weights_only=False),
    lambda model: torch.compile(model, backend="eager", fullgraph=True),
], ids=["copy", "pickle", "compile"])  # fmt: skip
def test_a_network_with_additions_can_be_copied_kept_and_compiled(again):
    model = built(two_layers, batch_norm(), dropout(0.5, after="1"))
    other = again(model)
    outputs = []
    for each in (model, other):
        torch.manual_seed(2)
        outputs.append(each.train()(X))
    assert torch.equal(*outputs)
    assert (outputs[0] != model.eval()(X)).any()
    if not hasattr(other, "_orig_mod"):
        with torch.no_grad():
            other[0].batch_norm.weight.fill_(2.0)
        assert model[0].batch_norm.weight[0] == 1


def pickled(model):
    file = io.BytesIO()
    torch.save(model, file)
    return file.getvalue()


def test_a_network_is_followed_without_a_trace_in_it():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)
            self.register_buffer("count", torch.tensor(0))

        def forward(self, x):
            self.count += 1
            self.seen = self.first(x) + torch.rand(4)
            return self.last(self.seen)

    model = built(Noisy, dropout(0.5))
    assert int(model.count) == 0
    assert not hasattr(model, "seen")


def test_an_encoder_of_pytorchs_drops_what_is_added_in_it():
    def encoder():
        return nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)

    model = built(lambda: nn.Sequential(encoder(), nn.Linear(4, 2)), dropout(0.5, after="0.linear1"))
    x = torch.randn(3, 5, 4)
    assert not torch.equal(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


@pytest.mark.parametrize(
    ("part", "factory", "sentence"),
    [
        (dropout(0.2, after="cnov"), Functional,
         "is called 'cnov' or is of that kind. Did you mean 'conv'? It has fc2, fc1, conv."),
        (dropout(0.2, after=("fc1", "Relu")), two_layers, "is called 'fc1' or is of that kind. It has 0, 1, 2."),
        (batch_norm(after="Conv1d"), Functional, "Did you mean 'Conv2d'?"),
        (batch_norm(after="1"), two_layers, "is called '1' or is of that kind. It has 0, 2."),
        (batch_norm(after="*"), lambda: nn.Sequential(nn.ReLU()), "It has none that fit."),
        (dropout(0.2), lambda: nn.Sequential(nn.Linear(4, 2), nn.ReLU()), "has no linear layer or convolution of"),
        (dropout(0.2), lambda: nn.Linear(4, 2), "Linear has no linear layer or convolution of hidden units."),
        (batch_norm(), lambda: two_layers(nn.LayerNorm(6)), "has no hidden linear layer or convolution without a norm"),
        (batch_norm(), digits_cnn, "has no hidden linear layer or convolution without a normalization."),
        (batch_norm(), Shared, "'again' is called at 2 places, whose statistics one layer would mix: use layer_norm()"),
        (batch_norm(after="twice"), Shared, "is called at 2 places"),
        (dropout(0.2, after="spare"), Shared, "nothing can stand behind 'spare', which the forward of Shared never"),
        (dropout(0.2), Looping, "the forward of Looping depends on the data (symbolically traced variables"),
        (batch_norm(), Looping, "name the layers that it stands behind, as in after='fc1'. It has fc1, fc2."),
        (dropout(0.2, after="blocks"), Residual, "which is never called: name what it holds, as in after='blocks.*'."),
        (dropout(0.2, channels=True), digits_cnn, "channels=True is for new ones; say by after= where they go."),
        (dropout(0.2, after="0.self_attn.out_proj"), lambda: nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8)),
         "behind '0.self_attn.out_proj', which the forward of Sequential never calls"),
    ],
)  # fmt: skip
def test_what_fits_nowhere_is_told_in_one_sentence(part, factory, sentence):
    with pytest.raises(RavineError, match=re.escape(sentence)) as told:
        part.insert(factory())
    assert "\n" not in str(told.value)
    assert repr(part) in str(told.value)


def test_where_nothing_can_be_followed_names_are_enough():
    assert added(built(Looping, batch_norm(after="fc1"), dropout(0.5, after="fc1"))) == [
        "fc1.batch_norm",
        "fc1.dropout",
    ]


def test_a_second_dropout_has_to_say_where_it_goes():
    with pytest.raises(RavineError, match="a part before it has added dropout already"):
        dropout(0.2).insert(built(two_layers, dropout(0.3, after="0")))
    assert added(built(two_layers, dropout(0.3), dropout(0.2, after="0"))) == ["0.dropout", "2.dropout"]
    thrice = [dropout(p, after="0") for p in (0.3, 0.2, 0.1)]
    assert added(built(two_layers, *thrice)) == ["0.dropout", "0.dropout_2", "0.dropout_3"]


def test_a_normalization_that_was_added_counts():
    with pytest.raises(RavineError, match="without a normalization"):
        layer_norm().insert(built(two_layers, batch_norm()))


def test_dropout_that_is_called_as_a_function_is_told():
    class Calling(Functional):
        def forward(self, x):
            return nn.functional.dropout(super().forward(x), 0.1, self.training)

    with pytest.raises(RavineError, match="Calling calls dropout as a function, whose probability is its own"):
        dropout(0.2).insert(Calling())
    assert added(built(Calling, dropout(0.2, after="fc1"))) == ["fc1.dropout"]


def test_a_sequential_with_a_forward_of_its_own_is_refused():
    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + x

    with pytest.raises(RavineError, match=re.escape("name what it holds, as in after='0.0'.")):
        dropout(0.2, after="0").insert(nn.Sequential(Own(nn.Linear(4, 4)), nn.Linear(4, 2)))


def test_what_gives_no_tensor_is_told_when_it_is_called():
    class Naming(nn.Module):
        def forward(self, x):
            return {"x": x}

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.naming, self.last = Naming(), nn.Linear(4, 2)

        def forward(self, x):
            return self.last(self.naming(x)["x"])

    model = built(Whole, dropout(0.2, after="naming"))
    with pytest.raises(RavineError, match="dropout cannot stand behind a Naming that gives a dict and no tensor"):
        model(X)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (
            (1, 4),
            "batch_norm cannot stand behind a Linear that gives the shape [1, 6] in training: Expected more than 1",
        ),
        ((3, 5, 4), "batch_norm cannot stand behind a Linear that gives the shape [3, 5, 6] in training: running_mean"),
    ],
)
def test_a_batch_of_one_and_a_sequence_are_no_batches_to_normalize(shape, sentence):
    model = built(two_layers, batch_norm()).train()
    with pytest.raises(RavineError, match=re.escape(sentence)):
        model(torch.zeros(shape))
    assert built(two_layers, layer_norm()).train()(torch.zeros(shape)).shape == (*shape[:-1], 2)
    assert model.eval()(torch.zeros(1, 4)).shape == (1, 2)


def test_the_first_argument_is_the_data_whatever_its_default():
    class Optional(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x=None):
            return self.last(self.first(x)) if x is not None else torch.zeros(2)

    assert added(built(Optional, dropout(0.2))) == ["last.dropout"]


def test_an_input_may_come_by_name():
    class ByName(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 2)

        def forward(self, x):
            return self.last(input=torch.tanh(self.first(input=x)))

    same_training(built(ByName, dropout(0.3)), built(lambda: two_layers(before_last=nn.Dropout(0.3))), X)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (dropout, "dropout(): give either drop, such as drop=0.2, or keep, such as keep=0.8."),
        (lambda: dropout(0.2, keep=0.8), "dropout(drop=0.2, keep=0.8): give either drop"),
        (lambda: dropout(1.0), "dropout(drop=1.0): drop must be in [0, 1), got 1.0"),
        (lambda: dropout(keep=0.0), "keep must be in (0, 1], got 0.0"),
        (lambda: dropout(0.2, after=3), "dropout(after=3): after must be a pattern of layer names or a kind of layer"),
        (lambda: dropout(0.2, after=()), "dropout(after=()): after must be"),
        (lambda: batch_norm(after=("fc", "")), "batch_norm(after=('fc', '')): after must be"),
        (lambda: layer_norm(after=""), "layer_norm(after=''): after must be"),
        (lambda: batch_norm(momentum=0.0), "momentum must be in (0, 1], got 0.0"),
        (lambda: batch_norm(eps=-1.0), "eps must be at least 0, got -1.0"),
    ],
)  # fmt: skip
def test_fields_are_checked(make, sentence):
    with pytest.raises(RavineError, match=re.escape(sentence)):
        make()
