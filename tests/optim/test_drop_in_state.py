"""State dicts that go both ways between PyTorch's optimizers and the drop-ins, at any step; copies; hooks."""

import copy
import io
import pickle

import pytest
import torch
from torch import optim

import ravine.optim

from .torch_cases import DEFAULTS, FEATURED, farthest, leaves, named, put, recorded, start, walk

ADAMS = [case for case in DEFAULTS if case.name not in ("SGD", "Muon")]
pytestmark = pytest.mark.usefixtures("double", "without_bfloat16")


def saved(optimizer):
    """A state dict as it comes back from a file that may hold tensors and plain values alone."""
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("way", ["from PyTorch", "to PyTorch", "there and back"])
@pytest.mark.parametrize("case", FEATURED, ids=named)
def test_a_state_goes_both_ways_in_the_middle_of_training(case, way):
    begin = start(case)
    sequence = recorded(begin, 100)
    makers = {
        "from PyTorch": [(case.theirs, 37), (case.ours, 63)],
        "to PyTorch": [(case.ours, 37), (case.theirs, 63)],
        "there and back": [(case.ours, 20), (case.theirs, 17), (case.ours, 63)],
    }[way]
    straight, params = leaves(begin), leaves(begin)
    walk(case.theirs(straight), straight, sequence)
    state, done = None, 0
    for make, steps in makers:
        params = leaves([p.detach() for p in params])
        optimizer = make(params)
        if state is not None:
            optimizer.load_state_dict(state)
        walk(optimizer, params, sequence[done : done + steps])
        state, done = saved(optimizer), done + steps
    assert farthest(params, straight) <= 1e-12


@pytest.mark.parametrize("case", FEATURED, ids=named)
@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
def test_a_copy_in_the_middle_of_training_goes_on_alike(case, how):
    begin = start(case)
    sequence = recorded(begin, 40)
    params = leaves(begin)
    optimizer = case.ours(params, engine="plain")
    walk(optimizer, params, sequence[:20])
    both = {"params": params, "optimizer": optimizer}
    twin = copy.deepcopy(both) if how == "deepcopy" else pickle.loads(pickle.dumps(both))
    walk(optimizer, params, sequence[20:])
    assert not torch.equal(twin["params"][0], params[0])
    walk(twin["optimizer"], twin["params"], sequence[20:])
    assert all(torch.equal(a, b) for a, b in zip(twin["params"], params, strict=True))
    assert [choice.why for choice in twin["optimizer"].engines] == ["asked for"]


@pytest.mark.parametrize("case", [case for case in FEATURED if case.name != "Muon"], ids=named)
def test_state_dicts_that_lack_newer_flags_load_as_in_pytorch(case):
    begin = start(case)
    old = case.theirs(leaves(begin))
    walk(old, old.param_groups[0]["params"], recorded(begin, 5))
    state = old.state_dict()
    for flag in ("foreach", "maximize", "capturable", "differentiable", "fused", "decoupled_weight_decay", "nesterov"):
        state["param_groups"][0].pop(flag, None)
    ours, theirs = leaves(begin), leaves(begin)
    mine, other = case.ours(ours), case.theirs(theirs)
    for optimizer, params in ((mine, ours), (other, theirs)):
        optimizer.load_state_dict(copy.deepcopy(state))
        walk(optimizer, params, recorded(begin, 20))
    assert farthest(ours, theirs) <= 1e-12
    assert mine.param_groups[0].keys() == other.param_groups[0].keys()
    lax = {"fused": None, "params": None}  # False or None, which say the same
    assert mine.param_groups[0] | lax == other.param_groups[0] | lax


