"""Several networks that predict as one, on handwritten digits: what it gains, and what it costs.

    python examples/ensemble.py

Five networks by their seeds, five on bootstrap samples, five that one run of the same length has kept on its way, five
that are boosted, and one run alone. The second table gives all of them what one network costs in inference.
"""

import math

from ravine.ensemble import Ensemble, bag, boost, compared, out_of_bag, scores, train_ensemble
from ravine.training.train import train

TASK = "digits"
RECIPE = "Recipe(Adam(lr=cosine(0.003)), epochs=15)"
SNAPSHOTS = "Recipe(Adam(lr=cosine(0.003)), epochs=15, keep=snapshots(5))"


def main() -> None:
    """Trains all of them, and prints their scores on the test set."""
    seeds = train_ensemble(TASK, RECIPE, members=5)
    print(scores(seeds), "\n")
    bagged = bag(TASK, RECIPE, members=5)
    judged = out_of_bag(bagged)
    print(f"Out of the bag, on training data: accuracy {judged.score:.4f}, log loss {judged.proper:.4f}\n")
    ensembles = {
        "one run": seeds.first(1),
        "five seeds": seeds,
        "five bags": bagged,
        "five snapshots": Ensemble.of_run(TASK, train(TASK, SNAPSHOTS)),
        "five boosted": boost(TASK, RECIPE, members=5),
    }
    print(compared(ensembles, flops=math.inf).round(4).to_string(), "\n")
    print(compared(ensembles).round(4).to_string())


if __name__ == "__main__":
    main()
