"""Drop-ins and rules inside what others build around an optimizer: their loops give what PyTorch's optimizers give."""

import copy
import subprocess
import sys
import warnings

import pytest
import torch
import torch._dynamo
from torch import nn, optim

import ravine.optim
from ravine.optim import Optimizer
from ravine.optim.drop_in import DropIn
from ravine.rules import Adam, Average, Clip

from .torch_cases import farthest

pytestmark = pytest.mark.slow


def network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def examples(n=32):
    x = torch.randn(n, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return x, torch.sin(x.sum(1, keepdim=True))


def trained(make, steps=20, dtype=None):
    """Walks with autocast and a scaler whose scale grows and backs off."""
    model = network().float()
    x, y = (each.float() for each in examples())
    optimizer = make(model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16, growth_interval=4)
    scales = []
    for t in range(steps):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype or torch.bfloat16):
            loss = (model(x) - y).square().mean()
        scaler.scale(loss).backward()
        if t in (3, 11):
            next(model.parameters()).grad[0, 0] = float("inf")
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    return list(model.parameters()), scales, optimizer


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "NAdam", "RMSprop"])
def test_grad_scaler_and_autocast_step_a_drop_in_as_they_step_pytorchs(name):
    fused = {"fused": True} if name in ("SGD", "Adam", "AdamW") else {}  # asked for, as on a GPU; decides nothing here
    ours, scales, mine = trained(lambda params: getattr(ravine.optim, name)(params, lr=0.01, **fused))
    theirs, expected, _ = trained(lambda params: getattr(optim, name)(params, lr=0.01))
    assert scales == expected
    assert min(scales) < 2.0**16 < max(scales)
    assert farthest(ours, theirs) <= 1e-5
    assert name == "SGD" or next(iter(mine.state.values()))["step"] == 18


@pytest.mark.parametrize("name", ["SGD", "AdamW", "Adagrad"])
def test_gradients_that_are_accumulated_step_as_those_of_the_whole_batch(name):
    walks = []
    for parts in (1, 4):
        model, (x, y) = network(), examples()
        optimizer = getattr(ravine.optim, name)(model.parameters(), lr=0.05)
        for _ in range(10):
            for part in range(parts):
                chosen = slice(part * 32 // parts, (part + 1) * 32 // parts)
                ((model(x[chosen]) - y[chosen]).square().sum() / 32).backward()
            optimizer.step()
            optimizer.zero_grad()
        walks.append(list(model.parameters()))
    assert farthest(*walks) <= 1e-12


@pytest.mark.parametrize("engine", ["native", "plain"])
@pytest.mark.parametrize("kind", ["drop-in", "rule"])
def test_a_compiled_step_of_training_calls_the_optimizer_and_looks_into_nothing_of_it(kind, engine):
    walks, graphs = [], []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    for compiled in (False, True):
        model, (x, y) = network(), examples()
        if kind == "drop-in":
            optimizer = ravine.optim.Adam(model.parameters(), lr=0.05, weight_decay=0.1, engine=engine)
        else:
            optimizer = Optimizer(model.parameters(), Average(Clip(Adam(lr=0.05), norm=1.0), decay=0.9), engine=engine)
        schedule = optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.5)

        def step(model=model, optimizer=optimizer, x=x, y=y):
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler's own, about what it leaves out
            run = torch.compile(step, backend=backend) if compiled else step
            for _ in range(6):
                run()
                schedule.step()
        walks.append(list(model.parameters()))
    assert farthest(*walks) <= 1e-12
    assert 1 <= len(graphs) <= 3
    names = {str(node.target) for graph in graphs for node in graph.graph.nodes}
    assert not any("sqrt" in name or "lerp" in name for name in names)
    torch._dynamo.reset()


def called(optimizer):
    """What somebody would compile whole."""
    optimizer.step()


@pytest.mark.parametrize("make", [ravine.optim.Adam, lambda params: Optimizer(params, Adam())])
def test_a_graph_that_may_not_break_is_refused_with_the_reason(make):
    model = network()
    optimizer = make(model.parameters())
    with pytest.raises(torch._dynamo.exc.Unsupported, match="an optimizer's step is compiled by its own engine"):
        torch.compile(called, backend="eager", fullgraph=True)(optimizer)
    torch._dynamo.reset()


