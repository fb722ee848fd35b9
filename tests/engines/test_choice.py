"""Which engine steps what, told with the reason; and what is refused."""

import importlib.util
import subprocess
import sys

import pytest
import torch

from ravine.engines import choice
from ravine.errors import RavineError
from ravine.optim import Optimizer
from ravine.rules import SGD, Adam, AdamW, Clip, Muon, Rule, Split


class Branching(Rule):
    """Cannot be compiled."""

    def update(self, p, g):
        return p - (g if g.sum() > 0 else 2 * g)


def chosen(params, rule, engine="auto"):
    return [(c.engine, c.why, c.tensors, c.elements) for c in Optimizer(params, rule, engine=engine).engines]


def ones(*shape, dtype=torch.float32, device="cpu"):
    return torch.ones(*shape, dtype=dtype, device=device, requires_grad=True)


def test_it_is_picked_by_device_and_precision_and_says_so():
    params = [ones(3), ones(2, 2), ones(5, dtype=torch.float64), ones(7, dtype=torch.bfloat16)]
    assert chosen(params, Adam()) == [
        ("native", "compiled for cpu and float32", 2, 7),
        ("native", "compiled for cpu and float64", 1, 5),
        ("native", "compiled for cpu and bfloat16", 1, 7),
    ]
    assert chosen([ones(3)], Adam(), "plain") == [("plain", "asked for", 1, 3)]
    assert chosen([ones(3)], Adam(), "native") == [("native", "asked for", 1, 3)]
    assert str(Optimizer([ones(1200, 3)], SGD()).engines[0]) == (
        "native, for 1 tensors with 3,600 elements: compiled for cpu and float32"
    )


def test_a_norm_over_all_keeps_all_together():
    params = [ones(3), ones(5, dtype=torch.float64)]
    why = "a norm over all tensors has them in several precisions, float32 and float64."
    assert chosen(params, Clip(SGD(), norm=1.0)) == [("plain", why, 2, 8)]
    assert len(chosen(params, Clip(SGD(), norm=1.0, over="each"))) == 2
    with pytest.raises(RavineError, match=rf"^engine='native': {why}$"):
        chosen(params, Clip(SGD(), norm=1.0), "native")
    for p in params:
        p.grad = torch.ones_like(p)
    Optimizer(params, Clip(SGD(lr=1.0), norm=2.0)).step()
    assert params[0][0].item() == pytest.approx(1 - 2 / 8**0.5, abs=1e-6)
    assert params[1][0].item() == pytest.approx(1 - 2 / 8**0.5, abs=1e-6)


def test_devices_are_stepped_apart_unless_a_norm_is_over_all():
    params = [ones(3), ones(4, device="meta")]
    assert [c[:1] + c[2:] for c in chosen(params, SGD())] == [("native", 1, 3), ("plain", 1, 4)]
    ((engine, why, _, _),) = chosen(params, Clip(SGD(), norm=1.0))
    assert (engine, why) == ("plain", "a norm over all tensors has them on several devices, cpu and meta.")


def test_matrices_go_to_torch_and_the_rest_is_compiled():
    params = [ones(4, 3), ones(4, 4), ones(4), ones(3, 4)]
    told = chosen(params, Split(Muon(), AdamW()))
    assert [(c[0], c[2]) for c in told] == [("native", 3), ("plain", 1)]
    assert told[1][1] == "the rule works on whole matrices, as torch's own products do best."
    # A norm around both needs the gradients of both at once.
    assert [c[0] for c in chosen(params, Clip(Split(Muon(), AdamW()), norm=1.0))] == ["plain"]


def test_a_rule_that_cannot_be_compiled_steps_plainly_and_says_so_once():
    choice._say_once.cache_clear()
    optimizer = Optimizer([ones(3)], Branching())
    with pytest.warns(UserWarning, match=r"Until then the plain engine serves, and its steps take several times as"):
        optimizer.engines  # noqa: B018 - looked up when somebody asks
    why = optimizer.engines[0].why
    assert why.startswith("Branching.update (test_choice.py, line ")
    assert "`return p - (g if g.sum() > 0 else 2 * g)` calls .sum of a tensor" in why
    assert chosen([ones(4)], Branching())[0][0] == "plain"  # in silence
    with pytest.raises(RavineError, match=r"^engine='native': Branching.update \(test_choice.py, line "):
        chosen([ones(3)], Branching(), "native")


@pytest.mark.parametrize("asked", ["nativ", "", None, 3, "cuda"])
def test_an_engine_that_is_not_there_is_refused(asked):
    with pytest.raises(RavineError, match=r"^engine=.*: it must be auto, plain, native or triton\.") as refusal:
        Optimizer([ones(3)], SGD(), engine=asked)
    assert ("Did you mean 'native'?" in str(refusal.value)) == (asked == "nativ")


def test_triton_is_refused_where_there_is_no_gpu():
    with pytest.raises(RavineError, match=r"^engine='triton': it compiles for cuda, and the parameters are on cpu\.$"):
        chosen([ones(3)], SGD(), "triton")


def test_without_numba_the_plain_engine_serves_and_says_what_is_lost_once(tmp_path):
    text = (
        "import sys; sys.modules['numba'] = None\n"
        "import importlib.util as u; there = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'numba' else there(name, *a)\n"
        "import torch; from ravine.optim import Optimizer; from ravine.rules import SGD\n"
        "for _ in range(2):\n"
        "    p = torch.ones(2, requires_grad=True); p.grad = torch.ones(2)\n"
        "    o = Optimizer([p], SGD(lr=0.5)); o.step(); print(p.tolist(), o.engines[0].engine)\n"
        "try: Optimizer([p], SGD(), engine='native')\n"
        "except Exception as error: print(error)\n"
    )
    assert importlib.util.find_spec("numba") is not None
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=tmp_path)
    refusal = "engine='native' needs the package numba: pip install numba."
    assert done.stdout.splitlines() == ["[0.5, 0.5] plain"] * 2 + [refusal]
    assert done.stderr.count("the package numba is missing: pip install numba. Until then the plain engine serves") == 1
