"""What holds for every augmentation, alone and in a row."""

import pytest
import torch

from ravine.data.augment import AUGMENTATIONS, augmented, samples
from ravine.data.augmentation import Augmentation
from ravine.data.color import brightness
from ravine.data.geometry import crop, flip, rotate, scale
from ravine.data.mix import mixup
from ravine.data.noise import erase, gaussian_noise
from ravine.part import meanings

PARTS = [
    *(part() for part in AUGMENTATIONS.values()),
    mixup(each=True),
    *(AUGMENTATIONS[name](clip=True) for name in ("brightness", "contrast", "color")),
]
ROWS = [(part,) for part in PARTS] + [(rotate(), brightness(), flip(), mixup(), scale(), erase())]


def batch(dtype=torch.float32, channels_last=False):
    generator = torch.Generator().manual_seed(5)
    x = torch.rand(8, 3, 10, 12, generator=generator, dtype=torch.float64).to(dtype)
    y = torch.eye(4, dtype=torch.float32).repeat(2, 1)
    return x.contiguous(memory_format=torch.channels_last) if channels_last else x, y


every_row = pytest.mark.parametrize("parts", ROWS, ids=str)


@every_row
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_shape_dtype_and_device_stay(parts, dtype):
    x, y = batch(dtype)
    changed, targets = augmented(parts, x, y)
    assert (changed.shape, changed.dtype, changed.device) == (x.shape, x.dtype, x.device)
    assert (targets.shape, targets.dtype, targets.device) == (y.shape, y.dtype, y.device)
    assert changed.isfinite().all()


@every_row
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_memory_format_stays(parts, channels_last):
    x, y = batch(channels_last=channels_last)
    assert augmented(parts, x, y)[0].stride() == x.stride()


@every_row
def test_the_batch_is_not_written_to(parts):
    torch.manual_seed(0)
    x, y = batch()
    kept = x.clone(), y.clone()
    for _ in range(5):
        changed, _ = augmented(parts, x, y)
    assert torch.equal(x, kept[0])
    assert torch.equal(y, kept[1])
    assert not torch.equal(changed, x)


@every_row
def test_the_same_seed_is_the_same_luck_whatever_the_dtype(parts):
    found = []
    for dtype in (torch.float32, torch.float32, torch.float64):
        torch.manual_seed(11)
        x, y = batch(dtype)
        found.append(augmented(parts, x, y))
    (first, one), (second, two), (double, three) = found
    assert torch.equal(first, second)
    assert torch.equal(one, two)
    torch.testing.assert_close(one, three, rtol=0, atol=1e-6)
    if not any(name in str(parts) for name in ("noise", "salt")):  # as many numbers as inputs, drawn in their dtype
        torch.testing.assert_close(first.double(), double, rtol=0, atol=2e-5)


@every_row
def test_another_seed_is_other_luck(parts):
    x, y = batch()
    found = set()
    for seed in range(10):
        torch.manual_seed(seed)
        found.add(float(augmented(parts, x, y)[0].double().flatten() @ torch.arange(x.numel(), dtype=torch.float64)))
    assert len(found) > 3


@every_row
def test_a_row_does_what_its_parts_do_one_by_one(parts):
    x, y = batch()
    torch.manual_seed(2)
    together = augmented(parts, x, y)
    torch.manual_seed(2)
    for part in parts:
        x, y = part.change(x, y)
    assert torch.equal(together[0], x)
    assert torch.equal(together[1], y)


def test_no_parts_change_nothing():
    x, y = batch()
    same, targets = augmented((), x, y)
    assert same is x
    assert targets is y


class Doubled(Augmentation):
    """A part of a user's own: doubles inputs and lowers targets."""

    def change(self, x, y):
        return 2 * x, y - 1


def test_parts_act_in_their_order_and_own_parts_take_part():
    x, y = torch.ones(4, 1, 2, 2), torch.ones(4)
    white = erase(1.0, value=1.0)
    doubled, targets = augmented((erase(0.0), Doubled(), flip()), x, y)
    assert torch.equal(doubled, 2 * x)
    assert torch.equal(targets, torch.zeros(4))
    torch.manual_seed(0)
    assert augmented((white, Doubled()), x, y)[0].amax() == 2
    torch.manual_seed(0)
    assert augmented((Doubled(), white), x, y)[0].amin() == 1


def test_inputs_that_are_no_images_take_noise_and_mixing():
    x, y = torch.rand(6, 13), torch.eye(6)
    changed, targets = augmented((gaussian_noise(0.1), mixup(1.0)), x, y)
    assert changed.shape == x.shape
    assert targets.shape == y.shape


def test_every_part_is_searched_somewhere_where_it_has_a_strength():
    for name, part in AUGMENTATIONS.items():
        strength = next(iter(meanings(part).values()))
        assert (strength.search is not None) == (name != "flip"), name
        if strength.search is not None:
            for end in strength.search.extremes():
                part(end)


def test_samples_are_the_first_of_the_batch_and_nobody_elses_luck_moves():
    x, y = batch()
    torch.manual_seed(4)
    before = torch.get_rng_state()
    shown = samples((crop(2), mixup(1.0)), x, y, count=3, seed=9)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(9)
    changed, targets = augmented((crop(2), mixup(1.0)), x, y)
    assert torch.equal(shown.plain, x[:3])
    assert torch.equal(shown.inputs, changed[:3])
    assert torch.equal(shown.targets, targets[:3])
    assert not torch.equal(shown.inputs, samples((crop(2), mixup(1.0)), x, y, count=3, seed=10).inputs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_meets_the_same_luck():
    x, y = batch()
    for parts in ROWS:
        torch.manual_seed(0)
        here = augmented(parts, x, y)
        torch.manual_seed(0)
        there = augmented(parts, x.cuda(), y.cuda())
        assert there[0].is_cuda
        assert there[1].is_cuda
        torch.testing.assert_close(there[1].cpu(), here[1], rtol=0, atol=1e-6)
        if not any(name in str(parts) for name in ("noise", "salt")):
            torch.testing.assert_close(there[0].cpu(), here[0], rtol=0, atol=2e-5)
