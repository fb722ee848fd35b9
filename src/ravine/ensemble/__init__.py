"""Ensembles: several networks that predict as one, trained apart, on samples of the data, or one upon the other."""

from .bagging import OutOfBag, bag, out_of_bag
from .boosting import boost
from .comparing import compared
from .ensemble import Ensemble
from .job import Job
from .member import Member
from .members import ensemble_of, train_ensemble
from .scoring import Scores, scores

__all__ = [
    "Ensemble",
    "Job",
    "Member",
    "OutOfBag",
    "Scores",
    "bag",
    "boost",
    "compared",
    "ensemble_of",
    "out_of_bag",
    "scores",
    "train_ensemble",
]
