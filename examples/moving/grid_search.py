"""Which penalty, which size: a grid search over a pipeline.

As in scikit-learn's gallery: "Varying regularization in Multi-layer Perceptron", with a search in the place of the eye.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from chalknet import MLPClassifier  # was: from sklearn.neural_network import MLPClassifier


def data(seed):
    """Thirty measurements of 569 tumours."""
    X, y = load_breast_cancer(return_X_y=True)
    return train_test_split(X, y, stratify=y, random_state=seed)


def run(MLPClassifier, parts, seed):
    """Accuracy, on rows that the search has not seen, of the best of its eight networks."""
    X, X_test, y, y_test = parts
    network = MLPClassifier(learning_rate_init=0.01, max_iter=300, random_state=seed)
    model = Pipeline([("scale", StandardScaler()), ("net", network)])
    grid = {"net__alpha": [1e-4, 1e-2, 1.0, 10.0], "net__hidden_layer_sizes": [(10,), (50,)]}
    return GridSearchCV(model, grid, cv=3).fit(X, y).score(X_test, y_test)


if __name__ == "__main__":
    print(f"accuracy = {run(MLPClassifier, data(0), 0):.3f}")
