"""The triton engine by Triton's interpreter, beside the plain engine; and that the compiler for a GPU takes it."""

import itertools
import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from ravine.engines.trace import symbolic, trace
from ravine.engines.triton.kernel import compiled, make_room
from ravine.engines.triton.launches import AS_WRITTEN
from ravine.engines.triton.table import BLOCK, ROWS
from ravine.errors import RavineError
from ravine.optim import Optimizer
from ravine.rules import LAMB, SGD, Adam, Average, Clip, Decay, Momentum, NAdam, Noise, Rule
from ravine.schedules import cosine

from .cases import COMPILED, Squeeze, distance, ends
from .interpreted import (
    Interpreter,
    arrays,
    counted,
    launched,
    made_anew,
    narrowed_bits,
    recorded_ends,
    replayed,
    scheduled,
    walk,
)


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Interpreter]:
    there = Interpreter()
    yield there
    there.pool.shutdown()


def tensors(found):
    return [torch.from_numpy(np.asarray(each)) for each in found]


@pytest.mark.parametrize("rule", COMPILED, ids=repr)
def test_it_is_as_near_to_float64_as_the_plain_engine(interpreter, rule):
    truth = ends(rule, torch.float64, "plain", rounded=torch.float32)
    plain = distance(ends(rule, torch.float32, "plain"), truth)
    ours = distance(tensors(interpreter(recorded_ends, rule, torch.float32, None, steps=100)), truth)
    assert 0 < ours <= 2 * plain
    # In float64 itself the two do the same but for the order in which norms are summed up.
    exact = ends(rule, torch.float64, "plain", steps=20)
    ours = tensors(interpreter(recorded_ends, rule, torch.float64, None, steps=20))
    assert distance(ours, exact) <= 1e-14 * distance(exact, [0 * p for p in exact])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rule", [SGD(lr=0.1), Adam(lr=0.05), Clip(Momentum(lr=0.02), norm=1.0)], ids=repr)
def test_half_precision_is_computed_in_float32_and_rounded_once(interpreter, rule, dtype):
    truth = ends(rule, torch.float64, "plain", rounded=dtype, steps=20)
    plain = distance(ends(rule, dtype, "plain", steps=20), truth)
    ours = distance(tensors(interpreter(recorded_ends, rule, dtype, None, steps=20)), truth)
    assert 0 < ours <= 1.05 * plain


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_as_torch_rounds_it(interpreter, dtype):
    generator = torch.Generator().manual_seed(0)
    some = torch.randn(2000, generator=generator) * 10 ** torch.empty(2000).uniform_(-6, 4, generator=generator)
    ties = torch.tensor([1.0, math.nan, math.inf, -math.inf, -0.0, 1e-40, 1.00390625, 1.01171875, 65519.0])
    start, g = (x.to(dtype) for x in (torch.cat([some, ties]), torch.cat([some.flip(0) / 3, ties])))
    ours = tensors(interpreter(walk, "triton", SGD(lr=0.7), [start], [[g]])[0])[0]
    expected = (start.float() - torch.tensor(0.7) * g.float()).to(dtype)
    assert torch.equal(ours.isnan(), expected.isnan())
    assert torch.equal(ours.to(dtype).nan_to_num(), expected.nan_to_num())


def test_what_a_gpu_calls_no_number_is_none_in_bfloat16(interpreter):
    # 0x7FFFFFFF is what NVIDIA's arithmetic makes; rounded up like a number it would be -0.
    assert interpreter(narrowed_bits, [0x7FFFFFFF, 0xFFFFFFFF, 0x7F800000, 0x7F7FFFFF]) == [0x7FC0] * 2 + [0x7F80] * 2


SPECIAL = [0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan, 1e-45, 1e17, 1e-20]


@pytest.mark.parametrize("rule", COMPILED, ids=repr)
def test_what_is_no_number_goes_where_it_goes_in_the_plain_engine(interpreter, rule):
    # All pairs at once, where no element knows of another; and a tensor of each kind for rules that take norms.
    pairs = torch.tensor(list(itertools.product(SPECIAL, SPECIAL)))
    start, g = ([pairs[:, k].clone(), *torch.tensor(SPECIAL).split(1)] for k in (0, 1))
    ones = [torch.ones_like(p) for p in start]
    given = rule, start, [ones, g, ones]
    plain, ours = tensors(walk("plain", *given)[0]), tensors(interpreter(walk, "triton", *given)[0])
    for a, b in zip(plain, ours, strict=True):
        assert torch.equal(a.isnan(), b.isnan())
        assert torch.equal(a.isinf(), b.isinf())


