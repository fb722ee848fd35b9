"""Frozen layers stand still to the last bit, their norms too, and learn when their time has come."""

import copy
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.layers.freeze import freeze, thaw
from ravine.optim import Optimizer
from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, AdamW, Average, Decay, Momentum
from ravine.schedules import epochs, steps
from ravine.training import loop
from ravine.training.predicting import predicting

from ..training.cases import LABELS, X, labels, same, trained, training_of, weights

RULES = [
    AdamW(lr=0.05, weight_decay=0.5),
    Decay(Momentum(lr=0.05), l1=0.1, l2=0.5),
    Decay(Adam(lr=0.05), l2=0.5, through="gradient"),
    Average(Decay(SGD(lr=0.05), l2=0.5), decay=0.5),
]


class Named(nn.Module):
    """A network whose layers have names, as most have."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))
        self.plain = nn.BatchNorm1d(8, affine=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(functional.relu(self.plain(self.features(x))))


def learning(model):
    return [name for name, p in model.named_parameters() if p.requires_grad]


def still(model):
    """The norms that keep their statistics in training."""
    model.train()
    return [name for name, layer in model.named_modules() if hasattr(layer, "running_mean") and not layer.training]


@pytest.mark.parametrize(
    ("part", "learn", "norms"),
    [
        (freeze("features"), ["head.weight", "head.bias"], ["features.1"]),
        (freeze("features*"), ["head.weight", "head.bias"], ["features.1"]),
        (freeze("*", but="head"), ["head.weight", "head.bias"], ["features.1", "plain"]),
        (freeze(("features.0", "features.1", "plain")), ["features.3.weight", "features.3.bias", "head.weight",
                                                         "head.bias"], ["features.1", "plain"]),
        (freeze("*.weight"), ["features.0.bias", "features.1.bias", "features.3.bias", "head.bias"], []),
        (freeze(("features.1.weight", "features.1.bias")), ["features.0.weight", "features.0.bias",
                                                            "features.3.weight", "features.3.bias", "head.weight",
                                                            "head.bias"], ["features.1"]),
        (freeze("Linear", but=("head", "*.3.bias")), ["features.1.weight", "features.1.bias", "features.3.bias",
                                                      "head.weight", "head.bias"], []),
        (freeze("features", but="BatchNorm1d"), ["features.1.weight", "features.1.bias", "head.weight", "head.bias"],
         []),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_pattern_names_is_frozen_and_nothing_else(part, learn, norms):
    model = part.insert(Named())
    assert learning(model) == learn
    assert still(model) == norms


@pytest.mark.parametrize("engine", ["plain", "native"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_no_rule_moves_what_is_frozen_by_a_bit(rule, engine):
    torch.manual_seed(0)
    model = freeze("features").insert(Named())
    before = weights(model)
    optimizer = Optimizer(model.parameters(), rule, engine=engine)
    for _ in range(5):
        model.train()
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.from_numpy(X)), torch.from_numpy(LABELS)).backward()
        optimizer.step()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("features"), name


def test_a_run_leaves_frozen_weights_and_statistics_as_they_were():
    recipe = Recipe(AdamW(lr=0.05, weight_decay=0.5), batch_size=8, epochs=3, layers=freeze("*", but="6"))
    begun = weights(training_of(labels(), recipe).model)
    training, _ = trained(labels(), recipe)
    moved = [name for name, value in training.model.state_dict().items() if not torch.equal(value, begun[name])]
    assert moved == ["6.weight", "6.bias"]
    assert {name for name, norm in training.model.named_modules() if isinstance(norm, nn.BatchNorm1d)} == {"1", "5"}


def test_frozen_norms_normalize_by_their_statistics_in_training_too():
    norm = nn.BatchNorm1d(4)
    network = nn.Sequential(norm, nn.Linear(4, 3))
    norm.running_mean.fill_(2.0)
    norm.running_var.fill_(4.0)
    freeze("0").insert(network).train()
    x = torch.from_numpy(X)
    torch.testing.assert_close(network[0](x), (x - 2) / (4 + 1e-5) ** 0.5)
    assert norm.num_batches_tracked == 0
    assert network.training


def test_a_norm_rests_from_the_moment_it_is_frozen_by_its_own_way_of_doing_so():
    class Counting(nn.BatchNorm1d):
        modes = ()

        def train(self, mode=True):
            self.modes = (*self.modes, mode)
            return super().train(mode)

    network = nn.Sequential(Counting(4), nn.Linear(4, 3))
    freeze("0").insert(network)
    assert not network[0].training
    network.train()
    assert network[0].modes == (False, False)


def test_parameters_of_the_network_itself_have_names_too():
    assert learning(freeze("bias").insert(nn.Linear(4, 3))) == ["weight"]


def test_shares_of_training_end_with_an_epoch_though_floating_point_is_a_little_off():
    model = thaw(0.1).insert(nn.Sequential(*[nn.Linear(4, 4, bias=False) for _ in range(8)]))
    counts = []
    for epoch in range(10):
        thaw(0.1).at_epoch(model, epoch, 10)
        counts.append(len(learning(model)))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_dropout_of_frozen_layers_goes_on():
    network = nn.Sequential(nn.Linear(4, 50), nn.Dropout(0.5), nn.Linear(50, 3))
    freeze("*", but="2").insert(network).train()
    assert (network[:2](torch.ones(9, 4)) == 0).any()


def test_the_loop_still_knows_that_a_step_draws_nothing():
    def quiet():
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    for layers in ((), freeze("*", but="3"), thaw(0.2)):
        training, _ = trained(labels(quiet), Recipe(SGD(), epochs=2, layers=layers))
        assert not loop.may_draw(training)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_frozen_as_its_original_and_apart_from_it(how):
    original = freeze("features", until=0.5).insert(Named())
    other = how(original)
    assert learning(other) == ["head.weight", "head.bias"]
    assert still(other) == ["features.1"]
    freeze("features", until=0.5).at_epoch(other, 5, 10)
    assert still(other) == []
    assert len(learning(other)) == 8
    assert still(original) == ["features.1"]
    assert len(learning(original)) == 2
    assert other.features[1].train().training


def test_state_dicts_and_text_are_those_of_the_network_alone():
    model, plain = freeze("features").insert(Named()), Named()
    assert list(model.state_dict()) == list(plain.state_dict())
    assert repr(model) == repr(plain)
    plain.load_state_dict(model.state_dict())
    assert same(weights(plain), weights(model))


def test_evaluation_and_training_modes_come_and_go():
    model = freeze("features.1").insert(Named())
    model.train()
    assert [model.features[0].training, model.features[1].training, model.plain.training] == [True, False, True]
    model.eval()
    assert not any(layer.training for layer in model.modules())
    assert model.features[1].train() is model.features[1]


@pytest.mark.parametrize(
    ("until", "frozen"),
    [(0.3, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]), (epochs(2), [1, 1] + [0] * 8), (0.25, [1, 1, 1] + [0] * 7)],
)
def test_it_lasts_until_a_share_of_training_or_some_epochs_are_over(until, frozen):
    part = freeze("features", until=until)
    model = part.insert(Named())
    found = []
    for epoch in range(10):
        part.at_epoch(model, epoch, 10)
        found.append(len(learning(model)) == 2)
        assert (still(model) == ["features.1"]) == found[-1]
    assert found == [bool(each) for each in frozen]


@given(every=st.floats(0.01, 0.33), length=st.integers(1, 50))
def test_thawing_goes_down_one_layer_with_every_share_of_training(every, length):
    model = thaw(every).insert(Named())
    for epoch in range(length):
        thaw(every).at_epoch(model, epoch, length)
        depth = int(epoch / (every * length) + 1e-9)
        below = [["head"], ["features.3", "head"], ["features.0", "features.1", "features.3", "head"]][min(depth, 2)]
        assert learning(model) == [f"{name}.{own}" for name in below for own in ("weight", "bias")]
        # The norm without parameters stands behind features.3, and the other one behind features.0.
        assert still(model) == [["features.1", "plain"], ["features.1"], []][min(depth, 2)]


def test_by_default_one_layer_thaws_with_every_epoch_as_in_the_paper():
    assert thaw() == thaw(epochs(1))
    model = thaw().insert(Named())
    counts = []
    for epoch in range(4):
        thaw().at_epoch(model, epoch, 4)
        counts.append(len(learning(model)))
    assert counts == [2, 4, 8, 8]


def test_a_run_thaws_as_it_goes_and_from_a_checkpoint_the_same_way():
    recipe = Recipe(Momentum(lr=0.05), batch_size=8, epochs=4, layers=(freeze("1"), thaw(0.25)))
    moved: list[set[str]] = []
    training = training_of(labels(), recipe)
    for until in range(1, 5):
        before = weights(training.model)
        list(loop.epochs(training, until))
        now = training.model.state_dict()
        moved.append({name.partition(".")[0] for name in now if not torch.equal(now[name], before[name])})
    assert moved == [{"6"}, {"4", "5", "6"}, {"0", "4", "5", "6"}, {"0", "4", "5", "6"}]
    again = training_of(labels(), recipe)
    again.model.load_state_dict(training.model.state_dict())
    again.epoch = 2
    for layer in recipe.layers:
        layer.at_epoch(again.model, again.epoch, recipe.epochs)
    assert learning(again.model) == learning(training.model)


def test_several_parts_freeze_together_and_neither_thaws_what_the_other_holds():
    parts = freeze("features", until=0.4), freeze("features.0", until=0.8), thaw(0.1)
    model = Named()
    for part in parts:
        part.insert(model)
    found = {}
    for epoch in range(10):
        for part in parts:
            part.at_epoch(model, epoch, 10)
        found[epoch] = learning(model)
    names = [name for name, _ in Named().named_parameters()]
    assert found[3] == ["head.weight", "head.bias"]
    assert found[4] == found[7] == names[2:]
    assert found[8] == names


def test_what_the_factory_froze_stays_so():
    model = Named()
    model.features[3].bias.requires_grad_(False)
    parts = freeze("features", until=0.1), thaw(0.1)
    for part in parts:
        part.insert(model)
    for part in parts:
        part.at_epoch(model, 9, 10)
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["features.3.bias"]


def test_a_parameter_that_two_layers_share_is_frozen_once_and_thawed_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.below, self.middle, self.above = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
            self.above.weight = self.below.weight

    part = freeze("above.weight", until=0.5)
    model = part.insert(Tied())
    assert "below.weight" not in learning(model)
    part.at_epoch(model, 5, 10)
    assert "below.weight" in learning(model)


def test_statistics_are_not_estimated_again_where_averaged_weights_predict():
    recipe = Recipe(Average(SGD(lr=0.1), decay=0.9), batch_size=8, epochs=2, layers=freeze(("0", "1")))
    training, _ = trained(labels(), recipe)
    before = weights(training.model)
    with predicting(training) as model:
        now = weights(model)
    for name in ("1.running_mean", "1.running_var", "0.weight"):
        assert torch.equal(now[name], before[name])
    assert not torch.equal(now["5.running_mean"], before["5.running_mean"])


def test_its_text_is_what_one_types_and_a_recipe_reads():
    assert repr(freeze("features*")) == "freeze('features*')"
    assert repr(freeze("*", but=("a", "b"), until=epochs(3))) == "freeze('*', but=('a', 'b'), until=epochs(3))"
    assert repr(thaw()) == "thaw()"
    assert repr(thaw(0.1)) == "thaw(every=0.1)"


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            freeze("feature"),
            "nothing in Named is called 'feature' or is of that kind. Did you mean 'features'? It has ",
        ),
        (freeze("*", but="haed"), "nothing in Named is called 'haed' or is of that kind. Did you mean 'head'?"),
        (freeze("*.2"), "what it names in Named learns nothing that could be frozen."),
        (freeze("ReLU"), "what it names in Named learns nothing that could be frozen."),
        (freeze("head", but="*"), "what it names in Named learns nothing that could be frozen."),
        (freeze("batchnorm1d"), "nothing in Named is called 'batchnorm1d' or is of that kind. Did you mean 'BatchNo"),
        (thaw(0.5), "Named has 3 layers of weights, and training would be over before the first of them learns: write"),
    ],
    ids=repr,
)
def test_what_fits_nowhere_is_told(part, told):
    assert sentence(lambda: part.insert(Named())).startswith(f"{part!r}: {told}")


@pytest.mark.parametrize("part", [freeze("*"), freeze("*", until=0.5), freeze(("features", "head", "plain"))])
def test_a_network_that_could_learn_nothing_is_refused(part):
    lazy = nn.Sequential(nn.LazyLinear(4), nn.LazyLinear(3))
    told = " that learns: spare its last layer."
    assert sentence(lambda: part.insert(Named())) == f"{part!r} leaves nothing in Named{told}"
    begun = Named()
    begun.features.requires_grad_(False)  # by the factory
    assert sentence(lambda: freeze("head").insert(begun)) == f"freeze('head') leaves nothing in Named{told}"
    if part.layers == "*":
        assert sentence(lambda: part.insert(lazy)) == f"{part!r} leaves nothing in Sequential{told}"


def test_what_cannot_be_thawed_is_told():
    assert sentence(lambda: thaw().insert(nn.Linear(4, 3))).startswith("thaw(): Linear has one layer of weights")
    lazy = nn.Sequential(nn.LazyLinear(4), nn.LazyLinear(3))
    assert sentence(lambda: thaw().insert(lazy)).startswith("thaw(): Sequential has layers that learn their sizes from")
    model = thaw().insert(Named())
    told = sentence(lambda: thaw().at_epoch(model, 0, 2))
    assert told == (
        "thaw(): Named has 3 layers of weights, and training would be over before the first of them learns: write "
        "thaw(every=0.3333) or less."
    )
    thaw(0.3333).insert(Named())
    both = freeze("head").insert(Named())
    assert sentence(lambda: thaw().insert(both)).startswith("thaw() leaves nothing in Named that learns")


@pytest.mark.parametrize("given", [3, None, (), ("a", 3), "", ["a"]])
def test_patterns_that_are_none_are_told(given):
    told = sentence(lambda: freeze(given))
    assert told.startswith(f"freeze(layers={given!r}): layers must be a pattern of names or a kind of layer")
    if given is not None:
        assert sentence(lambda: freeze("*", but=given)).startswith(f"freeze(but={given!r}): but must be a pattern of")


@pytest.mark.parametrize("given", [0, 1.0, -0.5, "half", steps(3), True])
def test_times_that_are_none_are_told(given):
    assert " must be " in sentence(lambda: freeze("*", until=given))
    assert " must be " in sentence(lambda: thaw(given))


def test_lazy_layers_can_be_frozen_by_name():
    def lazily():
        return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.LazyLinear(3))

    training, _ = trained(Task(lazily, (X, LABELS)), Recipe(SGD(lr=0.1), epochs=2, layers=freeze("*", but="2")))
    begun = training_of(Task(lazily, (X, LABELS)), Recipe(SGD(lr=0.1), epochs=2))
    moved = [
        name
        for (name, value), old in zip(
            training.model.state_dict().items(), begun.model.state_dict().values(), strict=True
        )
        if not torch.equal(value, old)
    ]
    assert moved == ["2.weight", "2.bias"]
