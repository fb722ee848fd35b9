"""What users mistype and misplace, and the words that must stand in the one line that answers."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

HEAD = """
import torch
from torch import nn

import ravine

x, y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 2


class Odd(nn.Linear):
    def forward(self, x):
        raise KeyError("odd")


class Trained(nn.Linear):
    def forward(self, x):
        if self.training:
            raise KeyError("trained")
        return super().forward(x)

"""
TASKS = {
    "raises": "1 / 0",
    "syntax": "def (:",
    "empty": "",
    "number": "task = 3",
    "function": "def task():\n    return 3",
    "two": "a = b = ravine.Task(lambda: nn.Linear(3, 2), (x, y))",
    "built": "task = ravine.Task(nn.Linear(3, 2), (x, y))",
    "no_network": "task = ravine.Task(lambda: 3, (x, y))",
    "factory": "task = ravine.Task(lambda: 1 / 0, (x, y))",
    "lengths": "task = ravine.Task(lambda: nn.Linear(3, 2), (x, y[:30]))",
    "outputs": "task = ravine.Task(lambda: nn.Linear(3, 1), (x, torch.arange(40) % 3))",
    "inputs": "task = ravine.Task(lambda: nn.Linear(4, 2), (x, y))",
    "forward": "task = ravine.Task(lambda: Odd(3, 2), (x, y))",
    "training": "task = ravine.Task(lambda: Trained(3, 2), (x, y))",
    "detached": "task = ravine.Task(lambda: nn.Linear(3, 2), (x, y), loss=lambda o, t: o.detach().sum())",
    "vector": "task = ravine.Task(lambda: nn.Linear(3, 2), (x, y), loss=lambda o, t: o.sum(1))",
    "data": "task = ravine.Task(lambda: nn.Linear(3, 2), 5)",
}
"""Task files, each wrong in its own way."""
RULE = """
from ravine.rules import Wrapper
from ravine.rules.rule import Number, Rule, field, log

class {name}({kind}):
    lr: Number = field({default}, "step length", at_least=0, search=log(0.01, 1.0))
    def update(self, p, {arguments}):
        return p - self.lr * g
