"""Networks that can be worked by hand: small numbers, short decimals, a loss that falls.

Numbers are drawn from counters, so a seed gives the same exercise for ever: the first attempt that meets the demands is
taken, and the demands become fewer after some attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from chalknet.engines.random import draw, stream_key
from chalknet.exceptions import ParameterError
from chalknet.layers import activation as activations
from chalknet.layers import loss as losses
from chalknet.layers.activation import ActivationLayer, ElementActivation
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.loss import Loss
from chalknet.maths.table import REALS
from chalknet.network import Network

EXERCISE = 3  # the purpose of these draws, see `engines.random`
RATES = (0.5, 0.25, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0001, 0.00001)
DECIMALS = 6  # the most that a number has that is computed without a calculator
LARGEST = 10.0  # of the given numbers
# What is demanded, from all to hardly anything: numbers after the update that are short too, small at first and then
# larger, then only those before it and the new parameters, then whatever their size, then a loss that falls. So often
# each is tried:
ATTEMPTS = (60, 200, 200, 60, 200, 100)
SIZES = (20.0, 40.0, 400.0, 100.0, np.inf, np.inf)  # the most that a computed number may be
SHORT, AGAIN = 5, 3  # below these demands numbers are short, and those after the update


class Numbers:
    """Random numbers of one attempt at one seed."""

    def __init__(self, seed: int, attempt: int) -> None:
        self._key, self._index = stream_key(seed, EXERCISE, attempt), 0

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        bits = int(draw(self._key, np.array([self._index], np.uint64))[0])
        self._index += 1
        return bits * n >> 32

    def choice(self, values: Any) -> Any:
        """One of some values."""
        return values[self.below(len(values))]

    def array(self, values: Any, *shape: int) -> np.ndarray:
        """An array of values."""
        return np.array([self.choice(values) for _ in range(int(np.prod(shape)))], float).reshape(shape)


class Attempt(NamedTuple):
    """A network and its sample, with the learning rate where one was found."""

    network: Network
    loss: Loss
    x: np.ndarray
    y: np.ndarray
    rate: float = 0.0


def network(layers: tuple[int, ...], hidden: str, loss: Loss) -> Network:
    """The network of an exercise: the hidden activation after each layer but the last, the loss's own after that."""
    built: list[Layer] = []
    for n, (n_in, n_out) in enumerate(pairwise(layers), 1):
        built.append(Dense(n_in, n_out, random_state=0))
        name = hidden if n < len(layers) - 1 else loss.row.pair
        if name != "identity":
            built.append(activations.find(name)())
    return Network(built, loss, random_state=0)


def friendly(layers: tuple[int, ...], hidden: str, loss: str, seed: int) -> Attempt:
    """The seed's exercise."""
    objective = losses.find(loss)()
    if objective.row.rows and objective.row.targets == (0.0, 1.0) and layers[-1] < 2:
        raise ParameterError(
            f"exercise: {loss} compares classes, so the last of the layers is 2 at least, but was given {layers!r}."
        )
    if layers[-1] % objective.outputs_per_target:
        raise ParameterError(
            f"exercise: {loss} takes {objective.outputs_per_target} outputs for each target, so the last of the layers "
            f"is even, but was given {layers!r}."
        )
    net, attempt = network(layers, hidden, objective), 0
    for demands, times in enumerate(ATTEMPTS):
        for _ in range(times):
            made = drawn(Numbers(seed, attempt), net, objective, demands)
            attempt += 1
            if made is not None and (rate := rate_of(made, demands)) is not None:
                return made._replace(rate=rate)
    raise ParameterError(
        f"exercise: no friendly numbers were found for layers {layers!r} with {hidden} and {loss}: take fewer units."
    )


def drawn(numbers: Numbers, net: Network, loss: Loss, demands: int) -> Attempt | None:
    """Draw an exercise; None where its forward or backward pass meets not all demands."""
    inputs, weights, biases = pools(numbers, net, demands)
    x = numbers.array(inputs, 1, net.dense[0].n_in)
    for layer in net.dense:
        drawn_weights = numbers.array(weights, layer.n_in, layer.n_out)
        while (
            np.count_nonzero(drawn_weights[:, 0]) > 5
        ):  # long sums are no exercise: some inputs count for nothing
            drawn_weights[numbers.array(range(4), *drawn_weights.shape) > 1] = 0.0
        layer.weights, layer.biases = drawn_weights, numbers.array(biases, 1, layer.n_out)
    output = net.forward(x)
    y = target(numbers, loss, output)
    net.backward(y)
    made = Attempt(net, loss, x, y)
    return made if all(fit(made, demands)) else None


def pools(numbers: Numbers, net: Network, demands: int) -> tuple[list[float], list[float], list[float]]:
    """What inputs, weights and biases are drawn from."""
    halves, quarters = [0.5, -0.5], [0.25, -0.25]
    if net.parameters.size < 6:  # so few numbers must come from many, for sheets to differ
        every = [k / 4 for k in range(-16, 17) if k]
        return every, every, every
    if not is_straight(net.layers):
        small = [*halves, *quarters, 1.0, -1.0]
        return [*small, 2.0, -2.0], small, [0.0, *small]
    whole = [1.0, -1.0, 2.0, -2.0]
    if demands == 0 and numbers.below(3):
        return [*whole, 3.0, -3.0, *halves], [*whole, *halves], [0.0, *whole, *halves]
    ones = [1.0, -1.0] * (2 if len(net.dense) > 2 else 1)  # deep networks stay small
    return [*whole, 3.0, -3.0], [*ones, *whole], [0.0, *whole]


