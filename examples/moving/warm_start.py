"""One epoch a call, and a look at the test rows after each.

As in scikit-learn's gallery: "Compare Stochastic learning strategies for MLPClassifier", with warm starts.
"""

import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from chalknet import MLPClassifier  # was: from sklearn.neural_network import MLPClassifier


def data(seed):
    """Pictures of 1797 handwritten digits, 8 by 8."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16.0, y, stratify=y, random_state=seed)


def run(MLPClassifier, parts, seed):
    """Accuracy after 60 epochs."""
    X, X_test, y, y_test = parts
    model = MLPClassifier(learning_rate_init=0.005, max_iter=1, warm_start=True, random_state=seed)
    curve = []
    for _ in range(60):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is never enough
            curve.append(model.fit(X, y).score(X_test, y_test))
    assert len(model.loss_curve_) == 60
    assert model.coefs_[0].T.reshape(100, 8, 8).any()  # what each hidden unit looks for, as a picture
    return curve[-1]


if __name__ == "__main__":
    print(f"accuracy = {run(MLPClassifier, data(0), 0):.3f}")
