from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.callbacks import Recorder
from chalknet.plots import animation, animations

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.RandomState(0)
X = RNG.randn(30, 2)
LABELS = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")


def watched(make, X, y, **options):
    recorder = Recorder()
    model = make(hidden_layer_sizes=(6,), random_state=0, engine="numpy", callbacks=[recorder], **options)
    return model.fit(X, y), recorder


@pytest.fixture
def seen(monkeypatch):
    """What each picture showed: titles, and the limits of its axes."""
    titles, kept = [], animations._curve

    def curve(ax, *args):
        kept(ax, *args)
        titles.append([one.get_title() for one in ax.figure.axes])

    monkeypatch.setattr(animations, "_curve", curve)
    return titles


def test_a_boundary_from_the_first_weights_to_the_last(tmp_path, seen):
    model, recorder = watched(cn.MLPClassifier, X, LABELS, max_iter=6, solver="adam", learning_rate_init=0.05)
    before, coefs = model.predict_proba(X), model.coefs_
    file = animation(model, X, LABELS, recorder, tmp_path / "run.gif", frames=3, resolution=8, dpi=40)
    assert file == tmp_path / "run.gif"
    with Image.open(file) as picture:
        assert (picture.format, picture.n_frames, picture.size) == ("GIF", 3, (360, 168))
    assert [titles[0] for titles in seen] == [f"MLPClassifier, epoch {e}" for e in (0, 3, 6)]
    assert all("training loss" in titles for titles in seen)
    assert np.array_equal(model.predict_proba(X), before) and model.coefs_ is coefs
    assert not plt.get_fignums()  # its own figure is closed


def test_pictures_show_the_recorded_weights(tmp_path, monkeypatch):
    model, recorder = watched(cn.MLPRegressor, X, X[:, 0], max_iter=3)
    answers = []
    monkeypatch.setattr(animations, "_answers", lambda model, X, *_, **__: answers.append(model.predict(X)))
    animation(model, X, X[:, 0], recorder, tmp_path / "a.gif", dpi=20)
    assert len(answers) == 4 and np.array_equal(answers[-1], model.predict(X))
    model.network_.parameters = recorder.path_[1]
    assert np.array_equal(answers[1], model.predict(X))


def test_a_curve_over_one_feature_of_a_pipeline(tmp_path, seen):
    recorder = Recorder()
    model = make_pipeline(StandardScaler(), cn.MLPRegressor(max_iter=2, random_state=0, callbacks=[recorder]))
    x, y = X[:, :1], X[:, 0] ** 2
    model.fit(x, y)
    figure = plt.figure(figsize=(6, 3))
    animation(
        model, x, y, recorder, str(tmp_path / "curve.GIF"), fig=figure, dpi=30, style="dark", resolution=5
    )
    assert [titles[0] for titles in seen] == [f"MLPRegressor, epoch {e}" for e in (0, 1, 2)]
    low, high = figure.axes[0].get_ylim()
    assert low == pytest.approx(y.min() - 0.15 * np.ptp(y)) and high == pytest.approx(
        y.max() + 0.15 * np.ptp(y)
    )
    assert figure.axes[0].get_xlabel() == "feature 0" and plt.fignum_exists(figure.number)


def test_a_network_trained_step_by_step(tmp_path):
    net = cn.Network(
        [cn.Dense(2, 4), cn.Tanh(), cn.Dense(4, 1), cn.Sigmoid()], cn.BinaryCrossEntropy(), random_state=0
    )
    y, path = (LABELS == "same").astype(float), []
    for _ in range(3):
        path.append(net.parameters.copy())
        net.fit(X, y, optimizer=cn.Adam(0.1), epochs=1)
    file = animation(
        net, X, y, path, tmp_path / "steps.gif", resolution=8, dpi=40, style="lecture", features=(1, 0)
    )
    with Image.open(file) as picture:
        assert picture.n_frames == 3 and picture.size == (184, 168)  # no losses, one panel


def test_nothing_jumps_from_picture_to_picture(tmp_path, monkeypatch):
    model, recorder = watched(cn.MLPClassifier, X, LABELS, max_iter=3)
    places, grab = [], mpl.animation.PillowWriter.grab_frame

    def grabbed(self, **options):
        grab(self, **options)
        places.append([tuple(ax.get_position().bounds) for ax in self.fig.axes])

    monkeypatch.setattr(mpl.animation.PillowWriter, "grab_frame", grabbed)
    animation(model, X, LABELS, recorder, tmp_path / "a.gif", resolution=8, dpi=30)
    assert len(places) == 4 + 14 and all(np.allclose(place, places[0]) for place in places)


def test_a_loss_that_falls_far_has_a_logarithmic_axis():
    from chalknet.plots.style import look

    ax = plt.figure().add_subplot()
    losses = [None, 1.0, 0.1, 0.001]
    animations._curve(ax, look("light"), [0, 1, 2, 3], losses, np.array([False, True, True, True]), 2)
    assert ax.get_yscale() == "log"
    assert [len(line.get_xdata()) for line in ax.lines] == [3, 2, 1]  # all, up to now, now


def test_what_cannot_be_animated(tmp_path):
    model, recorder = watched(cn.MLPClassifier, X, LABELS, max_iter=1)
    with pytest.raises(cn.ParameterError, match=r"'run\.mp4': a moving picture's suffix must be \.gif"):
        animation(model, X, LABELS, recorder, tmp_path / "run.mp4")
    for wrong in ({"frames": 0}, {"fps": 0}):
        with pytest.raises(cn.ParameterError, match="at least 1 frame and an fps above 0"):
            animation(model, X, LABELS, recorder, tmp_path / "a.gif", **wrong)
    with pytest.raises(cn.NotFittedError, match="has watched no training"):
        animation(model, X, LABELS, Recorder(), tmp_path / "a.gif")
    with pytest.raises(cn.ShapeError, match=r"path has shape \(2, 3\)"):
        animation(model, X, LABELS, np.zeros((2, 3)), tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())