def test_every_operation_means_what_it_means_in_torch(interpreter):
    generator = torch.Generator().manual_seed(0)
    start, g = (torch.randn(500, generator=generator, dtype=torch.float64) for _ in range(2))
    given = Squeeze(), [start], [[g * (t + 1)] for t in range(5)]
    plain, ours = walk("plain", *given)[0], interpreter(walk, "triton", *given)[0]
    np.testing.assert_allclose(ours[0], plain[0], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "rule", [Noise(Adam(lr=0.1), eta=0.1), Average(Clip(LAMB(lr=0.1), norm=1.0), decay=0.9)], ids=repr
)
def test_many_tensors_of_many_blocks_are_one_call(interpreter, rule):
    generator = torch.Generator().manual_seed(0)
    sizes = [2 * BLOCK + 5, BLOCK, 0, *range(1, ROWS + 3)]
    start = [torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes]
    gradients = [[torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes] for _ in range(3)]
    gradients[1][4] = None
    given = rule, start, gradients
    (plain, kept), (ours, slots) = walk("plain", *given), interpreter(walk, "triton", *given)
    for a, b in zip([*plain, *itertools.chain(*kept)], [*ours, *itertools.chain(*slots)], strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-13, atol=1e-15)
    assert [int(each[0]) for each in slots] == [3] * 4 + [2] + [3] * (len(sizes) - 5)


@pytest.mark.parametrize("rule", [Momentum(lr=0.1), Noise(Adam(lr=0.1), eta=0.1)], ids=repr)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_tensors_in_odd_order_sparse_or_complex_are_right(interpreter, rule, layout):
    generator = torch.Generator().manual_seed(0)
    p, g = (torch.randn(2, 3, 4, 5, generator=generator) for _ in range(2))
    start = [p.to(memory_format=torch.channels_last), torch.ones(4, 3), torch.tensor([1 + 2j, 3 - 1j]), p[..., ::2]]
    sparse = torch.sparse_coo_tensor([[0, 2]], torch.ones(2, 3), (4, 3), check_invariants=True).coalesce()
    gradients = [[g.to(memory_format=layout), sparse, torch.tensor([1j, 2 + 1j]) * t, g[..., ::2]] for t in range(3)]
    plain, ours = walk("plain", rule, start, gradients), interpreter(walk, "triton", rule, start, gradients)
    for a, b in zip(plain[0], ours[0], strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6)


def test_groups_have_numbers_of_their_own(interpreter):
    start, gradients = [torch.ones(3), torch.ones(2)], [[torch.ones(3), torch.ones(2)]] * 3
    rule = Decay(NAdam(lr=0.1), l2=0.5)
    for lr in (0.3, torch.tensor(0.3)):
        ours = interpreter(walk, "triton", rule, start, gradients, lr=lr, decay_l2=0.0)
        plain = walk("plain", rule, start, gradients, lr=0.3, decay_l2=0.0)
        for a, b in zip(plain[0], ours[0], strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6)


def test_nothing_is_made_anew_for_a_second_step_or_model(interpreter):
    assert interpreter(made_anew, Average(Clip(Adam(), norm=1.0), decay=0.5)) == 0
    # What Triton compiles anew for is the kind of an argument, its alignment, and what is fixed: none is a model's own.
    (names, small), (same, large) = interpreter(launched)
    assert names == same == ["rows_0", "blocks_0", "add_up", "rows_1", "blocks_1", "add_up", "rows_2", "blocks_2"]
    assert small == large
    assert all(aligned == 0 for _, given in small for _, aligned in given)


