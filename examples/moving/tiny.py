"""Fits of a tiny table by L-BFGS, where nothing is to be gained.

As in scikit-learn's gallery wherever a table is small; "lbfgs" is what its guide advises for such.
"""

from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chalknet import MLPClassifier  # was: from sklearn.neural_network import MLPClassifier


def data(seed):
    """Thirteen measurements of 178 wines."""
    return load_wine(return_X_y=True)


def run(MLPClassifier, parts, seed):
    """Mean accuracy of ten folds."""
    network = MLPClassifier(hidden_layer_sizes=(8,), solver="lbfgs", random_state=seed)
    return cross_val_score(make_pipeline(StandardScaler(), network), *parts, cv=10).mean()


if __name__ == "__main__":
    print(f"accuracy = {run(MLPClassifier, data(0), 0):.3f}")
