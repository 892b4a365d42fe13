"""A stream of small batches: each is predicted first, then learned from.

As in scikit-learn's gallery: "Out-of-core classification of text documents", with numbers in the place of texts.
"""

import numpy as np
from sklearn.datasets import make_classification

from chalknet import MLPClassifier  # was: from sklearn.neural_network import MLPClassifier


def data(seed):
    """300 batches of 100 rows, 20 columns and four classes."""
    X, y = make_classification(
        30_000, n_informative=8, n_classes=4, n_clusters_per_class=2, class_sep=1.5, random_state=seed
    )
    return np.split(X, 300), np.split(y, 300)


def run(MLPClassifier, parts, seed):
    """Accuracy of the predictions that were made before the answer was known, over the last 100 batches."""
    model = MLPClassifier(hidden_layer_sizes=(50,), random_state=seed)
    scores = []
    for X, y in zip(*parts, strict=True):
        if hasattr(model, "classes_"):
            scores.append(model.score(X, y))
        model.partial_fit(X, y, classes=[0, 1, 2, 3])
    return np.mean(scores[-100:])


if __name__ == "__main__":
    print(f"accuracy = {run(MLPClassifier, data(0), 0):.3f}")
