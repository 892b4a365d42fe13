"""Network: views of one vector, the lecture's numbers, training on both engines, errors in one sentence."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn
from chalknet.exceptions import DataError, DivergenceWarning, ParameterError, ShapeError, UnknownNameError
from chalknet.layers import activation as activations
from chalknet.layers import loss as losses

ENGINES = ("numpy", "numba")
RNG = np.random.RandomState(0)
X, LABELS = RNG.normal(size=(40, 3)), RNG.randint(0, 3, 40)
ONE_HOT = np.eye(3)[LABELS]


def lecture() -> cn.Network:
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    return net


def classifier(**options: Any) -> cn.Network:
    layers = [cn.Dense(3, 5), cn.Tanh(), cn.Dropout(0.2), cn.Dense(5, 3)]
    return cn.Network(layers, loss=cn.SoftmaxCrossEntropy(), **{"random_state": 1, **options})


def test_the_lectures_backward_pass() -> None:
    net = lecture()
    np.testing.assert_array_equal(net.forward([[3, 5]]), [[121.5, 62.5]])
    assert net.loss.forward(net.layers[-1].output, [[1, 0]]) == 9213.25
    net.backward([[1, 0]])
    np.testing.assert_array_equal(net.layers[1].dbiases, [[120.5, 62.5]])
    np.testing.assert_array_equal(
        net.layers[0].dweights, [[736.5, 274.5, 1272, 910.5], [1227.5, 457.5, 2120, 1517.5]]
    )
    np.testing.assert_array_equal(net.layers[0].dbiases, [[245.5, 91.5, 424, 303.5]])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_lectures_step(engine: str) -> None:
    net = lecture().fit([[3, 5]], [[1, 0]], optimizer=cn.SGD(0.001), epochs=1, batch_size=1, engine=engine)
    np.testing.assert_allclose(net.forward([[3, 5]]), [[-14.19783, -12.73375]], atol=1e-5)
    assert net.evaluate([[3, 5]], [[1, 0]]) == pytest.approx(196.5612, abs=1e-4)
    assert net.loss_curve_ == [9213.25]
    assert net.engine_ == engine


def test_parameters_are_one_vector_of_views() -> None:
    net = lecture()
    assert net.parameters.size == 22
    net.parameters[0] = 9.0
    assert net.layers[0].weights[0, 0] == 9.0
    net.layers[1].biases[0, 1] = -1.0
    assert net.parameters[-1] == -1.0
    net.parameters = np.arange(22)
    np.testing.assert_array_equal(net.layers[0].biases, [[8, 9, 10, 11]])
    with pytest.raises(ShapeError, match="22 parameters"):
        net.parameters = np.zeros(3)


def test_random_state_draws_what_was_not_assigned() -> None:
    one, two = classifier(), classifier()
    np.testing.assert_array_equal(one.parameters, two.parameters)
    assert not np.array_equal(one.parameters, classifier(random_state=2).parameters)
    kept = cn.Dense(3, 2)
    kept.weights = np.ones((3, 2))
    net = cn.Network([kept, cn.Dense(2, 1)], random_state=0)
    np.testing.assert_array_equal(net.layers[0].weights, 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": cn.Adam(0.01)},
        {"optimizer": cn.SGD(0.005, momentum=0.9, nesterov=True), "batch_size": 1},
        {
            "optimizer": cn.SGD(0.1, schedule="cosine"),
            "l1": 0.01,
            "l2": 0.1,
            "clip_norm": 0.5,
            "shuffle": False,
        },
        {
            "optimizer": cn.Lion(0.01),
            "sample_weight": RNG.uniform(size=40),
            "clip_value": 0.1,
            "batch_size": 40,
        },
    ],
)
def test_labels_one_hot_and_sparse_rows_train_alike(options: dict[str, Any], engine: str) -> None:
    runs = [
        classifier().fit(x, y, epochs=5, engine=engine, **{"batch_size": 8, **options})
        for x, y in ((X, LABELS), (X, ONE_HOT), (sparse.csr_matrix(X), LABELS))
    ]
    for other in runs[1:]:
        np.testing.assert_allclose(other.parameters, runs[0].parameters, atol=1e-12)
    assert runs[0].loss_curve_[-1] < runs[0].loss_curve_[0]
    p = runs[0].predict(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p.argmax(axis=1), runs[0].forward(X).argmax(axis=1))


@pytest.mark.parametrize("engine", ENGINES)
def test_five_and_five_epochs_are_ten(engine: str) -> None:
    options: dict[str, Any] = {"optimizer": cn.Adam(0.01), "batch_size": 16, "engine": engine}
    whole = classifier().fit(X, LABELS, epochs=10, **options)
    parts = classifier().fit(X, LABELS, epochs=5, **options)
    parts = copy.deepcopy(pickle.loads(pickle.dumps(parts)))
    parts.fit(X, LABELS, epochs=5, batch_size=16, engine=engine)  # goes on with its optimizer
    np.testing.assert_array_equal(parts.parameters, whole.parameters)
    assert parts.loss_curve_ == whole.loss_curve_
    other = classifier().fit(X, LABELS, epochs=5, **options).fit(X, LABELS, optimizer=cn.SGD(0.1), epochs=1)
    assert not np.array_equal(other.parameters, parts.parameters)


def test_an_optimizer_changed_afterwards_is_another_one() -> None:
    optimizer = cn.SGD(0.1)
    net = classifier().fit(X, LABELS, optimizer=optimizer, epochs=1, engine="numpy")
    kept = net.parameters.copy()
    optimizer.learning_rate = 1e-12
    net.fit(X, LABELS, optimizer=optimizer, epochs=1, engine="numpy")
    np.testing.assert_allclose(net.parameters, kept, atol=1e-9)
    optimizer.momentum = 0.9
    assert net.fit(X, LABELS, optimizer=optimizer, epochs=1, engine="numpy").optimizer == optimizer


def test_joint_backward_is_safe_where_two_steps_divide_by_zero() -> None:
    net = cn.Network([cn.Dense(1, 1), cn.Sigmoid()], loss=cn.BinaryCrossEntropy())
    net.layers[0].weights, net.layers[0].biases = [[800.0]], 0.0
    net.forward([[1.0]])
    net.backward([[0.0]])
    np.testing.assert_array_equal(net.layers[0].dweights, [[1.0]])
    net.fit([[1.0]], [0.0], optimizer=cn.SGD(1.0), epochs=1)
    assert net.layers[0].weights[0, 0] == 799.0


def test_gradients_are_central_differences() -> None:
    net = classifier()
    net.forward(X)
    d_inputs = net.backward(LABELS)
    gradient = np.concatenate([g.ravel() for layer in net.dense for g in (layer.dweights, layer.dbiases)])
    h = 1e-6
    for i in range(net.parameters.size):
        kept = net.parameters[i]
        losses = []
        for shift in (h, -h):
            net.parameters[i] = kept + shift
            losses.append(net.evaluate(X, LABELS))
        net.parameters[i] = kept
        assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(gradient[i], abs=1e-8)
    assert d_inputs.shape == X.shape


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_big_predictions_take_the_engine_of_the_fit(dtype: str, engine: str) -> None:
    net = cn.Network(
        [cn.Dense(3, 50, dtype=dtype), cn.ReLU(), cn.Dense(50, 2, dtype=dtype)], loss=cn.SoftmaxCrossEntropy()
    )
    net.fit(X, LABELS % 2, epochs=1, engine=engine)
    many = np.tile(X, (200, 1))
    assert len(many) * net.parameters.size > 1 << 20
    np.testing.assert_allclose(net.predict(many)[:40], net.predict(X), rtol=1e-5)
    assert net.predict(many).dtype == dtype


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_is_told_and_stopped(engine: str) -> None:
    net = lecture()
    with pytest.warns(DivergenceWarning, match="smaller learning rate than 1"):
        net.fit(X[:, :2] * 1e3, X[:, :2], optimizer=cn.SGD(1.0), epochs=100, batch_size=1, engine=engine)
    assert len(net.loss_curve_) < 5


def test_state_without_pickle() -> None:
    net = classifier().fit(X, LABELS, optimizer=cn.Adam(0.01), epochs=2)
    twin = cn.Network.from_state(*net.to_state())
    np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    other = copy.copy(net)
    other.parameters = 0.0 * other.parameters
    np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    assert repr(twin) == repr(net)
    assert twin.optimizer == net.optimizer
    assert twin.loss_curve_ == net.loss_curve_
    bare = cn.Network.from_state(*cn.Network([cn.Dense(1, 1)]).to_state())
    assert bare.loss is None


class Stop:
    """Stops after the second epoch."""

    def on_fit_begin(self, context: Any) -> None:
        self.context = context

    def on_epoch_end(self, context: Any) -> None:
        if context.epoch == 2:
            context.stop()

    def on_fit_end(self, context: Any) -> None:
        self.ended = True


def test_callbacks_and_summary(capsys: pytest.CaptureFixture[str]) -> None:
    stop = Stop()
    net = classifier().fit(X, LABELS, epochs=9, callbacks=[stop], engine="numba")
    assert len(net.loss_curve_) == 2
    assert stop.ended
    assert stop.context.estimator is net
    net.summary()
    assert "38" in capsys.readouterr().out


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda: cn.Network([]), ParameterError, "at least one Dense"),
    (lambda: cn.Network([cn.Dense(2, 3), cn.Dense(4, 1)]), ShapeError, "takes 4 inputs, but is given 3"),
    (lambda: cn.Network([cn.Dense(2, 2), "relu"]), ParameterError, "Layer 2 of the network must be"),
    (lambda: cn.Network([cn.Dense(2, 2), cn.Dense(2, 2, dtype="float32")]), ParameterError, "one dtype"),
    (lambda: cn.Network([layer := cn.Dense(2, 2), layer]), ParameterError, "twice"),
    (lambda: cn.Network([cn.Dense(2, 2)], loss="mse"), ParameterError, "loss object"),
    (lambda: cn.Network([cn.Dense(3, 3)]).fit(X, ONE_HOT), ParameterError, "has no loss"),
    (lambda: lecture().backward([[1, 0]]), ParameterError, "forward pass first"),
    (lambda: classifier().fit(X, LABELS, optimizer="adam"), ParameterError, "object such as SGD"),
    (lambda: classifier().fit(X, LABELS + 1), DataError, "0 to 2"),
    (lambda: classifier().fit(X, LABELS[:5]), ShapeError, r"\(40, 3\)"),
    (lambda: classifier().fit(X[:, :2], LABELS), ShapeError, r"\(rows, 3\)"),
    (lambda: classifier().fit(X, LABELS, sample_weight=[1.0]), ShapeError, "sample_weight"),
    (lambda: classifier().fit(X, LABELS, sample_weight=-np.ones(40)), DataError, "at least 0"),
    (lambda: classifier().fit(X, LABELS, epochs=0), ParameterError, "epochs"),
    (lambda: classifier().fit(X, LABELS, batch_size=1.5), ParameterError, "batch_size"),
    (lambda: classifier().fit(X, LABELS, clip_norm=-1), ParameterError, "clip_norm"),
    (lambda: classifier().fit(X, LABELS, l2=-1), ParameterError, "l2"),
    (lambda: classifier().fit(X, LABELS, engine="gpu"), ParameterError, "numba"),
    (lambda: cn.SGD(0.1, schedule="cosin"), UnknownNameError, "cosine"),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD, ids=[words for _, _, words in BAD])
def test_bad_input_gets_one_sentence(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as told:
        call()
    assert "\n" not in str(told.value)


def two_layers():
    return [cn.Dense(2, 3), cn.Tanh(), cn.Dense(3, 1)]


def test_a_layer_lives_in_the_last_network_made_with_it():
    layers = two_layers()
    first = cn.Network(layers, cn.MSE(), random_state=0)
    before = first.parameters.copy()
    second = cn.Network(layers[:2], cn.MSE())
    assert np.array_equal(second.parameters, before[:9])
    x, y = [[1.0, 2.0]], [[1.0]]
    for use in (
        lambda: first.parameters,
        lambda: setattr(first, "parameters", before),
        lambda: first.predict(np.array(x)),
        lambda: first.evaluate(x, y),
        lambda: first.fit(x, y),
        lambda: first.objective(x, y),
    ):
        with pytest.raises(
            ParameterError, match=r"^Dense\(2, 3\) has moved to another network.*copy\.deepcopy"
        ):
            use()
    copied = copy.deepcopy(first)  # with numbers of its own
    assert np.array_equal(copied.parameters, before)
    assert np.array_equal(pickle.loads(pickle.dumps(first)).parameters, before)
    copied.layers[0].weights = 0.0 * before[:6].reshape(2, 3)
    assert np.array_equal(second.parameters, before[:9])
    del second
    assert cn.Network(layers).parameters.size == before.size  # a notebook's cell, run again


def test_a_predictor_that_is_ready_notices_that_a_layer_has_moved():
    net = cn.Network(two_layers(), cn.MSE())
    net.predict(np.ones((1, 2)))
    cn.Network(net.layers)
    with pytest.raises(ParameterError, match="has moved"):
        net.predict(np.ones((1, 2)))


def test_layers_are_a_tuple_and_others_may_be_assigned():
    net = cn.Network(two_layers(), cn.MSE(), random_state=0).fit([[1.0, 2.0]], [[1.0]], epochs=1)
    gone, before = net.layers[2], net.parameters.copy()
    with pytest.raises(AttributeError):
        net.layers.append(cn.ReLU())
    net.layers = [*net.layers[:2], cn.Dropout(0.5), cn.Dense(3, 2)]
    assert net.parameters.size == 9 + 8 and net.training_state is None
    assert np.array_equal(net.parameters[:9], before[:9])
    net.parameters[...] = 1.0
    assert net.layers[0].weights.min() == net.layers[3].biases.max() == 1.0
    assert net.predict([[1.0, 2.0]]).shape == (1, 2)
    assert gone.owner is None and np.array_equal(gone.weights.ravel(), before[9:12])
    with pytest.raises(ShapeError, match="takes 9 inputs"):
        net.layers = [*net.layers, cn.Dense(9, 1)]
    assert len(net.layers) == 4


ONES = {"sparse_categorical_cross_entropy": np.zeros(4, int)}


FROM_PROBABILITIES = [
    "poisson",
    *(name for name, loss in losses.CLASSES.items() if loss.row.domain == (0.0, 1.0)),
]


@pytest.mark.parametrize("name", FROM_PROBABILITIES)
@pytest.mark.parametrize("end", [None, cn.Tanh, cn.Identity, cn.LogSoftmax])
def test_a_loss_of_probabilities_is_not_trained_on_other_numbers(name, end):
    loss = losses.CLASSES[name]()
    pair = activations.find(loss.row.pair).__name__
    net = cn.Network([cn.Dense(2, 2), *([end()] if end else [])], loss)
    y = ONES.get(name, np.ones((4, 2)))
    with pytest.raises(ParameterError) as refused:
        net.fit(np.ones((4, 2)), y)
    said = str(refused.value)
    assert said.startswith(f"{type(loss).__name__} takes ") and said.count(".") <= 2
    assert f"the last layer, {net.layers[-1]!r}, gives " in said
    assert (f"put {pair}() in its place" if end else f"add {pair}() after it") in said
    if loss.row.fused:
        assert f"use {losses.find(loss.row.fused[1]).__name__}()" in said
    net.layers = [net.layers[0], activations.find(loss.row.pair)(), cn.Dropout(0.1)]
    net.fit(np.ones((4, 2)), y, epochs=1)


@pytest.mark.parametrize(
    ("loss", "last", "other"),
    [
        (cn.SoftmaxCrossEntropy, cn.Softmax, ", or use CategoricalCrossEntropy() with it"),
        (cn.SoftmaxCrossEntropy, cn.Sigmoid, ""),
        (cn.BinaryCrossEntropyLogits, cn.Sigmoid, ", or use BinaryCrossEntropy() with it"),
        (cn.BinaryCrossEntropyLogits, cn.Softmax, ""),
        (cn.PoissonLog, cn.Exp, ", or use Poisson() with it"),
    ],
)
def test_what_a_loss_applies_itself_is_not_applied_twice(loss, last, other):
    net = cn.Network([cn.Dense(2, 2), last()], loss())
    with pytest.raises(ParameterError) as refused:
        net.fit(np.ones((4, 2)), np.ones((4, 2)))
    assert str(refused.value).endswith(f"but the last layer is {last()!r}: leave that layer out{other}.")
    net.layers = net.layers[:1]
    net.fit(np.ones((4, 2)), np.ones((4, 2)), epochs=1)


@pytest.mark.parametrize(
    ("loss", "last", "words"),
    [
        (cn.CategoricalCrossEntropy, cn.Sigmoid, "sum to 1 in each row, but each output of Sigmoid()"),
        (cn.SoftmaxCrossEntropy, cn.Tanh, "gives numbers from -1 to 1 alone"),
        (cn.SoftmaxCrossEntropy, cn.ReLU, "gives numbers from 0 on alone"),
        (cn.SoftmaxCrossEntropy, cn.LogSoftmax, "gives numbers up to 0 alone"),
    ],
)
def test_a_loss_that_is_meant_for_another_last_layer_is_hinted_at(loss, last, words):
    net = cn.Network([cn.Dense(2, 2), last()], loss(), random_state=0)
    with pytest.warns(cn.DataHint) as hints:
        net.fit(np.ones((4, 2)), np.ones((4, 2)) / 2, epochs=1)
    assert [words in str(hint.message) for hint in hints] == [True]
    assert hints[0].filename == __file__
