"""Tasks that begin with the weights of another: what is loaded, what is new, how they travel, and what is refused."""

import dataclasses
import inspect
import sys

import cloudpickle
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from ravine.data.find import find
from ravine.data.model import build_model, check_model
from ravine.data.pretrained import Pretrained, digest_of, settled
from ravine.data.ready_made import digits_cnn
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.ranges import choice, integers
from ravine.rules import SGD
from ravine.study.compare import compare
from ravine.training.carrying import task_of, write_task
from ravine.training.train import train

LUCK = np.random.default_rng(0)
X = LUCK.normal(size=(40, 4)).astype(np.float32)
THREE, FIVE = np.arange(40) % 3, np.arange(40) % 5


def network(width=8, outputs=3):
    return nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, outputs))


def saved(path, model=None, **names):
    """A file with the weights of a trained-looking network, and its state."""
    torch.manual_seed(1)
    model = network() if model is None else model
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(torch.randn(value.shape).abs() * 3 if value.is_floating_point() else value + 7)
    state = {names.get(name.partition(".")[0], "") + name: value for name, value in model.state_dict().items()}
    torch.save(state, path)
    return model.state_dict()


def built(task, seed=0, **arguments):
    return build_model(task, seed, **arguments).state_dict()


def fates(task):
    return {row.name: row.fate for row in task.model.report.rows}


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("kind", ["torch", "safetensors"])
def test_all_that_fits_is_loaded_to_the_bit_and_the_rest_comes_from_the_seed(tmp_path, kind):
    state = saved(tmp_path / "w")
    if kind == "safetensors":
        save_file(state, tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    for seed in (0, 1):
        assert all(torch.equal(value, state[name]) for name, value in built(task, seed).items())
    other = Task(network, (X, FIVE)).pretrained(tmp_path / "w")
    one, again, two = built(other, 0), built(other, 0), built(other, 1)
    for name, value in one.items():
        assert torch.equal(value, again[name])
        assert torch.equal(value, two[name]) == (not name.startswith("3."))
        assert name.startswith("3.") or torch.equal(value, state[name])
    assert one["3.weight"].shape == (5, 8)
    check_model(other, build_model(other, 0), other.training_data.batch(torch.arange(8)))


def test_building_moves_nobody_elses_random_numbers(tmp_path):
    saved(tmp_path / "w")
    before = torch.random.get_rng_state()
    built(Task(network, (X, FIVE)).pretrained(tmp_path / "w"))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_never_shares_its_weights_with_the_file(tmp_path):
    saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    first = build_model(task, 0)
    with torch.no_grad():
        first[0].weight.zero_()
    assert built(task)["0.weight"].abs().min() > 0


def test_the_report_tells_what_became_of_every_tensor(tmp_path):
    saved(tmp_path / "w", nn.Sequential(*network(width=8), nn.Linear(3, 2)))
    task = Task(lambda: nn.Sequential(*network(outputs=6), nn.PReLU()), (X, FIVE)).pretrained(tmp_path / "w")
    loaded = ["0.weight", "0.bias", *(f"1.{own}" for own in ("weight", "bias", "running_mean", "running_var"))]
    assert fates(task) == {
        **dict.fromkeys([*loaded, "1.num_batches_tracked"], "loaded"),
        "3.weight": "new", "3.bias": "new", "4.weight": "skipped", "4.bias": "skipped",
    }  # fmt: skip
    norm = "weight [8], bias [8], running_mean [8], running_var [8], num_batches_tracked []"
    assert str(task.model.report).splitlines() == [
        "w: 7 tensors loaded, 2 new, 2 skipped",
        "loaded   0                             weight [8, 4], bias [8]",
        f"loaded   1                             {norm}",
        "new      3  made anew                  weight [5, 8] (file [3, 8]), bias [5] (file [3])",
        "skipped  4  another shape in the file  weight [1] (file [2, 3])",
        "skipped  4  not in the network         bias [2]",
    ]


@pytest.mark.parametrize(
    ("replace", "new", "outputs"),
    [
        (None, [], 3),
        (True, ["3.weight", "3.bias"], 3),
        (False, [], 3),
        ("3", ["3.weight", "3.bias"], 3),
        ("[03]", ["0.weight", "0.bias", "3.weight", "3.bias"], 3),
        ("0", ["0.weight", "0.bias"], 3),
    ],
)
def test_what_is_to_be_made_anew_is_where_the_sizes_fit_too(tmp_path, replace, new, outputs):
    state = saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w", replace_head=replace)
    assert [name for name, fate in fates(task).items() if fate == "new"] == new
    model = built(task)
    assert model["3.weight"].shape == (outputs, 8)
    assert [name for name in state if not torch.equal(model[name], state[name])] == new


@pytest.mark.parametrize(("replace", "outputs"), [(None, 5), (True, 5), (False, 3), ("3", 5), ("0", 3)])
def test_the_head_gets_as_many_outputs_as_there_are_labels_where_it_is_made_anew(tmp_path, replace, outputs):
    saved(tmp_path / "w")
    task = Task(network, (X, FIVE)).pretrained(tmp_path / "w", replace_head=replace)
    assert built(task)["3.weight"].shape == (outputs, 8)


@pytest.mark.parametrize(
    ("options", "outputs"),
    [
        ({"train": (X, X[:, 0])}, 1),
        ({"train": (X, X[:, :2])}, 2),
        ({"train": (X, THREE % 2), "loss": "binary_cross_entropy"}, 1),
        ({"train": (X, np.array(["a", "b", "c", "d"])[np.arange(40) % 4])}, 4),
        ({"train": (X, THREE), "loss": lambda outputs, _: outputs.mean()}, 7),
        ({"train": (X, THREE), "step": lambda model, batch: model(batch[0]).mean()}, 7),
    ],
)
def test_how_many_outputs_the_labels_need_is_told_by_the_loss(tmp_path, options, outputs):
    saved(tmp_path / "w")
    task = Task(lambda: network(outputs=7), **options).pretrained(tmp_path / "w")
    assert built(task)["3.weight"].shape == (outputs, 8)


class Convolved(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(1, 4, 3, padding=1)
        self.head = nn.Conv2d(4, 2, 3, padding="same", dilation=2, bias=False, padding_mode="reflect")

    def forward(self, x):
        return self.head(self.body(x))


def test_a_convolution_is_a_head_too_and_keeps_all_but_its_number_of_outputs(tmp_path):
    saved(tmp_path / "w", Convolved())
    pictures = torch.randn(12, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    classes = (pictures.squeeze(1) * 2).long().clamp(0, 2)
    task = Task(Convolved, (pictures, classes), loss="cross_entropy").pretrained(tmp_path / "w")
    head = build_model(task, 0).head
    assert (head.weight.shape, head.bias, head.padding, head.dilation) == ((3, 4, 3, 3), None, "same", (2, 2))
    assert head.padding_mode == "reflect"
    assert fates(task) == {"body.weight": "loaded", "body.bias": "loaded", "head.weight": "new"}


class Own(nn.Linear):
    pass


def test_a_head_of_a_kind_of_its_own_is_left_to_its_factory(tmp_path):
    def own(outputs=3):
        return nn.Sequential(*network()[:3], Own(8, outputs))

    saved(tmp_path / "w", own())
    told = sentence(lambda: Task(own, (X, FIVE)).pretrained(tmp_path / "w"))
    assert told == "the head '3' is a Own with 3 outputs, and the labels need 5: let the model's factory build it so."
    task = Task(own, (X, FIVE), model_arguments={"outputs": 5}).pretrained(tmp_path / "w", replace_head=True)
    assert built(task)["3.weight"].shape == (5, 8)


def test_a_network_that_is_one_layer_has_nothing_left_when_its_head_is_made_anew(tmp_path):
    saved(tmp_path / "w", nn.Linear(4, 3))
    task = Task(lambda: nn.Linear(4, 3), (X, THREE)).pretrained(tmp_path / "w")
    assert fates(task) == {"weight": "loaded", "bias": "loaded"}
    told = sentence(lambda: Task(lambda: nn.Linear(4, 3), (X, FIVE)).pretrained(tmp_path / "w"))
    assert "holds weights of another network" in told


def test_names_may_begin_otherwise_in_the_file(tmp_path):
    state = saved(tmp_path / "w", **dict.fromkeys("0123", "module."))
    task = Task(network, (X, THREE))
    told = sentence(lambda: task.pretrained(tmp_path / "w"))
    assert told == (
        f"{str(tmp_path / 'w')!r} holds weights of another network: none of its 9 tensors fits one of Sequential's by "
        "name and shape. It begins with module.0.weight [8, 4], module.0.bias [8], and the network with 0.weight "
        "[8, 4], 0.bias [8]. With rename={'module.': ''}, 9 would fit."
    )
    found = built(task.pretrained(tmp_path / "w", rename={"module.": ""}))
    assert all(torch.equal(value, state[name]) for name, value in found.items())
    wrapped = Task(lambda: nn.Sequential(network()), (X, THREE))
    saved(tmp_path / "v")
    assert sentence(lambda: wrapped.pretrained(tmp_path / "v")).endswith(" With rename={'': '0.'}, 9 would fit.")
    assert "new" not in fates(wrapped.pretrained(tmp_path / "v", rename={"": "0."})).values()


def test_the_beginning_that_most_have_is_advised_and_only_where_shapes_fit(tmp_path):
    some = {"b.0.weight": torch.ones(8, 4), "a.1.weight": torch.ones(8), "a.1.bias": torch.ones(8)}
    torch.save(
        {"c.0.bias": torch.ones(5), "c.3.bias": torch.ones(5), "c.1.bias": torch.ones(5), **some}, tmp_path / "w"
    )
    told = sentence(lambda: Task(network, (X, THREE)).pretrained(tmp_path / "w"))
    assert told.endswith(" With rename={'a.': ''}, 2 would fit.")


def test_the_longest_beginning_decides(tmp_path):
    torch.save({"a.0.weight": torch.ones(8, 4), "a.b.weight": torch.ones(8)}, tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w", rename={"a.": "", "a.b.": "1."})
    assert [name for name, fate in fates(task).items() if fate == "loaded"] == ["0.weight", "1.weight"]


@pytest.mark.parametrize(
    ("rename", "told"),
    [
        ({"modul": ""}, "rename={'modul': ''}: no tensor in "),
        ({"0.": "1."}, "rename={'0.': '1.'}: '0.weight' and '1.weight' would both be '1.weight'."),
        (["0."], "rename=['0.']: it must be a dict of beginnings, such as {'module.': ''}."),
    ],
)
def test_names_that_begin_with_nothing_known_or_meet_are_told(tmp_path, rename, told):
    saved(tmp_path / "w")
    assert sentence(lambda: Task(network, (X, THREE)).pretrained(tmp_path / "w", rename=rename)).startswith(told)


def test_strict_wants_all_and_nothing_else_but_the_head(tmp_path):
    saved(tmp_path / "w")
    strict = Task(network, (X, FIVE)).pretrained(tmp_path / "w", strict=True)
    assert fates(strict)["3.weight"] == "new"
    longer = Task(lambda: nn.Sequential(*network(), nn.PReLU()), (X, THREE))
    told = sentence(lambda: longer.pretrained(tmp_path / "w", strict=True))
    assert told == "strict=True: '4.weight' is new, not in the file."
    shorter = Task(lambda: nn.Sequential(*[*network()][:1], nn.Linear(8, 3)), (X, THREE))
    told = sentence(lambda: shorter.pretrained(tmp_path / "w", strict=True))
    assert told == "strict=True: '1.weight' is skipped, another shape in the file (and 6 more)."


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_another_precision_is_loaded_and_another_kind_of_number_is_not(tmp_path, dtype):
    values = torch.linspace(-1, 1, 32).reshape(8, 4).to(dtype)
    torch.save({"0.weight": values, "0.bias": torch.ones(8, dtype=torch.int8)}, tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    assert torch.equal(built(task)["0.weight"], values.float())
    row = next(row for row in task.model.report.rows if row.name == "0.bias")
    assert (row.fate, row.why) == ("skipped", "int8 in the file")


@pytest.mark.parametrize("name", ["below", "above"])
def test_a_tied_weight_that_the_file_names_once_is_loaded(tmp_path, name):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.below, self.above = nn.Linear(4, 4), nn.Linear(4, 4)
            self.above.weight = self.below.weight
            self.head = nn.Linear(4, 3)

        def forward(self, x):
            return self.head(self.above(self.below(x)))

    torch.save({f"{name}.weight": torch.full((4, 4), 2.0)}, tmp_path / "w")
    task = Task(Tied, (X, THREE)).pretrained(tmp_path / "w")
    assert [name for name, fate in fates(task).items() if fate == "loaded"] == ["below.weight", "above.weight"]
    assert bool((build_model(task, 0).above.weight == 2).all())


def test_lazy_layers_take_their_sizes_from_the_file(tmp_path):
    state = saved(tmp_path / "w")

    def lazily():
        return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(3))

    task = Task(lazily, (X, THREE)).pretrained(tmp_path / "w")
    assert all(torch.equal(value, state[name]) for name, value in built(task).items())


@settings(max_examples=15)
@given(widths=st.lists(st.integers(1, 6), min_size=2, max_size=5), other=st.lists(st.integers(1, 6), min_size=2))
def test_every_tensor_has_one_fate_and_is_what_its_fate_says(tmp_path_factory, widths, other):
    def layers(sizes):
        return nn.Sequential(*[nn.Linear(a, b) for a, b in zip([4, *sizes], [*sizes, 3], strict=True)])

    path = tmp_path_factory.mktemp("any") / "w"
    state = saved(path, layers(other))
    task = Task(lambda: layers(widths), (X, THREE))
    fits = {name for name, p in layers(widths).state_dict().items() if name in state and state[name].shape == p.shape}
    if not fits:
        assert "holds weights of another network" in sentence(lambda: task.pretrained(path))
        return
    pretrained = task.pretrained(path)
    names = [row.name for row in pretrained.model.report.rows]
    assert len(names) == len(set(names)) == len(set(state) | set(layers(widths).state_dict()))
    plain = built(dataclasses.replace(task))
    for name, value in built(pretrained).items():
        assert (fates(pretrained)[name] == "loaded") == (name in fits)
        assert torch.equal(value, state[name] if name in fits else plain[name])


def test_arguments_of_the_factory_are_set_searched_and_seen_as_before(tmp_path):
    saved(tmp_path / "w")
    task = Task(network, (X, THREE), model_arguments={"width": integers(2, 64)}).pretrained(tmp_path / "w")
    assert inspect.signature(task.model) == inspect.signature(network)
    assert task.model_arguments["width"] == integers(2, 64)
    assert len(task.model.report.of("loaded")) == 9  # at the factory's own width
    assert built(task, width=5)["0.weight"].shape == (5, 4)
    assert [row.name for row in task.model.transfer(width=5)[1].of("loaded")] == ["1.num_batches_tracked", "3.bias"]
    assert settled(lambda width: width, {"width": choice((3, 5, 7)), "drop": 0.1}) == {"width": 5, "drop": 0.1}


def test_errors_name_the_factory_that_was_given(tmp_path):
    saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    assert sentence(lambda: build_model(task, 0, widht=3)).startswith("network(widht=3) could not build the network: ")


def test_a_file_that_changed_is_refused(tmp_path):
    saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    digest = task.model.digest
    assert sentence(lambda: Task(network, (X, THREE)).pretrained(tmp_path / "w", digest="0" * 16)) == (
        f"the weights in {str(tmp_path / 'w')!r} are others than before: their digest was {'0' * 16!r}, and is "
        f"{digest!r}."
    )
    torch.save({"0.weight": torch.zeros(8, 4)}, tmp_path / "w")
    assert f"their digest was {digest!r}, and is" in sentence(lambda: build_model(task, 0))
    (tmp_path / "w").unlink()
    assert "there is no file of weights" in sentence(lambda: build_model(task, 0))


def test_what_a_task_begins_with_is_known_by_a_digest(tmp_path):
    saved(tmp_path / "w")
    saved(tmp_path / "v", network(outputs=5))
    first = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    second = first.pretrained(tmp_path / "v")
    digests = [factory.digest for factory in (second.model, first.model)]
    assert digests[0] != digests[1]
    assert digest_of(second.model) == " ".join(digests)
    assert digest_of(network) == ""


def test_it_travels_to_other_processes(tmp_path, monkeypatch):
    state = saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    assert task.source is None
    again = cloudpickle.loads(cloudpickle.dumps(task))
    assert str(again.model.report) == str(task.model.report)
    assert len(cloudpickle.dumps(task.model)) < 20_000  # the file is read where it is needed
    monkeypatch.chdir(tmp_path)
    found = task_of(write_task(task, tmp_path), None)
    assert all(torch.equal(value, state[name]) for name, value in built(found).items())


def test_the_text_by_which_it_is_found_names_the_file_its_digest_and_what_was_asked(tmp_path):
    path = tmp_path / "w.pt"
    torch.manual_seed(0)
    torch.save({f"net.{name}": value for name, value in digits_cnn().state_dict().items()}, path)
    task = find("digits").pretrained(path, replace_head=True, rename={"net.": ""}, strict=True)
    assert task.source == (
        f"pretrained('digits', {str(path)!r}, replace_head=True, rename={{'net.': ''}}, digest={task.model.digest!r}, "
        "strict=True)"
    )
    plain = find("digits").pretrained(path, rename={"net.": ""}, replace_head=False)
    assert plain.source.endswith(f", replace_head=False, rename={{'net.': ''}}, digest={task.model.digest!r})")


def test_the_text_makes_the_same_task_again_and_a_task_of_a_task(tmp_path):
    path, other = tmp_path / "a file's (weights).pt", tmp_path / "v"
    torch.manual_seed(0)
    torch.save({f"net.{name}": value for name, value in digits_cnn().state_dict().items()}, path)
    torch.save(digits_cnn().state_dict(), other)
    first = find("digits").pretrained(path, replace_head=True, rename={"net.": ""}, strict=True)
    for task in (first, find(first.source).pretrained(other, replace_head="4")):
        again = find(task.source)
        assert again.source == task.source
        for name, value in built(task, 3).items():
            assert torch.equal(value, built(again, 3)[name])
    torch.save({"0.weight": torch.zeros(16, 1, 3, 3)}, path)
    assert "are others than before" in sentence(lambda: find(first.source))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("pretrained('digits')", "pretrained(...): file is missing."),
        ("pretrained('digit', 'w')", "there is no task 'digit': "),
        ("pretrained('digits', 'w', head=True)", "pretrained has no field 'head'."),
        ("pretrained('digits', __import__('os'))", "Cannot read"),
    ],
)
def test_a_text_that_names_no_task_is_told(typed, told):
    assert sentence(lambda: find(typed)).startswith(told)


def test_a_task_file_may_make_one_and_is_its_source(tmp_path):
    saved(tmp_path / "w")
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom torch import nn\nfrom ravine import Task\n"
        "def network():\n"
        "    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))\n"
        "x = np.random.default_rng(0).normal(size=(40, 4)).astype('float32')\n"
        f"task = Task(network, (x, np.arange(40) % 3)).pretrained({str(tmp_path / 'w')!r})\n"
    )
    task = find(str(tmp_path / "mine.py"))
    assert task.source == f"{tmp_path / 'mine.py'}:task"
    assert isinstance(task.model, Pretrained)


def test_a_run_begins_with_the_weights_of_another_runs_folder(tmp_path):
    first = train(Task(network, (X, THREE)), SGD(lr=0.1), until=1, out=tmp_path / "first")
    task = Task(network, (X, FIVE)).pretrained(tmp_path / "first")
    assert [row.name for row in task.model.report.of("new")] == ["3.weight", "3.bias"]
    second = train(task, SGD(lr=0.0), until=1, out=tmp_path / "second")
    assert torch.equal(second.model[0].weight, first.model[0].weight)
    assert second.model[3].weight.shape == (5, 8)


def test_a_run_does_not_go_on_from_other_weights(tmp_path):
    saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w")
    train(task, SGD(lr=0.1), until=1, out=tmp_path / "run")
    saved(tmp_path / "v", network(outputs=5))
    other = Task(network, (X, THREE)).pretrained(tmp_path / "v")
    assert "holds another run: the data were others" in sentence(
        lambda: train(other, SGD(lr=0.1), until=1, out=tmp_path / "run")
    )
    assert train(task, SGD(lr=0.1), until=1, out=tmp_path / "run").outcome == "finished"


@pytest.mark.slow
def test_a_study_of_one_finds_its_weights_in_its_workers(tmp_path):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # as from a notebook, which no worker can import
    saved(tmp_path / "w")
    task = Task(network, (X, THREE)).pretrained(tmp_path / "w", replace_head=True)
    study = compare(task, methods=["sgd"], settings=1, epochs=2, seeds=1, folds=2, workers=1, out=tmp_path / "study")
    assert set(study.table()["outcome"]) == {"finished"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"replace_head": "haed"},
            "replace_head='haed': no layer of Sequential is called so, and it has 0, 1, 2, 3 la",
        ),
        (
            {"replace_head": 3},
            "replace_head=3: it must be True, False, None or a pattern of layer names, such as 'clas",
        ),
    ],
)
def test_a_head_that_is_none_is_told(tmp_path, options, told):
    saved(tmp_path / "w")
    assert sentence(lambda: Task(network, (X, THREE)).pretrained(tmp_path / "w", **options)).startswith(told)


