"""Closure methods: against SciPy, to the last bit after a checkpoint, and still where a search fails."""

import copy
import itertools
import math
import pickle
import re
import weakref

import numpy as np
import pytest
import torch
from scipy import optimize
from torch import nn

from ravine.errors import RavineError
from ravine.minimize import Fixed, HagerZhang
from ravine.optim import BFGS, LBFGS, Minimizer, NewtonCG


class Logistic:
    """Logistic regression with a penalty: convex, so that all methods end in the same place."""

    def __init__(self, dtype=torch.float64):
        generator = torch.Generator().manual_seed(0)
        x, noise = (torch.randn(80, n, generator=generator, dtype=torch.float64) for n in (5, 1))
        self.x, self.y = x.to(dtype), (x[:, 0] - 0.5 * x[:, 1] + 0.3 * noise[:, 0] > 0).to(dtype)
        self.weight, self.bias = nn.Parameter(torch.zeros(5, dtype=dtype)), nn.Parameter(torch.zeros((), dtype=dtype))

    def __call__(self):
        outputs = self.x @ self.weight + self.bias
        return nn.functional.binary_cross_entropy_with_logits(outputs, self.y) + 0.01 * self.weight @ self.weight

    @property
    def params(self):
        return [self.weight, self.bias]

    @property
    def place(self):
        return torch.cat([self.weight, self.bias[None]]).detach().numpy()


class Closure:
    """Computes the loss with its gradients, and counts how often it was called."""

    def __init__(self, optimizer, loss):
        self.optimizer, self.loss, self.calls = optimizer, loss, 0

    def __call__(self):
        self.calls += 1
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss


def by_scipy():
    loss = Logistic()

    def fun(z):
        with torch.no_grad():
            loss.weight.copy_(torch.from_numpy(z[:5]))
            loss.bias.fill_(z[5])
        loss.weight.grad = loss.bias.grad = None
        value = loss()
        value.backward()
        return value.item(), np.r_[loss.weight.grad.numpy(), loss.bias.grad.numpy()]

    return optimize.minimize(fun, np.zeros(6), jac=True, method="BFGS", options={"gtol": 1e-10}).x


@pytest.mark.parametrize(
    "make",
    [
        lambda p: LBFGS(p, max_iter=100, tolerance_grad=1e-9, tolerance_change=0),
        lambda p: LBFGS(
            p, max_iter=100, tolerance_grad=1e-9, tolerance_change=0, line_search_fn="hager_zhang", history_size=3
        ),
        lambda p: LBFGS(p, max_iter=100, tolerance_grad=1e-9, tolerance_change=0, line_search_fn=HagerZhang()),
        lambda p: BFGS(p, max_iter=100, tolerance_grad=1e-9, tolerance_change=0),
        lambda p: BFGS(p, max_iter=100, tolerance_grad=1e-9, tolerance_change=0, line_search_fn="backtracking"),
        lambda p: Minimizer(p, "nonlinear_cg", max_iter=200, tolerance_grad=1e-9, tolerance_change=0),
    ],
    ids=["lbfgs", "hager-zhang", "part", "bfgs", "backtracking", "any descent"],
)
def test_it_ends_where_scipy_does(make):
    loss = Logistic()
    optimizer = make(loss.params)
    first = optimizer.step(Closure(optimizer, loss))
    assert first.item() == pytest.approx(math.log(2))
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)


def test_newton_cg_takes_the_loss_alone():
    loss = Logistic()
    optimizer = NewtonCG(loss.params, max_iter=50)
    optimizer.step(loss)
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)
    assert (loss.weight.grad, loss.bias.grad) == (None, None)
    optimizer = NewtonCG(loss.params)
    with pytest.raises(RavineError, match=r"the closure must return the loss and not call loss.backward\(\)"):
        optimizer.step(Closure(optimizer, loss))


def test_evaluations_are_calls_of_the_closure_and_have_a_limit():
    loss = Logistic()
    optimizer = LBFGS(loss.params, max_iter=50, max_eval=7)
    closure = Closure(optimizer, loss)
    optimizer.step(closure)
    assert closure.calls == optimizer.evaluations
    assert 7 <= closure.calls <= 9  # a search that has begun is brought to its end
    assert optimizer.message == f"budget spent: {closure.calls} evaluations."


