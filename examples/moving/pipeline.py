"""A regressor at the end of a pipeline, and what it makes of each column.

As in scikit-learn's gallery: "Partial Dependence and Individual Conditional Expectation Plots".
"""

from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_friedman1
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chalknet import MLPRegressor  # was: from sklearn.neural_network import MLPRegressor


def data(seed):
    """4000 rows of ten columns, of which five count; the same for every class of estimators."""
    X, y = make_friedman1(n_samples=4000, noise=1.0, random_state=seed)
    return train_test_split(X, y, random_state=seed)


def run(MLPRegressor, parts, seed):
    """R² on rows that were not learned from."""
    X, X_test, y, y_test = parts
    network = MLPRegressor(
        hidden_layer_sizes=(30, 15), learning_rate_init=0.01, early_stopping=True, random_state=seed
    )
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    model = make_pipeline(StandardScaler(), scaled).fit(X, y)
    partial_dependence(model, X[:500], features=[0, 3], grid_resolution=10)
    permutation_importance(model, X_test, y_test, n_repeats=3, random_state=seed)
    return model.score(X_test, y_test)


if __name__ == "__main__":
    print(f"R² = {run(MLPRegressor, data(0), 0):.3f}")
