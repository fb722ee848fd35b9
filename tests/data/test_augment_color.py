"""Light and color against kornia and closed forms; what is drawn, against its distribution."""

import pytest
import torch
from kornia.enhance import (
    adjust_brightness,
    adjust_contrast_with_mean_subtraction,
    adjust_saturation_with_gray_subtraction,
)
from scipy import stats

from ravine.data.color import brightness, color, contrast
from ravine.errors import RavineError

NOTHING = torch.zeros(0)
WEIGHTS = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
"""ITU-R BT.601: how light red, green and blue are."""


def images(count, channels):
    return torch.rand(count, channels, 6, 5, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


def plane(x):
    """The colors of pixels as numbers of a plane, in which a turn is a product; gray is 0."""
    red, green, blue = x.unbind(1)
    lightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return lightness, torch.complex(0.492 * (blue - lightness), 0.877 * (red - lightness))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("clip", [True, False])
def test_brightness_is_kornias_and_even(channels, clip):
    x = images(3000, channels) * 0.2 + 0.7
    torch.manual_seed(0)
    changed, _ = brightness(0.4).change(x, NOTHING)
    amounts = (changed - x)[:, 0, 0, 0]
    assert stats.kstest(amounts.numpy(), stats.uniform(-0.4, 0.8).cdf).pvalue > 0.01
    torch.manual_seed(0)
    again, _ = brightness(0.4, clip=clip).change(x, NOTHING)
    torch.testing.assert_close(again, adjust_brightness(x, amounts, clip_output=clip))
    assert (again.amax() > 1) == (not clip)


def test_contrast_is_kornias_and_even():
    x = images(3000, 1)
    torch.manual_seed(0)
    changed, _ = contrast(0.8).change(x, NOTHING)
    factors = changed.flatten(1).std(1) / x.flatten(1).std(1)
    assert stats.kstest(factors.numpy(), stats.uniform(0.2, 1.6).cdf).pvalue > 0.01
    torch.testing.assert_close(changed.mean((1, 2, 3)), x.mean((1, 2, 3)))
    torch.manual_seed(0)
    clipped, _ = contrast(0.8, clip=True).change(x, NOTHING)
    torch.testing.assert_close(clipped, adjust_contrast_with_mean_subtraction(x, factors))
    assert changed.amax() > 1


def test_contrast_is_measured_from_one_mean_of_all_channels():
    x = images(50, 3)
    changed, _ = contrast(0.8).change(x, NOTHING)
    mean = x.mean((1, 2, 3), keepdim=True)
    factors = ((changed - mean) / (x - mean)).flatten(1)
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors))


def test_contrast_takes_standardized_inputs():
    x = images(10, 3)
    torch.manual_seed(0)
    plain, _ = contrast(0.5).change(x, NOTHING)
    torch.manual_seed(0)
    standardized, _ = contrast(0.5).change((x - 0.45) / 0.2, NOTHING)
    torch.testing.assert_close(standardized * 0.2 + 0.45, plain)


def test_saturation_moves_between_gray_and_color():
    x = images(3000, 3)
    torch.manual_seed(0)
    changed, _ = color(0.9, hue=0.0).change(x, NOTHING)
    gray = torch.einsum("bchw,c->bhw", x, WEIGHTS)[:, None]
    factors = (changed - gray).flatten(1).norm(dim=1) / (x - gray).flatten(1).norm(dim=1)
    assert stats.kstest(factors.numpy(), stats.uniform(0.1, 1.8).cdf).pvalue > 0.01
    kornias = adjust_saturation_with_gray_subtraction(x, factors)
    torch.testing.assert_close(changed.clamp(0, 1), kornias, rtol=0, atol=2e-3)  # YUV is rounded to three digits


def test_hue_turns_colors_and_leaves_lightness():
    x = images(3000, 3)
    torch.manual_seed(0)
    changed, _ = color(0.0, hue=40.0).change(x, NOTHING)
    (lightness, before), (now, after) = plane(x), plane(changed)
    torch.testing.assert_close(now, lightness, rtol=0, atol=2e-3)  # as above
    torch.testing.assert_close(after.abs(), before.abs(), rtol=0, atol=2e-3)
    angles = (after / before).angle().rad2deg()[:, 2, 2]
    assert stats.kstest(angles.numpy(), stats.uniform(-40, 80).cdf).pvalue > 0.01


def test_saturation_and_hue_together_are_one_product():
    x = images(2000, 3)
    torch.manual_seed(0)
    changed, _ = color(0.5, hue=90.0).change(x, NOTHING)
    before, after = plane(x)[1].flatten(1), plane(changed)[1].flatten(1)
    strongest = before.abs().argmax(1, keepdim=True)
    products = after.gather(1, strongest) / before.gather(1, strongest)
    torch.testing.assert_close(after, products * before, rtol=0, atol=4e-3)  # as above
    assert stats.kstest(products.abs()[:, 0].numpy(), stats.uniform(0.5, 1).cdf).pvalue > 0.01
    assert stats.kstest(products.angle()[:, 0].rad2deg().numpy(), stats.uniform(-90, 180).cdf).pvalue > 0.01


def test_gray_stays_gray_whatever_the_range():
    gray = images(20, 1).expand(20, 3, 6, 5) * 6 - 3
    torch.testing.assert_close(color(1.0, hue=180.0).change(gray, NOTHING)[0], gray)


def test_clipping_is_asked_for():
    x = images(50, 3)
    torch.manual_seed(0)
    plain, _ = color(1.0, hue=90.0).change(x, NOTHING)
    torch.manual_seed(0)
    clipped, _ = color(1.0, hue=90.0, clip=True).change(x, NOTHING)
    assert plain.amin() < 0
    assert torch.equal(clipped, plain.clamp(0, 1))


@pytest.mark.parametrize(
    ("part", "arguments", "told"),
    [
        (brightness, {"amount": -0.1}, "amount must be at least 0, got -0.1"),
        (contrast, {"share": 1.2}, r"share must be in \[0, 1\]"),
        (color, {"saturation": 2}, r"saturation must be in \[0, 1\]"),
        (color, {"hue": 200}, r"hue must be in \[0, 180\]"),
        (brightness, {"clip": 1}, "clip must be True or False"),
    ],
)
def test_a_strength_out_of_range_is_refused(part, arguments, told):
    with pytest.raises(RavineError, match=told):
        part(**arguments)