@pytest.mark.parametrize("case", ADAMS, ids=named)
def test_counts_that_were_plain_numbers_once_load(case):
    begin = start(case)
    sequence = recorded(begin, 30)
    ours = leaves(begin)
    first = case.ours(ours)
    walk(first, ours, sequence[:10])
    state = copy.deepcopy(first.state_dict())
    for held in state["state"].values():
        held["step"] = int(held["step"])
        if "mu_product" in held:
            held["mu_product"] = held["mu_product"].item()
    theirs = leaves([p.detach() for p in ours])
    second = case.ours(theirs)
    second.load_state_dict(state)
    assert all(isinstance(held["step"], torch.Tensor) for held in second.state.values())
    walk(first, ours, sequence[10:])
    walk(second, theirs, sequence[10:])
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("case", FEATURED, ids=named)
def test_a_state_keeps_its_precision_where_pytorch_would_cast_it(case):
    begin = start(case, torch.bfloat16)
    params = leaves(begin)
    optimizer = case.ours(params)
    walk(optimizer, params, recorded(begin, 3))
    state = optimizer.state_dict()
    for held in state["state"].values():
        for key, value in held.items():
            if value.dim():
                held[key] = value.float() + 1e-5
    again = case.ours(leaves(begin))
    again.load_state_dict(state)
    for held, given in zip(again.state_dict()["state"].values(), state["state"].values(), strict=True):
        assert held.keys() == given.keys()
        assert all(held[key].dtype is given[key].dtype and torch.equal(held[key], given[key]) for key in held)
    walk(again, again.param_groups[0]["params"], recorded(begin, 2))


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_loaded_buffer_without_a_count_is_not_at_its_first_step(steps):
    ours, theirs = leaves([torch.ones(3)]), leaves([torch.ones(3)])
    mine, other = (home.SGD(p, lr=0.1, momentum=0.9) for home, p in ((ravine.optim, ours), (optim, theirs)))
    walk(other, theirs, [[torch.tensor([1.0, -1.0, 0.5])]] * steps)
    ours[0].data.copy_(theirs[0].data)
    mine.load_state_dict(other.state_dict())
    for optimizer, params in ((mine, ours), (other, theirs)):
        optimizer.param_groups[0]["dampening"] = 0.5
        walk(optimizer, params, [[torch.tensor([1.0, 2.0, 3.0])]] * 3)
    assert farthest(ours, theirs) <= 1e-12
    assert mine.state[ours[0]]["step"] == (3 if steps == 0 else 4)


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_a_state_put_there_by_hand_serves_in_the_precision_that_an_engine_wants(engine):
    given = {"step": 7, "mu_product": torch.tensor(0.25, dtype=torch.float32), "exp_avg": torch.ones(3)}
    walks = []
    for state in (given, given | {"step": torch.tensor(7.0), "mu_product": torch.tensor(0.25, dtype=torch.float64)}):
        params = leaves([torch.ones(3)])
        optimizer = ravine.optim.NAdam(params, lr=0.1, engine=engine)
        optimizer.state[params[0]] |= copy.deepcopy(state) | {"exp_avg_sq": torch.ones(3)}
        walk(optimizer, params, [[torch.ones(3)]] * 3)
        assert optimizer.state[params[0]]["step"] == 10
        walks.append(params)
    assert torch.equal(walks[0][0], walks[1][0])


def test_a_state_dict_of_other_groups_is_refused_in_pytorchs_words():
    params = leaves([torch.ones(2), torch.ones(3)])
    one, two = ravine.optim.Adam(params), ravine.optim.Adam([{"params": [p]} for p in params])
    with pytest.raises(ValueError, match="loaded state dict has a different number of parameter groups"):
        two.load_state_dict(one.state_dict())
    fewer = ravine.optim.Adam(params[:1])
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        fewer.load_state_dict(one.state_dict())


def test_a_state_of_adam_loaded_into_adamw_still_decays_the_weights_themselves():
    ours, theirs = leaves([torch.ones(3)]), leaves([torch.ones(3)])
    state = optim.Adam(leaves([torch.ones(3)]), lr=0.1, weight_decay=0.5).state_dict()
    mine, other = ravine.optim.AdamW(ours), optim.AdamW(theirs)
    for optimizer, params in ((mine, ours), (other, theirs)):
        optimizer.load_state_dict(copy.deepcopy(state))
        walk(optimizer, params, [[torch.tensor([1.0, -2.0, 0.0])]] * 5)
    assert farthest(ours, theirs) <= 1e-12
    assert mine.param_groups[0]["decoupled_weight_decay"] is True


