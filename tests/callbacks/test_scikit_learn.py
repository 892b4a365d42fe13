"""scikit-learn's own callbacks (1.9 and later) on our estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.estimators import _tasks
from chalknet.exceptions import ParameterError

try:
    from sklearn.callback import ProgressBar, ScoringMonitor
except ImportError:  # before 1.9
    ProgressBar = None

X = np.random.default_rng(0).normal(size=(120, 3))
Y = (X[:, 0] > X[:, 1]).astype(int)
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Stops:
    """Hears of every task, and ends the run after some epochs."""

    def __init__(self, after: int) -> None:
        self.after, self.heard = after, list[tuple[str, str]]()

    def setup(self, estimator: Any, context: Any) -> None:
        self.heard.append(("setup", context.task_name))

    def teardown(self, estimator: Any, context: Any) -> None:
        self.heard.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.heard.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> bool:
        self.heard.append(("end", context.task_name))
        assert fitted_estimator.predict(X).shape == (120,)
        return context.task_name == "epoch" and context.task_id + 1 >= self.after


def test_an_estimator_without_callbacks_pays_nothing_and_old_versions_have_none() -> None:
    model = cn.MLPClassifier(**OPTIONS).fit(X, Y)
    assert not {_tasks.HEARS, "_callback_fit_ctx"} & set(vars(model))
    assert hasattr(model, "set_callbacks") == (ProgressBar is not None)


if ProgressBar is not None:

    @pytest.mark.parametrize("engine", ["numpy", "numba"])
    def test_each_epoch_is_scored_as_if_the_fit_had_ended_there(engine: str) -> None:
        monitor = ScoringMonitor(scoring="neg_log_loss")
        cn.MLPClassifier(engine=engine, **OPTIONS).set_callbacks(monitor).fit(X, Y)
        rows = sorted(monitor.get_logs().data, key=lambda row: (row["task_name"], row["task_id"]))
        assert [row["task_name"] for row in rows] == ["epoch"] * 5 + ["fit"]
        for epoch, row in enumerate(rows[:5], 1):
            until = cn.MLPClassifier(**{**OPTIONS, "max_iter": epoch}).fit(X, Y)
            proba = until.predict_proba(X)[np.arange(120), Y]
            assert row["neg_log_loss"] == pytest.approx(np.log(proba).mean())

    @pytest.mark.parametrize(
        "model",
        [
            cn.MLPClassifier(**OPTIONS),
            cn.MLPRegressor(**OPTIONS),
            cn.MLPClassifier(**{**OPTIONS, "solver": "lbfgs"}),
            cn.MLPClassifier(**OPTIONS, n_estimators=2),
        ],
        ids=str,
    )
    def test_tasks_come_in_order_and_a_callback_may_stop_the_fit(model: Any) -> None:
        stops = Stops(after=3)
        fitted = clone(model).set_callbacks(stops).fit(X, Y)
        epochs = [("begin", "epoch"), ("end", "epoch")] * 3
        assert stops.heard == [
            ("setup", "fit"),
            ("begin", "fit"),
            *epochs,
            ("end", "fit"),
            ("teardown", "fit"),
        ]
        assert fitted.n_iter_ == 3 and _tasks.HEARS not in vars(fitted)

    @pytest.mark.parametrize("model", [cn.Perceptron(), cn.TabularClassifier(max_iter=3)], ids=str)
    def test_the_others_are_one_task(model: Any) -> None:
        stops = Stops(after=99)
        clone(model).set_callbacks(stops).fit(X, Y)
        assert stops.heard == [("setup", "fit"), ("begin", "fit"), ("end", "fit"), ("teardown", "fit")]

    def test_a_failed_fit_is_cleared_up() -> None:
        stops = Stops(after=99)
        model = cn.MLPClassifier(**OPTIONS).set_callbacks(stops)
        with pytest.raises(ValueError, match="inconsistent numbers"):
            model.fit(X, Y[:5])
        assert stops.heard[-1] == ("teardown", "fit") and _tasks.HEARS not in vars(model)

    def test_searches_and_pipelines_pass_theirs_on(capsys: pytest.CaptureFixture[str]) -> None:
        search = GridSearchCV(cn.MLPClassifier(**OPTIONS), {"alpha": [0.0001, 0.1]}, cv=2)
        search.set_callbacks(ProgressBar()).fit(X, Y)
        assert "MLPClassifier" in capsys.readouterr().out
        pipeline = make_pipeline(StandardScaler(), cn.TabularClassifier(max_iter=2)).set_callbacks(
            ProgressBar()
        )
        pipeline.fit(X, Y)
        assert "TabularClassifier" in capsys.readouterr().out
        assert not hasattr(pipeline[-1], "_parent_callback_ctx")

    def test_in_the_wrong_place_they_say_where_they_belong() -> None:
        with pytest.raises(ParameterError, match="one of scikit-learn's: register it with set_callbacks"):
            cn.MLPClassifier(callbacks=ProgressBar()).fit(X, Y)
