"""What a teacher would say to a calculation: a table of remarks, the gravest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chalknet.chalk import signs
from chalknet.chalk.ledger import Ledger


class Remark(NamedTuple):
    """One remark: when it is made (`signs`), and its sentence, filled in once for each time the sign is there."""

    name: str
    when: Callable[[Ledger], signs.Found]
    sentence: str


REMARKS = (
    Remark(
        "odd input", signs.odd_inputs,
        "{symbol} is {value}: no number follows from it; give inputs that are finite.",
    ),
    Remark(
        "not finite", signs.not_finite,
        "Numbers overflow: {symbol} is not finite; {why}, or begin again with a smaller learning rate than "
        "{rate}.",
    ),
    Remark(
        "dead outputs", signs.dead_outputs,
        "Every output is dead: {layer} is 0 for {rows}, ReLU passes no gradient back, no weight learns and "
        "the loss stays at {loss}; let the output units be the identity or softmax, standardise the inputs "
        "and use a smaller learning rate.",
    ),
    Remark(
        "dead layer", signs.dead_layers,
        "Every unit of {layer} is dead for {rows}: z is at most 0, ReLU passes no gradient back, and nothing "
        "is learned by {weights}.",
    ),
    Remark(
        "dead unit", signs.dead_units,
        "{units} {are} dead for {rows}: {their} z is at most 0, ReLU passes no gradient back and {their} "
        "weights learn nothing{wake}.",
    ),
    Remark(
        "overshoot", signs.overshoots,
        "The step overshoots: the loss {moved} ({after}), so the learning rate {rate} is too large; {limit}.",
    ),
    Remark(
        "uphill", signs.uphill,
        "The loss rose from {before} to {value} ({after}), and a smaller learning rate would not help: what "
        "the optimizer remembers of earlier steps, or the decay of the weights, outweighs this gradient.",
    ),
    Remark(
        "saturated", signs.saturated,
        "{units} {are} saturated for {rows}: {name} is within 1 % of {bounds}, its slope there is almost 0 "
        "and {their} weights hardly learn.",
    ),
    Remark(
        "flat step", signs.flat_steps,
        "{layer} comes from a step function, whose slope is 0 everywhere: no gradient passes back, and "
        "nothing is learned by {weights}.",
    ),
    Remark(
        "vanished gradient", signs.vanished,
        "The gradient vanishes on its way back: the largest of dL/dz{n} is {final}, the largest of dL/dz1 "
        "only {first}, so the first layer hardly learns.",
    ),
    Remark(
        "sure and wrong", signs.sure_and_wrong,
        "{units} {are} sure and wrong: a right answer is given a probability of only {worst}, which makes "
        "the loss large.",
    ),
    Remark(
        "out of reach", signs.out_of_reach,
        "The target {target} can never be reached: {name} gives numbers {span}.",
    ),
    Remark(
        "twins", signs.twins,
        "{units} have the same weights, in and out, and get the same gradient: they stay alike for ever and "
        "count as one unit; begin with random weights.",
    ),
    Remark(
        "linear", signs.linear,
        "No activation stands between layers {n} and {next}: together they compute no more than one layer "
        "could.",
    ),
    Remark(
        "at rest", signs.at_rest,
        "Every gradient is 0 and the loss is {loss}: these rows have nothing more to teach.",
    ),
)  # fmt: skip


def remarks(trace: Any) -> list[str]:
    """The sentences that apply to a trace.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    >>> net.layers[0].weights, net.layers[0].biases = [[3.0]], 0.0
    >>> print(*remarks(cn.explain(net, [[1.0]], [[1.0]], learning_rate=0.8)))
    The step overshoots: the loss rose from 4 to 19.36 (L'), so the learning rate 0.8 is too large; on these rows it \
must stay below about 0.5.
    """
    with np.errstate(all="ignore"):
        return [row.sentence.format(**found) for row in REMARKS for found in row.when(trace.book)]