def test_the_same_function_is_not_evaluated_twice_in_one_place():
    paths, calls = [], []
    for same in (False, True):
        loss = Logistic()
        optimizer = LBFGS(loss.params, max_iter=1, same_function=same)
        closure = Closure(optimizer, loss)
        paths.append([(optimizer.step(closure).item(), *loss.place) for _ in range(5)])
        calls.append(closure.calls)
    assert paths[0] == paths[1]
    assert calls[0] - calls[1] == 4  # every step but the first


@pytest.mark.parametrize("way", ["state_dict", "file", "pickle", "deepcopy"])
@pytest.mark.parametrize("kind", [LBFGS, BFGS, NewtonCG])
def test_a_run_taken_up_again_is_the_run_to_the_last_bit(kind, way, tmp_path):
    def go(optimizer, loss, steps):
        for _ in range(steps):
            optimizer.step(loss if kind is NewtonCG else Closure(optimizer, loss))

    loss = Logistic(torch.float32)
    whole = kind(loss.params, max_iter=1, tolerance_grad=0, tolerance_change=0)
    go(whole, loss, 3)
    if way in {"state_dict", "file"}:
        state = copy.deepcopy(whole.state_dict())
        if way == "file":
            torch.save(state, tmp_path / "state.pt")
            state = torch.load(tmp_path / "state.pt", weights_only=True)
        other = copy.deepcopy(loss)
        again = kind(other.params, max_iter=1, tolerance_grad=0, tolerance_change=0)
        again.load_state_dict(state)
    elif way == "deepcopy":
        again, other = copy.deepcopy((whole, loss))
    else:
        again, other = pickle.loads(pickle.dumps((whole, loss)))
    go(whole, loss, 4)
    go(again, other, 4)
    assert other.place.tobytes() == loss.place.tobytes()


def test_a_loss_may_be_any_number_and_leave_some_gradients_out():
    loss, unused = Logistic(), nn.Parameter(torch.ones(2))
    optimizer = LBFGS([*loss.params, unused], max_iter=50)
    closure = Closure(optimizer, loss)
    assert optimizer.step(lambda: closure().item()) == pytest.approx(math.log(2))
    assert unused.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)
    loss, unused = Logistic(), nn.Parameter(torch.ones(2))
    NewtonCG([unused, *loss.params], max_iter=50).step(loss)
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)


def test_graphs_of_losses_are_dropped_at_once():
    loss, made = Logistic(), []
    optimizer = NewtonCG(loss.params, max_iter=10)

    def closure():
        made.append(weakref.ref(value := loss()))
        assert sum(each() is not None for each in made) <= 3  # the first, the last, and this one
        return value

    optimizer.step(closure)
    assert len(made) > 10


def changed(loss, optimizer, how):
    """Changes the parameters between two steps; gives the optimizer of one that begins there."""
    if how == "added":
        optimizer.add_param_group({"params": [loss.bias]})
    elif how == "frozen":
        loss.bias.requires_grad_(False)
    elif how == "converted":
        for name in ("weight", "bias"):
            getattr(loss, name).data = getattr(loss, name).data.float()
        loss.x, loss.y = loss.x.float(), loss.y.float()
    else:
        loss.weight.data, loss.x = loss.weight.data[:4].clone(), loss.x[:, :4]
    return type(optimizer)(loss.params, max_iter=3)


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("how", ["added", "frozen", "converted", "resized"])
@pytest.mark.parametrize("kind", [LBFGS, BFGS, NewtonCG])
def test_other_parameters_begin_anew(kind, how, same):
    places = []
    for new in (False, True):
        loss = Logistic()
        optimizer = kind(loss.params[: 1 if how == "added" else 2], max_iter=3, same_function=same)
        optimizer.step(loss if kind is NewtonCG else Closure(optimizer, loss))
        bias = loss.bias.item()
        fresh = changed(loss, optimizer, how)
        optimizer = fresh if new else optimizer
        optimizer.step(loss if kind is NewtonCG else Closure(optimizer, loss))
        assert (loss.bias.item() == bias) == (how == "frozen")
        places.append(loss.place.tolist())
    assert places[0] == places[1]