def test_a_network_without_a_layer_to_replace_is_told(tmp_path):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(4))

        def forward(self, x):
            return x * self.scale

    saved(tmp_path / "w", Scale())
    task = Task(Scale, (X, np.arange(40) % 4))
    assert fates(task.pretrained(tmp_path / "w")) == {"scale": "loaded"}
    dense = Task(Convolved, (torch.randn(12, 1, 6, 6), torch.randn(12, 6, 6)))
    saved(tmp_path / "v", Convolved())
    assert built(dense.pretrained(tmp_path / "v"))["head.weight"].shape[0] == 2  # how many it needs is its own affair
    told = sentence(lambda: task.pretrained(tmp_path / "w", replace_head=True))
    assert told.startswith("replace_head=True: Scale has no linear layer and no convolution to replace; name its head")


def test_the_file_of_another_network_is_told_with_the_nearest_name(tmp_path):
    torch.save({"0.wieght": torch.zeros(8, 4), "1.num_batches_tracked": torch.tensor(3)}, tmp_path / "w")
    told = sentence(lambda: Task(network, (X, THREE)).pretrained(tmp_path / "w"))
    assert told.startswith(f"{str(tmp_path / 'w')!r} holds weights of another network: none of its 2 tensors fits one")
    assert told.endswith("and the network with 0.weight [8, 4], 0.bias [8]. Did you mean '0.weight'?")


def test_a_factory_that_fails_is_told_where_the_weights_are_named(tmp_path):
    saved(tmp_path / "w")
    task = Task(lambda: nn.Linear(4, 1 // 0), (X, THREE))
    assert sentence(lambda: task.pretrained(tmp_path / "w")).endswith("could not build the network: ZeroDivisionError: "
        "integer division or modulo by zero")  # fmt: skip
    assert "must return a torch.nn.Module, got a int" in sentence(
        lambda: build_model(Task(lambda: 3, (X, THREE)).pretrained(tmp_path / "w"), 0)
    )


def test_a_module_that_refuses_its_state_is_told(tmp_path):
    class Picky(nn.Linear):
        def _load_from_state_dict(self, *given):
            given[-1].append("not today")  # the errors

    saved(tmp_path / "w", nn.Linear(4, 3))
    told = sentence(lambda: Task(lambda: Picky(4, 3), (X, THREE)).pretrained(tmp_path / "w"))
    assert told.startswith(f"{str(tmp_path / 'w')!r} cannot be loaded: Error(s) in loading state_dict for Picky: not t")
