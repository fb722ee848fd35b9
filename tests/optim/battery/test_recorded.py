import torch

from ravine.optim.battery.recorded import FROZEN, STEPS, Walk, distance, gradients, starts
from ravine.rules import SGD, Adam


def test_parameters_are_of_many_kinds():
    params = starts(torch.float32)
    assert {p.dim() for p in params} == {0, 1, 2, 4}
    assert any(p.numel() == 0 for p in params)
    assert any(not p.is_contiguous() and p.T.is_contiguous() for p in params if p.dim() == 2)
    assert any(p.stride(-1) == 2 for p in params if p.dim() == 2)
    assert any(p.is_contiguous(memory_format=torch.channels_last) for p in params if p.dim() == 4)
    assert all(p.dim() > 1 and p.numel() for p in starts(torch.float32, matrices=True))
    other = starts(torch.float32, wide=2)
    assert sum(a.shape != b.shape for a, b in zip(params, other, strict=True)) >= 5


def test_the_same_numbers_in_every_dtype():
    singles, doubles = starts(torch.float32), starts(torch.float64)
    assert all(torch.equal(a.double(), b) for a, b in zip(singles, doubles, strict=True))
    for t in (0, 15, 99):
        for a, b in zip(gradients(singles, t), gradients(doubles, t), strict=True):
            assert b is None if a is None else torch.equal(a.double(), b)
    sizes = torch.stack([gradients(singles, t)[4] for t in range(30)]).square().mean(0).sqrt()
    assert sizes.max() / sizes.min() > 1000


def test_a_parameter_is_frozen_now_and_then():
    walk = Walk(SGD(lr=0.1), "plain", torch.float64).to(STEPS)
    frozen = [t for t in range(STEPS) if gradients(walk.params, t)[1] is None]
    assert tuple(frozen) == FROZEN
    path = starts(torch.float64)
    for t in range(STEPS):
        path = [p if g is None else p - 0.1 * g for p, g in zip(path, gradients(path, t), strict=True)]
    assert all(torch.allclose(p, q, rtol=0, atol=1e-14) for p, q in zip(walk.params, path, strict=True))
    assert walk.optimizer.state[walk.params[1]]["step"] == STEPS - len(FROZEN)


def test_a_walk_has_its_slots_beside_the_parameters_and_goes_on_from_where_another_was():
    walk = Walk(Adam(), "plain").to(5)
    assert list(walk.columns()) == ["p", "m", "v"]
    again = Walk(Adam(), "plain").resumed(walk.optimizer.state_dict(), walk.params)
    assert again.done == 5
    ours, theirs = again.to(9).columns(), walk.to(9).columns()
    assert all(all(map(torch.equal, ours[name], theirs[name])) for name in theirs)


def test_distance_is_in_units_of_the_reference():
    ours, reference = [torch.tensor([3.0, 4.5]), torch.tensor(0.0)], [torch.tensor([3.0, 4.0]), torch.tensor(0.0)]
    assert distance(ours, reference) == 0.1
    assert distance(ours[1:], reference[1:]) == 0
    assert distance([torch.tensor(float("nan"))], reference[1:]) != 0