def stepped(kind, params, **given):
    optimizer = kind(params, **given)
    optimizer.step(lambda: sum((p**2).sum() for p in params) if kind is NewtonCG else backward(params))
    return optimizer.state_dict()


def backward(params):
    loss = sum((p**2).sum() for p in params)
    loss.backward()
    return loss


def without(saved, name):
    del saved["state"][0]["standing"][name]
    return saved


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (lambda p: stepped(BFGS, p, lr=0.5), "the state is of BFGS, and this is LBFGS: make the optimizer that was"),
        (lambda p: stepped(NewtonCG, p, max_iter=3), "the state is of NewtonCG, and this is LBFGS"),
        (lambda _: stepped(LBFGS, [torch.ones(3, requires_grad=True)]), r"has shape \[3\] there, and \[2\] here"),
        (
            lambda p: stepped(LBFGS, [*p, torch.ones(3, requires_grad=True)]),
            "the state is of 5 numbers, and there are 2",
        ),
        (lambda p: without(stepped(LBFGS, p, lr=0.5), "x"), "of another method, or damaged: it has method, parameters"),
        (lambda p: stepped(LBFGS, p) | {"state": {0: {"d": 1}, 1: {}}}, "of another method, or damaged: it has d"),
        (lambda p: torch.optim.Adam(p).state_dict(), "a parameter group has no max_iter, no max_eval, no tolerance_gr"),
        (lambda _: {}, "takes what state_dict.. gave, with a state and param_groups, got only nothing"),
        (lambda _: None, "with a state and param_groups, got None"),
        (lambda _: {"state": {}}, "with a state and param_groups, got only state"),
        (lambda p: LBFGS(p, lr=0.5).state_dict() | {"param_groups": []}, "different number of parameter groups"),
        (
            lambda p: {"state": {}, "param_groups": [LBFGS(p).state_dict()["param_groups"][0] | {"lr": math.nan}]},
            "lr=nan: must be a finite number, at least 0",
        ),
    ],
)
def test_a_state_that_does_not_fit_is_refused_whole(state, said):
    p = torch.ones(2, requires_grad=True)
    optimizer = LBFGS([p], lr=0.25)
    optimizer.step(lambda: backward([p]))
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=said):
        optimizer.load_state_dict(state([torch.ones(2, requires_grad=True)]))
    after = optimizer.state_dict()
    assert before["param_groups"] == after["param_groups"]
    assert torch.equal(before["state"][0]["standing"]["gradient"], after["state"][0]["standing"]["gradient"])


def test_a_state_of_another_history_goes_on():
    loss = Logistic()
    optimizer = LBFGS(loss.params, max_iter=9, history_size=5)
    optimizer.step(Closure(optimizer, loss))
    for history in (10, 3, 100):
        saved = optimizer.state_dict()
        optimizer = LBFGS(loss.params, max_iter=9, history_size=history)
        optimizer.load_state_dict(saved)
        optimizer.step(Closure(optimizer, loss))
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)


def test_a_state_before_the_first_step_is_one_too():
    loss = Logistic()
    optimizer = LBFGS(loss.params, lr=0.5)
    other = LBFGS(loss.params)
    other.step(Closure(other, loss))
    other.load_state_dict(optimizer.state_dict())
    assert (other.param_groups[0]["lr"], other.state_dict()) == (0.5, optimizer.state_dict())
    assert math.isnan(other.value)


def test_groups_move_together_as_one():
    found = []
    for grouped in (False, True):
        loss = Logistic()
        frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        params = [*loss.params, frozen]
        optimizer = LBFGS([{"params": [p]} for p in params] if grouped else params, max_iter=5)
        optimizer.step(Closure(optimizer, loss))
        found.append(loss.place.tolist())
        assert frozen.tolist() == [1.0, 1.0]
    assert found[0] == found[1]


def test_a_complex_parameter_is_two_numbers_each():
    z = nn.Parameter(torch.tensor([3 + 4j, 1 - 1j], dtype=torch.complex128))
    target = torch.tensor([1j, 2.0 + 0j], dtype=torch.complex128)
    optimizer = BFGS([z], max_iter=50)
    optimizer.step(Closure(optimizer, lambda: torch.view_as_real(z - target).square().sum()))
    torch.testing.assert_close(z.detach(), target, atol=1e-8, rtol=0)


