"""A few rows are predicted without scikit-learn's checks, where these would find nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import chalknet as cn
from chalknet.estimators._few import FEW, plain

rng = np.random.RandomState(0)
X = rng.randn(60, 3)
FIT = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_few_rows_get_what_many_get(engine, n_classes):
    model = cn.MLPClassifier(**FIT, engine=engine).fit(X, rng.randint(0, n_classes, 60))
    many = model.predict_proba(X)
    for n in (1, 2, FEW, FEW + 1):
        assert plain(model, X[:n]) == (n <= FEW)
        np.testing.assert_allclose(model.predict_proba(X[:n]), many[:n], rtol=1e-13)
        np.testing.assert_array_equal(model.predict(X[:n]), model.predict(X)[:n])
    model.coefs_[0] = np.zeros((3, 5))  # assigned weights are used
    assert np.ptp(model.predict_proba(X[:4]), axis=0).max() < 1e-12


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_whatever_is_wrong_is_still_told():
    model = cn.MLPRegressor(**FIT).fit(X, X[:, 0])
    bad = X[:2].copy()
    bad[1, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.predict(bad)
    for other, words in ((X[:1, :2], "2 features"), (X[0], "1D array"), (X[:0], "0 sample")):
        with pytest.raises(ValueError, match=words):
            model.predict(other)
    with pytest.raises(NotFittedError):
        cn.MLPRegressor().predict(X[:1])
    with pytest.raises(NotFittedError):
        cn.MLPClassifier().predict_proba(X[:1])
    named = cn.MLPRegressor(**FIT).fit(pd.DataFrame(X, columns=["a", "b", "c"]), X[:, 0])
    with pytest.warns(UserWarning, match="feature names"):
        named.predict(X[:1])
    assert not plain(model, X[:1].astype(">f8")) and not plain(model, X[:1].tolist())