"""
RULES = {
    "right": RULE.format(name="Right", kind="Rule", default="0.1", arguments="g"),
    "needs": RULE.format(name="Needs", kind="Rule", default="...", arguments="g"),
    "around": RULE.format(name="Around", kind="Wrapper", default="0.1", arguments="g, inner"),
    "arguments": RULE.format(name="Wrong", kind="Rule", default="0.1", arguments="g, m"),
}
RULES["taken"] = RULES["right"].replace("lr", "name")
RULES["pair"] = RULES["right"] + RULES["needs"]
"""Files with rules, most of them with one that is wrong or has to be told more."""


def misplaced(folder: Path) -> None:
    """Fills a folder with files in which something is wrong, and one that is good."""
    for name, code in TASKS.items():
        (folder / f"{name}.py").write_text(f"{HEAD}{code}\n")
    for name, code in RULES.items():
        (folder / f"{name}.py").write_text(code)
    generator = np.random.default_rng(0)
    good = pd.DataFrame(generator.normal(size=(40, 2)), columns=["a", "b"]).assign(target=np.arange(40) % 2)
    tables = {
        "good": good,
        "no_target": good.drop(columns="target"),
        "missing_number": good.assign(a=good.a.where(good.index != 3)),
        "missing_label": good.assign(target=good.target.where(good.index != 3)),
        "infinite": good.assign(a=np.inf),
        "lone": good.assign(target=["x", *["y", "z"] * 19, "y"]),
        "one_class": good.assign(target=1),
        "three_rows": good[:3],
        "no_rows": good[:0],
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "nothing.csv").touch()
    (folder / "bytes.parquet").write_bytes(generator.bytes(100))
    (folder / "bytes.npz").write_bytes(generator.bytes(100))
    (folder / "file").write_text("mine")
    (folder / "nameless.txt").write_text("Adam()\nSGD()\n")
    for name in ("damaged", "foreign"):
        (folder / name).mkdir()
    (folder / "damaged" / "study.sqlite").write_bytes(generator.bytes(5000))
    with closing(sqlite3.connect(folder / "foreign" / "study.sqlite")) as database, database:
        database.execute("create table songs (name text)")


DATA = [
    ("compare digit", "'digit'", "Did you mean 'digits'?"),
    ("compare nope", "'nope'", "name one of digits, wine"),
    ("compare goood.csv", "'goood.csv'", "Did you mean 'good.csv'?"),
    ("compare raisse.py", "'raisse.py'", "Did you mean 'raises.py'?"),
    ("compare good.csv:tarket", "'tarket'", "Did you mean 'target'?"),
    ("compare no_target.csv", "no column 'target'", "write no_target.csv:COLUMN, one of a, b"),
    ("compare nothing.csv", "nothing.csv", "can't be read as CSV"),
    ("compare bytes.parquet", "bytes.parquet", "can't be read as PARQUET"),
    ("compare bytes.npz", "bytes.npz", "can't be read as NPZ"),
    ("compare no_rows.csv", "is empty"),
    ("compare missing_number.csv", "row 3", "column 'a'", "fill it in"),
    ("compare missing_label.csv", "target has nan in row 3"),
    ("compare infinite.csv", "inf", "column 'a'"),
    ("compare lone.csv", "'x' has 1", "leave the class out"),
    ("compare one_class.csv", "nothing to tell apart"),
    ("compare three_rows.csv", "at least 2 examples of each class"),
    ("compare good.csv --folds 30", "30 parts need at least 30 examples of each class", "use fewer folds"),
    ("compare good.csv --holdout 0.99", "holding out 0.99 of 32 examples"),
    ("compare openml:", "openml:NAME"),
]
FILES = [
    ("compare raises.py", "raises.py, line 21: ZeroDivisionError"),
    ("compare syntax.py", "syntax.py, line 21: SyntaxError"),
    ("compare empty.py", "makes no task", "task = ravine.Task("),
    ("compare number.py", "makes no task"),
    ("compare function.py:task", "must be a Task, or a function that gives one, got 3"),
    ("compare two.py", "has the tasks a, b: write two.py:a"),
    ("compare two.py:c", "no task 'c', only a, b"),
    ("compare built.py", "must build a new network each time"),
    ("compare no_network.py", "must return a torch.nn.Module"),
    ("compare factory.py", "could not build the network: ZeroDivisionError"),
    ("compare lengths.py", "inputs 40, target 30"),
    ("compare outputs.py", "outputs of shape [8, 1]", "needs [8, 3]"),
    ("compare inputs.py", "mat1 and mat2 shapes cannot be multiplied (8x3 and 4x2)"),
    ("compare forward.py", "Odd and the loss can't take", "KeyError: 'odd'"),
    ("compare detached.py", "does not depend on the network's weights"),
    ("compare vector.py", "must be one number", "[8]"),
    ("compare data.py", "must be arrays, a table or a Dataset"),
]
METHODS = [
    ("compare wine --methods sgdd", "'sgdd'", "Did you mean 'sgd'?"),
    ("compare wine --methods levenberg_marquardt,sgd", "LevenbergMarquardt()", "needs the residuals", "LBFGS()"),
    ("train wine --recipe Recipe(GaussNewton())", "GaussNewton()", "needs the residuals", "LBFGS()"),
    ("compare wine --methods sgd,,adam", "'sgd,,adam'", "item 2"),
    ("compare wine --methods sgd,adam,sgd", "'sgd' is named twice"),
    ("compare wine --methods ", "empty"),
    ("compare wine --methods Adam(lr=", "'('", "not closed"),
    ("compare wine --methods Adam(lr=0.1))", "')'", "closes nothing"),
    ("compare wine --methods Adam(lr=-1)", "Adam(lr=-1)", "at least 0"),
    ("compare wine --methods Adam(beta1=1.5)", "Adam(beta1=1.5)", "in [0, 1)"),
    ("compare wine --methods Adam(learning_rate=1)", "'learning_rate'", "Did you mean 'lr'?"),
    ("compare wine --methods Adam(rho=0.9)", "'rho'", "Did you mean 'beta2'?"),
    ("compare wine --methods Adam(lr='x')", "must be a number, got 'x'"),
    ("compare wine --methods Adam(lr=1,lr=2)", "lr is given twice, as 1 and as 2"),
    ("compare wine --methods Adam(lr=log(1,0.1))", "log(1, 0.1)", "low end must be below"),
    ("compare wine --methods Adam(lr=log(0,0.1))", "log(low=0)", "above 0"),
    ("compare wine --methods __import__('os').remove('good.csv')", "__import__", "only a name"),
    ("compare wine --methods adam.lr", "'adam.lr'", "nothing is evaluated"),
    ("compare wine --methods mine.py:MyRule", "'mine.py'", "no file"),
    ("compare wine --methods empty.py:MyRule", "'empty.py'", "defines no rule"),
    ("compare wine --methods raises.py:MyRule", "raises.py, line 21"),
    ("compare wine --methods Clip", "rule must be given", "Clip(Adam())"),
    ("compare wine --methods muon", "moves matrices alone", "write Split(Muon(), AdamW())"),
    ("compare wine --methods Muon", "write Split(Muon(), AdamW())"),
    ("compare wine --methods Split", "rule and others must be given", "Split(Muon(), AdamW())"),
    ("compare wine --methods Split(Muon())", "others is missing"),
    ("compare wine --methods Split(Muon(),AdamW(),where='last')", "'hidden' or 'matrices'", "got 'last'"),
    ("compare wine --methods Recipe(choice((SGD(),Adam())))", "searches among rules"),
    ("compare wine --methods cosine(0.1)", "'cosine(0.1)' is no method"),
    ("compare wine --recipe Adam(lr=log(1e-4,1e-1))", "log(0.0001, 0.1)", "goes to --methods"),
    ("compare wine --recipe adm", "'adm'", "Did you mean 'adam'?"),
    ("compare wine --recipe cosine(1.0)", "--recipe 'cosine(1.0)'", "write a rule"),
    ("compare wine --recipe Recipe(Adam(),batch_size=0)", "batch_size=0", "at least 1"),
    ("compare wine --recipe Recipe(Adam(),order='sorted')", "order='sorted'", "'shuffled' or 'stored'"),
]
OPTIONS = [
    ("compare wine --settings 3", "--settings 3", "power of two"),
    ("compare wine --settings 0", "--settings 0", "from 1 to 4096"),
    ("compare wine --settings two", "--settings 'two'", "a whole number"),
    ("compare wine --settings=1.5", "--settings '1.5'", "a whole number"),
    ("compare wine --folds 1", "--folds 1", "from 2 to 500"),
    ("compare wine --holdout 1.5", "--holdout 1.5", "in (0, 1)"),
    ("compare wine --holdout half", "--holdout 'half'", "a number"),
    ("compare wine --seeds 0", "--seeds 0"),
    ("compare wine --epochs 0", "--epochs 0"),
    ("compare wine --epochs 1e3", "--epochs '1e3'"),
    ("compare wine --metric acuracy", "'acuracy'", "Did you mean 'accuracy'?"),
    ("compare wine --metric r2", "'r2'", "can't judge targets that are classes"),
    ("compare diabetes --metric accuracy", "'accuracy'", "can't judge targets that are numbers"),
    ("compare wine --matters much", "--matters 'much'", "such as 0.3%"),
    ("compare wine --matters -1%", "--matters '-1%'"),
    ("compare wine --matters nan", "--matters 'nan'"),
    ("compare wine --budget soon", "--budget 'soon'", "such as 60s"),
    ("compare wine --budget 0s", "--budget '0s'", "above 0"),
    ("compare wine --budget 60s --epochs 3", "give one of the two"),
    ("compare wine --search random", "--search 'random'", "sobol or grid"),
    ("compare wine --workers 0", "--workers 0", "from 1 to 1024"),
    ("compare wine --seed -1", "--seed -1"),
    ("compare wine --device gpu", "--device gpu", "no such device"),
    ("compare wine --export runs.xlsx", "--export 'runs.xlsx'", ".parquet or .csv"),
    ("compare wine --export no/where.csv", "--export 'no/where.csv'", "no folder 'no'"),
    ("compare wine --out file", "--out 'file'", "choose a folder"),
    ("compare wine --out file/below", "--out 'file/below'", "choose a folder"),
    ("compare wine --out /proc/nowhere", "'/proc/nowhere'", "Choose another --out"),
    ("compare wine --out damaged", "'damaged/study.sqlite'", "damaged"),
    ("compare wine --out foreign", "'foreign/study.sqlite'", "no study of Ravine's"),
    ("compare wine --ot x", "--ot", "--out"),
    ("compare wine digits", "digits"),
    ("comper wine", "'comper'", "Did you mean 'compare'?"),
]
OTHERS = [
    ("report nowhere", "no study in 'nowhere'"),
    ("report file", "no study in 'file'"),
    ("report damaged", "'damaged/study.sqlite'", "damaged"),
    ("report foreign", "'foreign/study.sqlite'", "no study of Ravine's"),
    ("report", "DIR"),
    ("train wine", "--recipe"),
    ("train wine --recipe Adam(lr=log(1e-4,1e-1))", "log(0.0001, 0.1)"),
    ("train wine --recipe adm", "'adm'", "Did you mean 'adam'?"),
    ("train wine --recipe Adam() --set width", "--set 'width'", "width=32"),
    ("train wine --recipe Adam() --set 2=3", "--set '2=3'"),
    ("train wine --recipe Adam() --set width=wide", "'wide'"),
    ("train wine --recipe Adam() --set height=3", "height"),
    ("train wine --recipe Adam() --until 99", "99", "from 1 to 15"),
    ("train wine --recipe Adam() --device gpu", "gpu", "no such device"),
    ("train wine --recipe Adam() --out file", "'file'"),
    ("predict nowhere good.csv", "no run in 'nowhere'"),
    ("predict good.csv", "DATA"),
    ("predict nowhere good.csv --out table.txt", "--out 'table.txt'", ".csv or .parquet"),
    ("methods admm", "'admm'", "Did you mean 'adam'?"),
    ("methods frobnicate", "'frobnicate'", "lists all"),
]
CHECK = [
    ("check", "RULE"),
    ("check nope.py", "there is no file 'nope.py'"),
    ("check nope.py:MyRule", "there is no file 'nope.py'"),
    ("check good.csv", "'good.csv'", "my_rule.py:MyRule"),
    ("check adam", "'adam'", "name a Python file"),
    ("check empty.py", "'empty.py' defines no rule"),
    ("check raises.py", "raises.py, line 21: ZeroDivisionError"),
    ("check arguments.py", "arguments.py, line 5", "Wrong.update(self, p, g, m): its arguments must be self, p, g"),
    ("check needs.py", "lr, the step length, must be given, as in 'needs.py:Needs(lr=0.1)'"),
    ("check around.py", "rule, the wrapped rule, must be given, as in 'around.py:Around(rule=SGD())'"),
    ("check pair.py", "has the rules Right, Needs: write pair.py:Right"),
    ("check pair.py:Rigth", "'Rigth'", "Did you mean 'Right'?"),
    ("check right.py:Right(lr=-1)", "lr must be at least 0, got -1"),
    ("check right.py:Right(rate=1)", "no field 'rate'", "Its fields: lr"),
    ("check right.py:Right(", "never closed"),
    ("check right.py:Right(lr=log(0.1,1))", "log(0.1, 1) is a range"),
    ("check taken.py", "a field called name", "call it otherwise"),
    ("check right.py:cosine", "cosine is no rule; right.py has Right"),
    ("check right.py:Recipe(Right())", "Recipe(Right()) is no rule"),
    ("check right.py --engine natve", "engine='natve'", "Did you mean 'native'?"),
]
RECIPES = [
    ("compare wine --vary regularizaton", "--vary 'regularizaton'", "Did you mean 'regularization'?"),
    ("compare wine --vary model", "no argument of the task's model holds a range"),
    ("compare wine --vary schedule --recipe LBFGS()", "--vary 'schedule'", "leaves loss, model, optimizer to vary"),
    ("compare wine --methods lbfg", "'lbfg'", "Did you mean 'LBFGS'?"),
    ("compare wine --vary loss --methods adam", "--methods and --vary each say who takes part"),
    ("compare wine --one-by-one", "give it, as in --recipe"),
    ("compare wine --one-by-one --recipe Adam()", "no part to add or to leave out"),
    ("compare wine --recipes nowhere.txt", "'nowhere.txt'", "No such file"),
    ("compare wine --recipes nameless.txt", "'nameless.txt'", "write name = Adam()"),
    ("compare wine --methods Recipe(Adam(),augmentation=crop())", "crop()", "takes images, [n, c, h, w]"),
    ("compare wine --methods Recipe(Adam(),layers=dropout(0.2,after='heda'))", "'heda'"),
    ("train wine --recipe Recipe(Adam(),augmentation=cutmix())", "cutmix()", "takes images"),
    ("train wine --recipe Recipe(Adam(),augmentation=mixup(0))", "mixup(alpha=0)", "in [0.01, 100]"),
    ("train diabetes --recipe Recipe(Adam(),augmentation=mixup())", "write mixup(numbers=True)"),
    ("train wine --recipe Recipe(Adam(),augmentation=flipp())", "'flipp'", "Did you mean 'flip'?"),
    ("train wine --recipe Recipe(Adam(),layers=dropout(1.5))", "dropout(drop=1.5)", "in [0, 1)"),
    ("train wine --recipe Recipe(Adam(),layers=dropout(0.2,after='heda'))", "'heda'"),
    ("train wine --recipe Recipe(Adam(),layers=freeze('heda'))", "'heda'"),
    ("train wine --recipe Recipe(Adam(),penalties=l2(-1))", "l2(strength=-1)", "at least 0"),
    ("train wine --recipe Recipe(Adam(),penalties=Adam())", "penalties must be a penalty, got Adam()"),
    ("train wine --recipe Recipe(Adam(),loss=squared_error())", "squared_error()"),
    ("train wine --recipe Recipe(Adam(),keep=snapshots(99))", "use at most 15 cycles"),
    ("train wine --recipe Recipe(Adam(),keep=swa(1.0))", "swa(start=1.0)", "in [0, 1)"),
]
MISTAKES = [*CHECK, *DATA, *FILES, *METHODS, *OPTIONS, *OTHERS, *RECIPES]