def test_a_failed_search_moves_nothing_and_says_why():
    loss = Logistic()
    optimizer = LBFGS(loss.params, max_iter=5)

    def wrong():
        value = Closure(optimizer, loss)()
        for p in loss.params:
            p.grad.neg_()
        return value

    optimizer.step(wrong)
    assert loss.place.tolist() == [0.0] * 6
    assert "the gradient may be wrong at" in optimizer.message
    optimizer.step(Closure(optimizer, loss))  # and goes on from there, once it is right
    assert np.abs(loss.place).max() > 0.1


@pytest.mark.parametrize(
    "wrong", [KeyboardInterrupt(), ZeroDivisionError("in the model"), None, torch.ones(2)], ids=repr
)
@pytest.mark.parametrize("kind", [LBFGS, BFGS, NewtonCG])
def test_a_closure_that_fails_leaves_the_last_accepted_point(kind, wrong):
    def run(steps, failing=math.inf):
        loss, calls = Logistic(), []
        optimizer = kind(loss.params, tolerance_grad=0, tolerance_change=0, max_iter=steps, max_eval=1000)
        closure = loss if kind is NewtonCG else Closure(optimizer, loss)

        def fails():
            calls.append(1)
            if len(calls) == failing and isinstance(wrong, BaseException):
                raise wrong
            return wrong if len(calls) == failing else closure()

        if failing == math.inf:
            optimizer.step(fails)
            return len(calls), loss.place.tolist(), optimizer.value
        with pytest.raises(type(wrong) if isinstance(wrong, BaseException) else RavineError):
            optimizer.step(fails)
        found = loss.place.tolist(), optimizer.value
        optimizer.param_groups[0]["max_iter"] = 20
        optimizer.step(fails)
        np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)
        return found

    whole = [run(steps) for steps in range(6)]  # the calls, the place and the value after each step
    for failing in range(2, whole[-1][0] + 1):
        _, *expected = [step for step in whole if step[0] < failing][-1]
        assert run(6, failing) == tuple(expected)


@pytest.mark.parametrize("search", ["strong_wolfe", "hager_zhang", "backtracking", "trust_region"])
def test_a_search_that_ends_on_noise_says_so(search):
    generator = torch.Generator().manual_seed(1)
    loss = Logistic()
    whole = loss.x, loss.y

    def by_batches():
        chosen = torch.randint(80, (8,), generator=generator)
        loss.x, loss.y = whole[0][chosen], whole[1][chosen]
        return loss()

    optimizer = NewtonCG(loss.params) if search == "trust_region" else LBFGS(loss.params, line_search_fn=search)
    closure = Closure(optimizer, by_batches) if search != "trust_region" else by_batches
    ends = []
    for _ in range(20):
        optimizer.step(closure)
        ends.append(optimizer.message)
    noisy = [end for end in ends if not end.startswith("budget spent")]
    assert len(noisy) > 1
    assert all(end.startswith("the closure gives another value at the same point, ") for end in noisy)
    assert all(
        end.endswith("use model.eval(), the same batch in every call, or ravine.optim.repeatable(closure, model).")
        for end in noisy
    )


def test_steps_of_another_function_doubt_that_it_is_the_same():
    loss = Logistic()
    optimizer = LBFGS(loss.params, max_iter=2, same_function=True)
    optimizer.step(Closure(optimizer, loss))
    place, spent = loss.place.tolist(), optimizer.evaluations
    closure = Closure(optimizer, lambda: loss() + 1)
    optimizer.step(closure)
    assert optimizer.message.endswith("use the same batch in every step, or same_function=False.")
    assert (loss.place.tolist(), optimizer.evaluations) == (place, spent + closure.calls)
    for _ in range(20):  # and goes on from there, since it knows the value now
        optimizer.step(closure)
    np.testing.assert_allclose(loss.place, by_scipy(), atol=1e-6)