@pytest.mark.parametrize("held", [True, False])
def test_a_replay_counts_and_reads_the_fields_as_they_stand_then(interpreter, held):
    generator = torch.Generator().manual_seed(0)
    start, *gradients = torch.randn(7, 7, generator=generator, dtype=torch.float64).unbind()
    rule, lr = Average(Clip(NAdam(), norm=1.0), decay=0.5), [0.5, 0.25, 0.125, 1.0, 0.5, 0.75]
    p, state = interpreter(replayed, rule, start, gradients, lr, held)
    twin = start.clone().requires_grad_()
    plain = Optimizer([twin], rule, engine="plain")
    for g, rate in zip(gradients, lr, strict=True):
        twin.grad, plain.param_groups[0]["lr"] = g, rate
        plain.step()
    np.testing.assert_allclose(p, twin.detach().numpy(), rtol=1e-12)
    for a, b in zip(arrays(list(plain.state[twin].values())), state, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


def test_a_replay_asks_schedules_as_a_step_does(interpreter):
    start, g, rule = torch.ones(4), torch.full((4,), 0.3), Momentum(lr=cosine(0.1))
    by_steps, by_replays = (interpreter(scheduled, rule, start, g, 6, replays) for replays in (False, True))
    np.testing.assert_array_equal(by_steps, by_replays)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_a_step_count_is_taken_as_it_comes(interpreter, dtype):
    p, state = interpreter(counted, dtype)
    assert state == (7, torch.float64 if dtype is torch.float64 else torch.float32)
    assert p == pytest.approx(1 - 0.1 * (0.1 / (1 - 0.9**7)) / ((0.001 / (1 - 0.999**7)) ** 0.5 + 1e-8), rel=1e-6)


def test_where_nothing_can_be_kept_kernels_are_compiled_anew_and_that_is_said_once(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(triton.knobs.cache, "dir", str(tmp_path / "file" / "folder"))
    with pytest.warns(UserWarning, match=r"cannot be kept in .*folder \(Not a directory\).*TRITON_CACHE_DIR"):
        make_room.__wrapped__()
    assert "mul.lo.s64" in assembly(Noise(SGD()), "float32", "blocks", 0)  # the hash of its counter


def test_it_is_refused_where_there_is_no_gpu():
    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    with pytest.raises(RavineError, match="engine='triton': it compiles for cuda, and the parameters are on cpu"):
        Optimizer([p], SGD(), engine="triton").step()


POINTERS = {
    "rows": ("counts", "scalars", "numbers", "sizes", "groups", "fields", "uniforms", "sums"),
    "blocks": ("blocks", "arrays", "uniforms", "partials"),
}
DOUBLES = {"fields", "uniforms", "sums", "partials"}


def assembly(rule: Rule, dtype: str, kind: str, stage: int) -> str:
    """What a GPU would run, by the compiler alone."""
    kernel = getattr(compiled(trace(symbolic(rule)), dtype), f"{kind}_{stage}")
    fixed = {"ROWS": ROWS} if kind == "rows" else {"BLOCK": BLOCK}
    signature = {name: "*fp64" if name in DOUBLES else "*i64" for name in POINTERS[kind]}
    source = ASTSource(
        fn=kernel,
        signature={**signature, **dict.fromkeys(fixed, "constexpr")},
        constexprs=fixed,
        attrs={(k,): [["tt.divisibility", 16]] for k in range(len(signature))},
    )
    return triton.compile(source, target=GPUTarget("cuda", 90, 32), options=AS_WRITTEN).asm["ptx"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
def test_a_gpus_compiler_takes_it_reads_16_bytes_at_a_time_and_rounds_rightly(dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(triton.knobs.cache, "dir", str(tmp_path))
    rule, wide = Clip(Adam(), norm=1.0), "v2.b64" if dtype == "float64" else "v4.b32"
    for stage in (0, 1):
        assembly(rule, dtype, "rows", stage)
        text = assembly(rule, dtype, "blocks", stage)
        assert f"ld.global.{wide}" in text
        assert (f"st.global.{wide}" in text) == (stage == 1)
        assert not re.search(r"(div|sqrt)\.(approx|full)|fma\.rn\.f32", text)


def test_a_gpus_compiler_takes_every_operation(tmp_path, monkeypatch):
    monkeypatch.setattr(triton.knobs.cache, "dir", str(tmp_path))
    for kind, stage in itertools.product(("rows", "blocks"), (0, 1)):
        assembly(Squeeze(), "float32", kind, stage)
    assert "mul.lo.s64" in assembly(Noise(SGD()), "float32", "blocks", 0)  # the hash of its counter
