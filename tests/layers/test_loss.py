"""Loss objects: one class for each row of the table, reductions, weights, labels, derivatives and refusals."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from chalknet.exceptions import DataError, ParameterError, ShapeError, UnknownNameError
from chalknet.layers import loss as module
from chalknet.layers.loss import (
    CLASSES,
    MAE,
    MSE,
    REDUCTIONS,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    HalfSquaredError,
    Hinge,
    Huber,
    Poisson,
    Quantile,
    SoftmaxCrossEntropy,
    SparseCategoricalCrossEntropy,
    from_config,
)
from chalknet.maths.losses import LOSSES

RNG = np.random.RandomState(0)
A = RNG.uniform(0.05, 0.95, (5, 3))  # fits every loss's domain
ONE_HOT = np.eye(3)[[2, 0, 1, 1, 2]]
LABELS = np.array([2, 0, 1, 1, 2])
W = np.array([1.0, 0, 2.5, 1, 0.5])


def predictions(cls):
    return np.hstack([A, A[:, :1]]) if cls.row.d_p else A  # pairs of outputs


def truth(cls):
    if cls.row.d_p:
        return ONE_HOT[:, :2]
    if cls.row.above:
        return ONE_HOT + 0.5
    return LABELS if cls.row.labels else 2 * ONE_HOT - 1 if "Hinge" in cls.__name__ else ONE_HOT


def test_every_row_has_its_class():
    assert set(CLASSES) == set(LOSSES)
    for name, cls in CLASSES.items():
        assert cls.name == name and getattr(module, cls.__name__) is cls and "``Loss``" in cls.__doc__
        one = cls()
        assert one == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == from_config(one.to_config())
        assert repr(one) == f"{cls.__name__}()"


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [None, W])
def test_reductions_and_derivative(name, reduction, weights):
    cls = CLASSES[name]
    loss, y, A = cls(reduction=reduction), truth(cls), predictions(cls)
    targets = loss.targets(y, A.shape[1])
    terms = np.broadcast_to(
        cls.row.f(targets[:, :2], A[:, :2], A[:, 2:]).T if cls.row.d_p else cls.row.f(targets, A, loss.p).T,
        (2 if cls.row.d_p else 3, 5),
    ).T  # whole-row losses: the same in each column
    sums = terms[:, 0] if cls.row.whole_row else terms.sum(axis=1)
    w = np.ones(5) if weights is None else weights
    by_element = reduction == "mean" and not cls.row.rows
    scale = 1.0 if reduction == "sum" else 1 / (w.sum() * (3 if by_element else 1))
    assert loss.scale(3, w.sum()) == pytest.approx(scale)
    assert loss.forward(A, y, weights) == pytest.approx((w * sums).sum() * scale, rel=1e-13)
    np.testing.assert_allclose(loss.rows(A, y), sums / (3 if by_element else 1), rtol=1e-13)

    got = loss.backward(A, y, weights)
    assert got is loss.dinputs and got.shape == A.shape
    for i in np.ndindex(A.shape):
        step = np.zeros_like(A)
        step[i] = 1e-6
        slope = (loss.forward(A + step, y, weights) - loss.forward(A - step, y, weights)) / 2e-6
        assert got[i] == pytest.approx(slope, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("name", CLASSES)
def test_float32_stays(name):
    cls = CLASSES[name]
    loss, A = cls(), predictions(cls)
    assert loss.backward(A.astype(np.float32), truth(cls)).dtype == np.float32
    assert loss.forward(A.astype(np.float32), truth(cls)) == pytest.approx(
        loss.forward(A, truth(cls)), rel=1e-5
    )
    loss.forget()
    assert loss.dinputs is None


@pytest.mark.parametrize("name", [n for n, row in LOSSES.items() if row.smooths])
def test_labels_are_smoothed(name):
    cls = CLASSES[name]
    plain, smooth = cls(), cls(label_smoothing=0.3)
    share = 0.3 / (3 if cls.row.rows else 2)
    want = 0.7 * ONE_HOT + share
    np.testing.assert_allclose(smooth.targets(truth(cls), 3), want)
    assert smooth.targets(truth(cls), 3, dtype=np.float32).dtype == np.float32
    if not cls.row.labels:  # it is the loss of smoothed labels, and nothing else
        assert smooth.forward(A, truth(cls)) == plain.forward(A, want)
        np.testing.assert_array_equal(smooth.backward(A, truth(cls)), plain.backward(A, want))
    assert repr(smooth) == f"{cls.__name__}(label_smoothing=0.3)"
    assert from_config(smooth.to_config()) == smooth != plain
    for wrong in (-0.1, 1.0, np.nan, "much"):
        with pytest.raises(
            ParameterError, match=rf"label_smoothing must be .*\[0, 1\), but was given {wrong!r}"
        ):
            cls(label_smoothing=wrong)


def test_losses_without_shares_smooth_nothing():
    with pytest.raises(TypeError, match="MSE takes reduction"):
        MSE(label_smoothing=0.1)


def test_several_quantiles_stand_side_by_side():
    loss, y = Quantile(q=(0.1, 0.5, 0.9)), np.array([[1.0, 10.0], [2.0, 20.0]])
    a = np.arange(12.0).reshape(2, 6)  # both 0.1-quantiles, both medians, both 0.9-quantiles
    assert loss.outputs_per_target == 3 and loss.p == (0.1, 0.5, 0.9)
    np.testing.assert_array_equal(loss.targets(y, 6), np.hstack([y, y, y]))
    np.testing.assert_array_equal(loss.targets(loss.targets(y, 6), 6), np.hstack([y, y, y]))
    np.testing.assert_array_equal(loss.targets(y[:, 0], 3), y[:, [0, 0, 0]])
    parts = [Quantile(q=q).forward(a[:, 2 * i : 2 * i + 2], y) for i, q in enumerate(loss.p)]
    assert loss.forward(a, y) == pytest.approx(np.mean(parts))
    each = [Quantile(q=q).backward(a[:, 2 * i : 2 * i + 2], y) / 3 for i, q in enumerate(loss.p)]
    np.testing.assert_allclose(loss.backward(a, y), np.hstack(each))
    assert loss.backward(a.astype(np.float32), y).dtype == np.float32
    assert from_config(loss.to_config()) == loss == Quantile([0.1, 0.5, 0.9]) != Quantile(0.1)
    assert repr(loss) == "Quantile(q=(0.1, 0.5, 0.9))"
    for wrong in ((0.5, 0.1), (0.5,), (), (0.5, 0.5)):
        with pytest.raises(ParameterError, match=r"q must be one number, or several that rise"):
            Quantile(q=wrong)
    with pytest.raises(ParameterError, match=r"q must be a number in .* but was given 1.5"):
        Quantile(q=(0.1, 1.5))
    with pytest.raises(ShapeError, match="takes 3 outputs for each target, but the last layer has 4"):
        loss.forward(a[:, :4], y)
    with pytest.raises(ShapeError, match="Quantile takes y_true of shape"):
        loss.forward(a, y[:, :1])


def test_means_and_log_variances_stand_side_by_side():
    loss, y = CLASSES["gaussian"](), np.array([[1.0, -2.0]])
    a = np.array([[0.5, -1.0, 0.0, np.log(4.0)]])  # two means, two log-variances
    want = 0.5 * (0.0 + 0.25) + 0.5 * (np.log(4.0) + 1.0 / 4.0)
    assert loss.outputs_per_target == 2 and loss.forward(a, y) == pytest.approx(want)
    np.testing.assert_allclose(loss.backward(a, y), [[-0.5, 0.25, 0.375, 0.375]])
    with pytest.raises(ShapeError, match="takes 2 outputs for each target, but the last layer has 3"):
        loss.forward(a[:, :3], y)


def test_labels_mean_their_one_hot_rows():
    for loss in (SoftmaxCrossEntropy(), SparseCategoricalCrossEntropy()):
        for labels in (LABELS, LABELS[:, None], LABELS.astype(float), LABELS.tolist()):
            np.testing.assert_array_equal(loss.targets(labels, 3), ONE_HOT)
    assert SoftmaxCrossEntropy().forward(A, LABELS) == SoftmaxCrossEntropy().forward(A, ONE_HOT)
    assert SparseCategoricalCrossEntropy().forward(A, LABELS) == CategoricalCrossEntropy().forward(A, ONE_HOT)
    # One row: two numbers for two outputs are that row, one number is its label.
    assert SoftmaxCrossEntropy().forward([[1, 2]], [1, 0]) == SoftmaxCrossEntropy().forward([[1, 2]], [0])


def test_one_output_and_one_row_may_come_without_outer_brackets():
    assert (
        MSE().forward([[1], [2]], [0, 0])
        == MSE().forward([1, 2], [0, 0])
        == MSE().forward([[1, 2]], [0, 0])
        == 2.5
    )
    loss = MSE()
    np.testing.assert_array_equal(loss.backward([1, 2], [0, 0]), [1, 2])
    np.testing.assert_array_equal(loss.backward([[1], [2]], [0, 0]), [[1], [2]])


def test_categorical_probabilities_count_once_a_row():
    loss = CategoricalCrossEntropy()
    p = np.array([[0.7, 0.3], [0.2, 0.8]])
    assert loss.forward(p, np.eye(2)) == pytest.approx(-(np.log(0.7) + np.log(0.8)) / 2)
    np.testing.assert_allclose(loss.backward(p, np.eye(2)), [[-1 / 1.4, 0], [0, -1 / 1.6]])
    logits = np.array([[1.0, 2.0], [3.0, 0.0]])
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(SoftmaxCrossEntropy().backward(logits, np.eye(2)), (soft - np.eye(2)) / 2)


def test_parameters():
    loss = Huber(2.0, "sum")
    assert loss == Huber(delta=2, reduction="sum") != Huber() and loss.p == 2.0
    assert repr(loss) == "Huber(delta=2.0, reduction='sum')"
    assert loss.to_config() == {"name": "huber", "delta": 2.0, "reduction": "sum"}
    assert from_config({"name": "mse"}) == MSE() and MSE().p == 0.0
    for q in (0, 1, 1.5):
        with pytest.raises(ParameterError, match=r"Quantile: q must be a number in \(0, 1\)"):
            Quantile(q)
    with pytest.raises(ParameterError, match="'mean', 'sum', 'mean_rows', not 'none'"):
        MSE("none")
    with pytest.raises(UnknownNameError, match="huber"):
        from_config({"name": "hubert"})
    with pytest.raises(AttributeError, match="Nothing"):
        module.Nothing  # noqa: B018


@pytest.mark.parametrize(
    ("loss", "y_pred", "y_true", "sentence"),
    [
        (MSE(), A, ONE_HOT[:, :2], r"MSE takes y_true of shape \(5, 3\), but was given \(5, 2\)"),
        (MSE(), A, ONE_HOT[:4], r"\(5, 3\), but was given \(4, 3\)"),
        (MSE(), A, LABELS, r"\(5, 3\), but was given \(5,\)"),
        (MSE(), A, 1.0, r"but was given \(\)"),
        (MSE(), np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), r"MSE takes y_pred of shape \(rows, outputs\)"),
        (MSE(), np.zeros((0, 2)), np.zeros((0, 2)), r"given \(0, 2\)"),
        (HalfSquaredError(), [1, 2], [1, 2], "double brackets"),
        (CategoricalCrossEntropy(), [0.2, 0.8], [0, 1], "double brackets"),
        (
            SoftmaxCrossEntropy(),
            A,
            LABELS[:3],
            r"\(5, 3\) or \(5,\) holding integer labels, but was given \(3,\)",
        ),
        (SparseCategoricalCrossEntropy(), A, ONE_HOT, "CategoricalCrossEntropy takes one-hot rows"),
    ],
)
def test_shapes_that_do_not_fit(loss, y_pred, y_true, sentence):
    for use in (loss.forward, loss.backward):
        with pytest.raises(ShapeError, match=sentence):
            use(y_pred, y_true)


def test_targets_without_a_number_of_rows():
    with pytest.raises(ShapeError, match=r"\(rows, 2\)"):
        MSE().targets(np.zeros((3, 3)), 2)


@pytest.mark.parametrize(
    ("loss", "y_true", "sentence"),
    [
        (SoftmaxCrossEntropy(), [0, 1, 2, 3, 0], "whole numbers from 0 to 2, but was given 3"),
        (SparseCategoricalCrossEntropy(), [0, 1, 2, -1, 0], "but was given -1"),
        (SparseCategoricalCrossEntropy(), [0, 1, 2, 0.5, 0], "but was given 0.5"),
        (SparseCategoricalCrossEntropy(), [0, 1, 2, np.nan, 0], "but was given nan"),
        (SoftmaxCrossEntropy(), list("abcde"), "Numbers are needed"),
        (BinaryCrossEntropy(), 2 * ONE_HOT, "BinaryCrossEntropy takes y_true from 0 to 1, but was given 2"),
        (Poisson(), -ONE_HOT, "Poisson takes y_true at least 0, but was given -1"),
        (Hinge(), 3 * ONE_HOT, "Hinge takes y_true from -1 to 1, but was given 3"),
        (MAE(), [["a"] * 3] * 5, "Numbers are needed"),
    ],
)
def test_targets_without_a_meaning(loss, y_true, sentence):
    with pytest.raises(DataError, match=sentence):
        loss.forward(A, y_true)


def test_weights_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"sample_weight of shape \(5,\), one a row, but was given \(5, 3\)"):
        MSE().forward(A, ONE_HOT, A)
    for w in (np.zeros(5), np.full(5, np.nan)):
        with pytest.raises(DataError, match="finite and not all zero"):
            MSE().backward(A, ONE_HOT, w)


def test_nan_in_a_prediction_or_target_is_seen():
    assert np.isnan(MSE().forward([[np.nan]], [[1]])) and np.isnan(
        BinaryCrossEntropy().forward([[0.5]], [[np.nan]])
    )