def test_what_is_not_finite_moves_nothing():
    problem = Logistic()
    optimizer = LBFGS(problem.params)
    loss = optimizer.step(Closure(optimizer, lambda: problem() * math.nan))
    assert math.isnan(loss.item())
    assert problem.place.tolist() == [0.0] * 6
    assert optimizer.message.startswith("not finite: the loss is nan before the step")


def test_without_a_search_lr_is_the_step_and_schedulers_move_it():
    x = nn.Parameter(torch.tensor([8.0], dtype=torch.float64))
    optimizer = Minimizer([x], "gradient_descent", "fixed", lr=0.5)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    places = []
    for _ in range(2):
        optimizer.step(Closure(optimizer, lambda: 0.5 * (x**2).sum()))
        schedule.step()
        places.append(x.item())
    assert places == [4.0, 3.0]  # x - lr x with lr = 0.5, then 0.25


@pytest.mark.parametrize("search", ["strong_wolfe", "hager_zhang", "backtracking", None])
def test_schedulers_may_end_at_an_lr_of_0(search):
    loss = Logistic()
    optimizer = LBFGS(loss.params, max_iter=2, line_search_fn=search)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
    closure, places, messages = Closure(optimizer, loss), [], []
    for _ in range(6):
        optimizer.step(closure)
        places.append(loss.place.tolist())
        messages.append(optimizer.message)
        schedule.step()
    assert [before == after for before, after in itertools.pairwise(places)] == [False, False, False, True, False]
    assert messages[4] == "no step was taken: lr is 0."


@pytest.mark.parametrize(
    "make", [lambda p: LBFGS(p, lr=0), lambda p: LBFGS(p, lr=torch.tensor(0.0), line_search_fn=None)]
)
def test_an_lr_of_0_takes_no_step(make):
    loss = Logistic()
    optimizer = make(loss.params)
    closure = Closure(optimizer, loss)
    assert optimizer.step(closure).item() == pytest.approx(math.log(2))
    assert (loss.place.tolist(), closure.calls) == ([0.0] * 6, 1)
    assert optimizer.message == "no step was taken: lr is 0."


@pytest.mark.parametrize("lr", [1e-300, 1e-10, 1e-3, 1e3, 1e20, 1e300])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_lr_that_is_far_off_is_no_end(lr, dtype):
    x = nn.Parameter(torch.tensor([-1.2, 1.0], dtype=dtype))
    optimizer = LBFGS([x], lr=lr, max_iter=200, max_eval=10_000, tolerance_grad=1e-4, tolerance_change=0)
    optimizer.step(Closure(optimizer, lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2))
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-2), optimizer.message


def test_a_fixed_search_goes_by_its_own_rate_times_lr():
    x = nn.Parameter(torch.tensor([8.0], dtype=torch.float64))
    optimizer = Minimizer([x], "gradient_descent", Fixed(0.5), lr=0.5)
    optimizer.step(Closure(optimizer, lambda: 0.5 * (x**2).sum()))
    assert x.item() == 6.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": -1}, {"lr": math.inf}, {"lr": math.nan}, {"lr": "1"}, {"lr": None}, {"lr": torch.ones(2)},
        {"max_iter": -1}, {"max_iter": None}, {"max_iter": "3"}, {"max_iter": 2.0}, {"max_eval": -5},
        {"max_eval": "3"}, {"tolerance_grad": math.nan}, {"tolerance_grad": "a"}, {"tolerance_change": None},
    ],
    ids=repr,
)  # fmt: skip
def test_limits_are_held_at_the_start_and_at_every_step(wrong):
    ((name, value),) = wrong.items()
    said = re.escape(f"{name}={value!r}: must be a ") + r"(finite |whole )?number, at least 0\.$"
    with pytest.raises(RavineError, match=said):
        LBFGS(Logistic().params, **wrong)
    if name != "lr":
        with pytest.raises(RavineError, match=said):
            NewtonCG(Logistic().params, **wrong)
    loss = Logistic()
    optimizer = LBFGS(loss.params)
    with pytest.raises(RavineError, match=said):
        optimizer.add_param_group({"params": [nn.Parameter(torch.ones(2))], **wrong})
    assert len(optimizer.param_groups) == 1
    optimizer.param_groups[0] |= wrong
    with pytest.raises(RavineError, match=said):
        optimizer.step(Closure(optimizer, loss))
    assert loss.place.tolist() == [0.0] * 6