def test_what_has_no_state_has_no_entry_in_a_state_dict():
    params = leaves([torch.ones(2), torch.ones(2)])
    optimizer = ravine.optim.SGD(params, lr=0.5)
    walk(optimizer, params, [[torch.ones(2), None]])
    assert optimizer.state_dict()["state"] == {}
    walk(optimizer, params, [[torch.ones(2), torch.ones(2)]])
    assert [p.tolist() for p in params] == [[0.0, 0.0], [0.5, 0.5]]


def test_all_six_hooks_fire_in_pytorchs_order():
    seen = {}
    for home in (ravine.optim, optim):
        order = seen[home] = []
        params = leaves([torch.ones(2)])
        optimizer = home.Adam(params, lr=0.1)
        optimizer.register_step_pre_hook(lambda *_, order=order: order.append("before step"))
        optimizer.register_step_post_hook(lambda *_, order=order: order.append("after step"))
        optimizer.register_state_dict_pre_hook(lambda _, order=order: order.append("before saving"))
        optimizer.register_state_dict_post_hook(lambda _, state, order=order: order.append(sorted(state)))
        optimizer.register_load_state_dict_pre_hook(lambda _, state, order=order: order.append(sorted(state)))
        optimizer.register_load_state_dict_post_hook(
            lambda o, order=order: order.append(o.state[o.param_groups[0]["params"][0]]["step"].item())
        )
        walk(optimizer, params, [[torch.ones(2)]] * 2)
        optimizer.load_state_dict(optimizer.state_dict())
    both = ["before step", "after step"] * 2
    assert seen[ravine.optim] == seen[optim]
    assert seen[optim] == [*both, "before saving", *[["param_groups", "state"]] * 2, 2.0]


def test_a_hook_may_hand_the_state_out_by_name():
    model = torch.nn.Linear(2, 1)
    optimizer = ravine.optim.Adam(model.named_parameters(), lr=0.1)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    state = optimizer.state_dict()
    assert state["param_groups"][0]["param_names"] == ["weight", "bias"]
    other = torch.nn.Linear(2, 1)
    turned = ravine.optim.Adam([("bias", other.bias), ("weight", other.weight)], lr=0.1)

    def by_name(optimizer, state):
        numbers = {name: k for k, name in enumerate(state["param_groups"][0]["param_names"])}
        names = optimizer.param_groups[0]["param_names"]
        held = {k: state["state"][numbers[name]] for k, name in enumerate(names)}
        return state | {"state": held}

    turned.register_load_state_dict_pre_hook(by_name)
    turned.load_state_dict(state)
    for name, p in other.named_parameters():
        ours, theirs = turned.state[p], optimizer.state[dict(model.named_parameters())[name]]
        assert all(torch.equal(ours[key], theirs[key]) for key in ("step", "exp_avg", "exp_avg_sq"))


def test_a_rule_that_changes_form_goes_on_from_its_state_as_in_pytorch():
    begin = [torch.ones(3), torch.ones(2)]
    ours, theirs = leaves(begin), leaves(begin)
    mine, other = ravine.optim.SGD(ours, lr=0.1), optim.SGD(theirs, lr=0.1)
    forms = [{}, {"momentum": 0.9}, {"weight_decay": 0.1}, {"nesterov": True}, {"momentum": 0.0, "nesterov": False}]
    forms += [{"momentum": 0.5, "maximize": True}, {"dampening": 0.5}, {"dampening": 0.0}, {"dampening": 0.25}]
    for t, form in enumerate(forms):
        for optimizer, params in ((mine, ours), (other, theirs)):
            optimizer.param_groups[0] |= form
            for k in range(3):
                put(params, [torch.sin(p.detach() + t + k) for p in params])
                optimizer.step()
        assert farthest(ours, theirs) <= 1e-12, form