def is_straight(layers: Iterable[Layer]) -> bool:
    """Tell whether all activations are made of straight lines, so that short decimals stay short."""
    found = [layer.name for layer in layers if isinstance(layer, ActivationLayer)]
    return all(name in ("relu", "relu6", "leaky_relu", "hard_tanh", "step") for name in found)


def target(numbers: Numbers, loss: Loss, output: np.ndarray) -> np.ndarray:
    """What the output is compared with: multiples of 1/4 whose derivative is a short number, or a class."""
    row, n = loss.row, output.shape[1]
    if row.labels:
        return np.array([numbers.below(n)])
    if row.rows and row.targets == (0.0, 1.0):
        return np.eye(n)[[numbers.below(n)]]
    if row.targets != REALS and np.isfinite(row.targets).all():
        return numbers.array(row.targets, 1, n)
    low = max(row.targets[0] + 0.25 * row.above, -LARGEST)
    every = np.arange(low, LARGEST + 0.25, 0.25)
    scale = loss.scale(n, 1.0)
    chosen, half = [], n // 2
    several = (
        zip(output[0, :half], output[0, half:], strict=True) if row.d_p else ((a, loss.p) for a in output[0])
    )
    for a, p in several:
        slopes = np.abs(row.df(every, a, p) * scale)
        possible = every[(slopes >= 0.2) & (slopes <= 6.0) & is_near(slopes, 2)]
        best = next(
            (v for v in (possible[possible % 1 == 0], possible[possible % 0.5 == 0], possible) if v.size),
            every,
        )
        near = best[np.argsort(np.abs(best - a), kind="stable")][:12]
        chosen.append(numbers.choice(near))
    return np.array([chosen])


def is_near(values: Any, decimals: int) -> np.ndarray:
    """Where numbers have at most so many decimals."""
    scaled = np.asarray(values, float) * 10.0**decimals
    return np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1.0) + 1e-6


def short(values: Any) -> bool:
    """Tell whether numbers have no more decimals than a sheet allows."""
    return bool(is_near(values, DECIMALS).all())


def fit(made: Attempt, demands: int) -> Iterator[bool]:
    """Whether an attempt's forward and backward pass are worth working out."""
    net = made.network
    hidden = [a for a in net.layers if isinstance(a, ElementActivation)]
    computed = [a for layer in net.layers for a in (layer.output, layer.dinputs) if a is not None]
    computed += [a for layer in net.dense for a in (layer.dweights, layer.dbiases)]
    largest = max(np.abs(a).max() for a in computed)
    yield bool(np.isfinite(largest)) and largest <= SIZES[demands]
    yield not asks_short(made, demands) or all(map(short, computed))
    masks = 0
    for layer in hidden:
        z, kinks = np.asarray(layer.inputs), layer.row.kinks_at(layer.p)
        yield not any((z == kink).any() for kink in kinks)
        slopes = np.abs(layer.row.df(z, layer.output, layer.p))
        yield layer.name == "step" or (bool(slopes.any()) if demands > 2 else np.mean(slopes > 0.01) >= 0.5)
        masks += not kinks or not slopes.any() or slopes.size < 3 or bool((slopes != slopes[0, 0]).any())
    yield demands > 0 or masks > 0 or not hidden  # somewhere something is held back
    yield demands > 3 or bool((np.abs(net.dense[-1].dbiases) > (0.01 if demands < 3 else 0.0)).all())
    dead = any(layer.name == "step" for layer in hidden)
    for dense in net.dense[-1:] if dead else net.dense:
        yield bool((np.abs(dense.dweights) > (0.001 if demands < 4 else 0.0)).any())


def asks_short(made: Attempt, demands: int) -> bool:
    """Tell whether the computed numbers should be short."""
    return demands < SHORT and is_short(made.network, made.loss)


def is_short(net: Network, loss: Loss) -> bool:
    """Tell whether the computed numbers may be short: no curve gives them endless decimals."""
    return (
        is_straight(net.layers)
        and loss.row.link == "identity"
        and loss.name not in ("log_cosh", "poisson", "focal", "gaussian")
    )


def rate_of(made: Attempt, demands: int) -> float | None:
    """The largest learning rate with which the loss falls and, where it can be, the numbers stay short."""
    net, loss = made.network, made.loss
    before, old = loss.forward(net.layers[-1].output, made.y), net.parameters.copy()
    gradient = np.concatenate([a.ravel() for layer in net.dense for a in (layer.dweights, layer.dbiases)])
    asked = asks_short(made, demands)
    try:
        for rate in RATES:
            net.parameters = old - rate * gradient
            with np.errstate(over="ignore", invalid="ignore"):  # a step that overflows is too long
                falls = loss.forward(net.forward(made.x), made.y) < before
            falls = falls and all(np.isfinite(layer.output).all() for layer in net.layers)
            stays = not asked or short(net.parameters)
            if asked and demands < AGAIN:  # the numbers after the update as well
                stays = stays and all(short(layer.output) for layer in net.layers)
            if falls and stays and (demands > 3 or alive(net)):
                return rate
        return None
    finally:
        net.parameters = old
        net.forward(made.x)


def alive(net: Network) -> bool:
    """Tell whether in every layer some unit passes a gradient on."""
    hidden = [a for a in net.layers if isinstance(a, ElementActivation) and a.name != "step"]
    return all(np.any(a.row.df(np.asarray(a.inputs), a.output, a.p) != 0) for a in hidden)