@pytest.mark.parametrize("budget", [0, -1, math.nan, None, "9"], ids=repr)
def test_a_budget_is_at_least_one_evaluation(budget):
    loss = Logistic()
    optimizer = BFGS(loss.params)
    optimizer.budget = budget
    with pytest.raises(RavineError, match=re.escape(f"BFGS.budget={budget!r}: must be a number, at least 1, ")):
        optimizer.step(Closure(optimizer, loss))
    optimizer.budget = 1
    optimizer.step(Closure(optimizer, loss))
    assert (loss.place.tolist(), optimizer.evaluations) == ([0.0] * 6, 1)
    assert optimizer.message == "budget spent: 1 of 1 evaluations."


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: LBFGS(p, line_search_fn="strong_wolf"), "line_search_fn='strong_wolf': .* Did you mean 'strong_wo"),
        (
            lambda p: LBFGS(p, line_search_fn="trust_region"),
            "must be one of backtracking, strong_wolfe, hager_zhang, fixed",
        ),
        (
            lambda p: LBFGS(p).add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.1}),
            "lr differs between",
        ),
        (
            lambda p: LBFGS(p).add_param_group({"params": [nn.Parameter(torch.ones(1))] * 2}),
            "lists one parameter twice",
        ),
        (lambda p: LBFGS(p, history_size=0), "history must be at least 1, got 0"),
        (lambda p: LBFGS([{"params": p, "lr": 0.1}, {"params": [nn.Parameter(torch.ones(1))]}]), "lr differs between"),
        (lambda p: Minimizer(p, "levenberg_marquardt"), "needs residuals"),
        (lambda p: Minimizer(p, "bfgs", "trust_region"), "it cannot go with TrustRegion"),
        (lambda p: LBFGS(p).step(), r"LBFGS.step\(\) needs a closure"),
        (lambda p: LBFGS(p).step(p[0].sum()), r"LBFGS.step\(\) needs a closure"),
        (lambda p: LBFGS(p).step(lambda: None), "must return the loss, one real number, got None"),
        (lambda p: LBFGS(p).step(lambda: p[0] * 2), r"one real number, got a tensor of shape \[2\]"),
        (lambda p: LBFGS(p).step(lambda: p[0].sum() * (1 + 0j)), r"got a complex tensor of shape \[\]"),
        (lambda p: LBFGS(p).step(lambda: "0.5"), "one real number, got '0.5'"),
        (lambda p: LBFGS(p).step(lambda: (p[0].sum(), 1)), r"one real number, got \(tensor\(2., grad"),
        (lambda p: LBFGS(p).step(lambda: np.ones(2)), r"one real number, got array\(\[1., 1.\]\)"),
        (lambda p: LBFGS(p).step(p[0].sum), r"left no gradients: call loss.backward\(\) in it"),
        (lambda p: BFGS(p).step(lambda: 2.0), r"left no gradients: call loss.backward\(\) in it"),
        (
            lambda p: NewtonCG(p).step(lambda: 2.0),
            "return the loss as a tensor that depends on the parameters, got 2.0",
        ),
        (lambda p: NewtonCG(p).step(lambda: p[0].detach().sum()), r"depends on the parameters, got tensor\(2.\)"),
        (lambda p: NewtonCG(p).step(lambda: torch.ones((), requires_grad=True) * 2), "no loss of the parameters"),
        (
            lambda p: LBFGS(p).load_state_dict(torch.optim.LBFGS(p).state_dict() | {"state": {0: {"d": 1}}}),
            "of another",
        ),
    ],
)
def test_mistakes_are_told(make, said):
    with pytest.raises(RavineError, match=said):
        make([nn.Parameter(torch.ones(2))])


def test_a_step_that_begins_on_a_saddle_leaves_it():
    w = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = NewtonCG([w])
    for _ in range(3):
        optimizer.step(lambda: w[0] ** 2 - w[1] ** 2 + w[1] ** 4)
    np.testing.assert_allclose(w.detach().abs().numpy(), [0, 0.5**0.5], atol=1e-7)
