"""What a network may learn of its target: smoothed labels, several quantiles, a mean with a standard deviation."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import cross_val_score

import chalknet as cn
from chalknet.exceptions import ParameterError

ENGINES = ["numpy", "numba"]
RNG = np.random.default_rng(0)
X = RNG.uniform(-2.0, 2.0, (600, 1))
NOISE = 0.1 + 0.15 * (X[:, 0] + 2.0)
Y = np.sin(2.0 * X[:, 0]) + NOISE * RNG.standard_normal(600)
YES = (Y > 0).astype(int)
THREE = np.array(["low", "middle", "high"])[np.digitize(Y, [-0.5, 0.5])]
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (24,), "max_iter": 120, "learning_rate_init": 0.01, "random_state": 0, "tol": 0.0,
}  # fmt: skip
LEVELS = (0.05, 0.5, 0.95)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a.network_.parameters, b.network_.parameters, rtol=1e-8, atol=1e-10)


# smoothed labels


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"loss": "focal"}])
def test_engines_smooth_alike(y: Any, options: dict[str, Any]) -> None:
    if options.get("solver") == "lbfgs":
        options = {**options, "max_iter": 10}
    fits = [
        cn.MLPClassifier(**{**QUICK, "max_iter": 20, "label_smoothing": 0.1, **options, "engine": e}).fit(
            X, y
        )
        for e in ENGINES
    ]
    same(*fits)
    plain = cn.MLPClassifier(**{**QUICK, "max_iter": 20, **options, "engine": "numpy"}).fit(X, y)
    assert not np.allclose(fits[0].network_.parameters, plain.network_.parameters)


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
def test_smoothing_is_training_on_softer_targets(y: Any) -> None:
    classes = np.unique(y)
    targets = (y[:, None] == classes).astype(float) * 0.8 + 0.2 / len(classes)
    model = cn.MLPClassifier(label_smoothing=0.2, **{**QUICK, "shuffle": False}).fit(X, y)
    net = cn.MLPClassifier(**{**QUICK, "max_iter": 1}).fit(X, y).network_
    start = cn.MLPClassifier(**{**QUICK, "max_iter": 1, "learning_rate_init": 1e-300}).fit(X, y)
    net.layers = start.network_.layers
    plain: Any = type(model.network_.loss)(reduction="mean_rows")
    net.loss = plain
    penalty = {"l2": model.alpha}
    net.fit(
        X, targets if len(classes) > 2 else targets[:, 1:], optimizer=cn.Adam(0.01), epochs=120, batch_size=200,
        shuffle=False, engine=model.engine_, **penalty,
    )  # fmt: skip
    same(model, type("Model", (), {"network_": net}))


def test_smoothed_answers_are_less_certain_and_as_right() -> None:
    options = {**QUICK, "max_iter": 300}
    sharp, soft = (cn.MLPClassifier(label_smoothing=s, **options).fit(X, YES) for s in (0.0, 0.3))
    assert sharp.predict_proba(X).max() > 0.97
    assert soft.predict_proba(X).max() < 0.94
    assert abs(sharp.score(X, YES) - soft.score(X, YES)) < 0.03


def test_smoothing_survives_and_can_be_refused(tmp_path: Any) -> None:
    model = cn.MLPClassifier(label_smoothing=0.1, **{**QUICK, "max_iter": 3}).fit(X, THREE)
    assert clone(model).label_smoothing == 0.1
    cn.save(model, tmp_path / "model.chalk")
    loaded = cn.load(tmp_path / "model.chalk")
    assert loaded.network_.loss == model.network_.loss and loaded.label_smoothing == 0.1
    same(loaded.set_params(warm_start=True).fit(X, THREE), model.set_params(warm_start=True).fit(X, THREE))
    with pytest.raises(ParameterError, match=r"label_smoothing=0.1 needs a loss whose targets are shares"):
        cn.MLPClassifier(loss="hinge", label_smoothing=0.1).fit(X, YES)
    with pytest.raises(ParameterError, match="both smooth the labels: give one of the two"):
        cn.MLPClassifier(loss=cn.Focal(label_smoothing=0.2), label_smoothing=0.1).fit(X, YES)
    with pytest.raises(ValueError, match="label_smoothing"):
        cn.MLPClassifier(label_smoothing=1.0).fit(X, YES)
    own = cn.MLPClassifier(loss=cn.SoftmaxCrossEntropy(label_smoothing=0.2), **{**QUICK, "max_iter": 2}).fit(
        X, YES
    )
    assert own.network_.loss == cn.BinaryCrossEntropy(reduction="mean_rows", label_smoothing=0.2)


def test_a_smoothed_classifier_is_explained_with_its_softer_targets() -> None:
    model = cn.MLPClassifier(label_smoothing=0.1, **{**QUICK, "hidden_layer_sizes": (2,), "max_iter": 3})
    for y in (YES, THREE):
        model.fit(X, y)
        trace = cn.explain(model, X[:1], y[:1])
        given = next(g for g in trace.given if g.name == "y").value
        assert set(np.round(given.ravel(), 9)) <= {0.05, 0.95, round(0.1 / 3, 9), round(0.9 + 0.1 / 3, 9)}
        assert cn.check_gradients(model, X[:4], y[:4], engine="numba")
    labels = cn.Network(
        [cn.Dense(1, 3), cn.Softmax()],
        loss=cn.SparseCategoricalCrossEntropy(label_smoothing=0.3),
        random_state=0,
    )
    for engine in ENGINES:
        labels.fit(X, np.digitize(Y, [-0.5, 0.5]), epochs=2, engine=engine)
    assert np.isfinite(labels.loss_curve_).all() and len(labels.loss_curve_) == 4


# several quantiles


@pytest.mark.parametrize("engine", ENGINES)
def test_several_quantiles_cover_what_they_say_and_never_cross(engine: str) -> None:
    model = cn.MLPRegressor(cn.Quantile(q=LEVELS), engine=engine, **QUICK).fit(X[:400], Y[:400])
    found = model.predict(X)
    assert found.shape == (600, 3) and (np.diff(found, axis=1) >= 0).all()
    inside = (Y[400:] >= found[400:, 0]) & (Y[400:] <= found[400:, 2])
    assert 0.84 < inside.mean() < 0.97
    wanted = np.mean([d2_pinball_score(Y, found[:, i], alpha=q) for i, q in enumerate(LEVELS)])
    assert model.score(X, Y) == pytest.approx(wanted) and wanted > 0.3
    assert model.n_outputs_ == 3 and model.coefs_[-1].shape == (24, 3)


def test_quantiles_of_several_targets_in_large_units() -> None:
    both = np.c_[Y, 1e6 * Y + 5e6]
    fits = [
        cn.MLPRegressor(cn.Quantile(q=LEVELS), engine=e, scale_target=True, **QUICK).fit(X, both)
        for e in ENGINES
    ]
    same(*fits)
    found = fits[0].predict(X)
    assert found.shape == (600, 2, 3) and (np.diff(found, axis=2) >= 0).all()
    for target in range(2):
        inside = (both[:, target] >= found[:, target, 0]) & (both[:, target] <= found[:, target, 2])
        assert 0.84 < inside.mean() < 0.96
    assert 0.4 < fits[0].score(X, both) < 1.0


def test_crossed_quantiles_are_put_in_order() -> None:
    model = cn.MLPRegressor(cn.Quantile(q=LEVELS), **{**QUICK, "max_iter": 1}).fit(X, Y)
    raw = model.network_.predict(X)
    assert (np.diff(raw, axis=1) < 0).any()
    np.testing.assert_array_equal(model.predict(X), np.sort(raw, axis=1))


# a mean with a standard deviation


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gaussian_loss_learns_how_wide_the_noise_is(engine: str) -> None:
    model = cn.MLPRegressor("gaussian", engine=engine, **QUICK).fit(X[:400], Y[:400])
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, model.predict(X))
    assert mean.shape == std.shape == (600,) and (std > 0).all()
    assert stats.spearmanr(std, NOISE).statistic > 0.8
    inside = np.abs(Y - mean)[400:] < 1.645 * std[400:]
    assert 0.82 < inside.mean() < 0.97
    assert model.score(X, Y) == pytest.approx(r2_score(Y, mean))
    want = 0.5 * (2 * np.log(std) + (Y - mean) ** 2 / std**2)
    assert model.network_.evaluate(X, Y[:, None]) == pytest.approx(want.mean())


def test_deviations_are_in_the_targets_unit() -> None:
    both = np.c_[Y, 1e6 * Y + 5e6]
    fits = [cn.MLPRegressor("gaussian", engine=e, scale_target=True, **QUICK).fit(X, both) for e in ENGINES]
    same(*fits)
    mean, std = fits[0].predict(X, return_std=True)
    assert mean.shape == std.shape == (600, 2)
    for target in range(2):
        assert 0.84 < np.mean(np.abs(both - mean)[:, target] < 1.645 * std[:, target]) < 0.97
    assert fits[0].predict(X[:3].astype(np.float32)).dtype == np.float64


def test_other_losses_tell_no_deviation() -> None:
    model = cn.MLPRegressor(**{**QUICK, "max_iter": 1}).fit(X, Y)
    with pytest.raises(ParameterError, match=r'return_std=True\) needs loss="gaussian"'):
        model.predict(X, return_std=True)


@pytest.mark.parametrize("loss", ["gaussian", cn.Quantile(q=LEVELS)], ids=["gaussian", "quantiles"])
class TestAll:
    """What holds for any estimator holds for these."""

    def test_engines_and_ways_to_fit(self, loss: Any, tmp_path: Any) -> None:
        for options in (
            {"early_stopping": True},
            {"solver": "lbfgs", "max_iter": 15},
            {"dropout": 0.2},
            {"batch_size": 1, "max_iter": 2, "solver": "sgd", "learning_rate_init": 0.001},
        ):
            fits = [
                cn.MLPRegressor(loss, **{**QUICK, "max_iter": 20, **options, "engine": e}) for e in ENGINES
            ]
            same(*[model.fit(X, Y) for model in fits])
            assert fits[0].loss_curve_ == pytest.approx(fits[1].loss_curve_, rel=1e-7)

    def test_float32_sparse_rows_and_weights(self, loss: Any) -> None:
        weights = np.where(X[:, 0] > 0, 2.0, 0.5)
        options = {**QUICK, "max_iter": 10}
        dense = cn.MLPRegressor(loss, engine="numba", **options).fit(X, Y, weights)
        rows = cn.MLPRegressor(loss, engine="numba", **options).fit(sparse.csr_matrix(X), Y, weights)
        same(dense, rows)
        small = cn.MLPRegressor(loss, engine="numba", **options).fit(X.astype(np.float32), Y)
        assert small.predict(X.astype(np.float32)).dtype == np.float32
        with_own = cn.MLPRegressor(loss, **options).fit(X, Y, X_val=X[:50], y_val=Y[:50])
        assert len(with_own.validation_scores_) == 10

    def test_kept_and_gone_on_with(self, loss: Any, tmp_path: Any) -> None:
        model = cn.MLPRegressor(loss, **{**QUICK, "max_iter": 5, "warm_start": True}).fit(X, Y)
        cn.save(model, tmp_path / "model.chalk")
        for other in (cn.load(tmp_path / "model.chalk"), pickle.loads(pickle.dumps(model))):
            np.testing.assert_array_equal(other.predict(X), model.predict(X))
            assert other.score(X, Y) == model.score(X, Y)
        loaded = cn.load(tmp_path / "model.chalk")
        same(loaded.fit(X, Y), model.fit(X, Y))
        same(loaded.partial_fit(X, Y), model.partial_fit(X, Y))
        together = cn.fit_many([clone(model), cn.MLPRegressor(**{**QUICK, "max_iter": 5})], X, Y)
        same(together[0], clone(model).fit(X, Y))
        assert together[1].n_outputs_ == 1
        assert np.isfinite(cross_val_score(clone(model), X, Y, cv=3)).all()

    def test_explained_and_checked(self, loss: Any) -> None:
        model = cn.MLPRegressor(loss, **{**QUICK, "hidden_layer_sizes": (3,), "max_iter": 5}).fit(X, Y)
        for engine in ENGINES:
            assert cn.check_gradients(model, X[:5], Y[:5], engine=engine)
        for style in ("node", "matrix"):
            assert len(cn.explain(model, X[:2], Y[:2], style=style).steps) > 20

    def test_tables(self, loss: Any) -> None:
        model = cn.TabularRegressor(loss=loss, alpha=0.01, max_iter=200, random_state=0).fit(X, 1000 * Y)
        found = model.predict(X)
        assert found.shape == ((600,) if loss == "gaussian" else (600, 3))
        assert model.score(X, 1000 * Y) > 0.3
        if loss == "gaussian":
            mean, std = model.predict(X, return_std=True)
            assert 0.8 < np.mean(np.abs(1000 * Y - mean) < 1.645 * std) < 0.98