def test_neither_import_nor_step_imports_pytorchs_compiler():
    program = """
import sys, torch, ravine.optim
p = torch.nn.Parameter(torch.ones(3))
for optimizer in (ravine.optim.Adam([p]), ravine.optim.SGD([p], differentiable=False, engine="plain")):
    p.grad = torch.ones(3)
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Nothing of these tests is on the network, and nothing is asked of it."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))


class Table(torch.utils.data.Dataset):
    """Tokens to be repeated."""

    def __init__(self, n=48):
        self.tokens = torch.randint(0, 20, (n, 8), generator=torch.Generator().manual_seed(3))

    def __len__(self):
        return len(self.tokens)

    def __getitem__(self, k):
        return {"input_ids": self.tokens[k], "labels": self.tokens[k]}


def hugged(make, folder, resume=None):
    """Trains a tiny GPT-2 with Hugging Face's loop: clipping, accumulation, a schedule and checkpoints are its own."""
    import transformers

    transformers.set_seed(0)
    config = transformers.GPT2Config(
        vocab_size=20, n_positions=8, n_embd=16, n_layer=1, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
    )
    model = transformers.GPT2LMHeadModel(config)
    optimizer = make(ravine.optim.decay_groups(model, 0.1))
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, 2, 12)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        max_steps=12,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        max_grad_norm=0.5,
        save_steps=6,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        dataloader_pin_memory=False,
        logging_strategy="no",
        seed=0,
    )
    trainer = transformers.Trainer(model, arguments, train_dataset=Table(), optimizers=(optimizer, schedule))
    trainer.train(resume_from_checkpoint=resume)
    return [p.detach() for p in model.parameters()], optimizer


@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("default")
def test_hugging_faces_trainer_trains_with_it_and_resumes(tmp_path):
    ours, mine = hugged(lambda groups: ravine.optim.AdamW(groups, lr=0.01), tmp_path / "ours")
    theirs, other = hugged(lambda groups: optim.AdamW(groups, lr=0.01), tmp_path / "theirs")
    assert farthest(ours, theirs) <= 2e-5  # in float32, in closed loop
    assert [group["lr"] for group in mine.param_groups] == [group["lr"] for group in other.param_groups]
    assert {held["step"].item() for held in mine.state.values()} == {12.0}
    resumed, _ = hugged(
        lambda groups: ravine.optim.AdamW(groups, lr=0.01), tmp_path / "ours", tmp_path / "ours" / "checkpoint-6"
    )
    assert farthest(resumed, ours) <= 1e-6


def lightened(make, folder):
    """Trains with Lightning's loop: automatic optimization, its clipping, accumulation and checkpoint."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = network()

        def training_step(self, batch):
            x, y = batch
            return (self.network(x) - y).square().mean()

        def configure_optimizers(self):
            optimizer = make(self.parameters())
            cycles = not isinstance(optimizer, Optimizer) or isinstance(optimizer, DropIn)
            schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=16, cycle_momentum=cycles)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    module = Module()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*examples()), batch_size=8)
    trainer = lightning.Trainer(
        max_epochs=6,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=1.0,
        accumulate_grad_batches=2,
        default_root_dir=folder,
    )
    trainer.fit(module, loader)
    trainer.save_checkpoint(folder / "end.ckpt")
    return list(module.parameters()), torch.load(folder / "end.ckpt", weights_only=True)["optimizer_states"][0]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_lightning_trains_with_it_and_keeps_its_state(name, tmp_path):
    momentum = {"momentum": 0.9} if name == "SGD" else {}
    ours, mine = lightened(lambda params: getattr(ravine.optim, name)(params, lr=0.05, **momentum), tmp_path)
    theirs, other = lightened(lambda params: getattr(optim, name)(params, lr=0.05, **momentum), tmp_path)
    assert farthest(ours, theirs) <= 1e-10
    assert mine["param_groups"] == other["param_groups"]
    for held, expected in zip(mine["state"].values(), other["state"].values(), strict=True):
        assert held.keys() == expected.keys()
        for key in held:
            torch.testing.assert_close(held[key], expected[key], rtol=0, atol=1e-10)


@pytest.mark.filterwarnings("default")
def test_lightning_trains_with_a_rule_of_ravines(tmp_path):
    rule = Clip(Adam(lr=0.05), norm=1.0)
    ours, state = lightened(lambda params: Optimizer(params, rule), tmp_path)
    assert farthest(ours, list(network().parameters())) > 0.01
    assert state["param_groups"][0]["count"] == 12


def test_averaged_models_of_pytorchs_follow_a_drop_in():
    walks = []
    for home in (ravine.optim, optim):
        model, (x, y) = network(), examples()
        optimizer = home.Adam(model.parameters(), lr=0.05)
        averaged = optim.swa_utils.AveragedModel(model, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.9))
        for _ in range(10):
            optimizer.zero_grad()
            (averaged.module(x) * 0 + model(x) - y).square().mean().backward()
            optimizer.step()
            averaged.update_parameters(model)
        walks.append(list(copy.deepcopy(averaged).parameters()))
    assert farthest(*walks) <= 1e-10
