"""`check_work`: which numbers of a hand-worked sheet are right, which one went wrong first, and by which slip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalknet.chalk.answers import Answer, answer, given_answers
from chalknet.chalk.checker import report
from chalknet.chalk.report import Report
from chalknet.chalk.sheet import Sheet
from chalknet.chalk.trace import Trace
from chalknet.exceptions import DataError


def check_work(trace: Trace, answers: Mapping[str, Any]) -> Report:
    """Check any part of a hand-worked sheet against a trace.

    An answer is as exact as it was written: 911.25 stands for all that rounds to it. It is right where the exact value
    does so, or the value recomputed from the learner's own (rounded) numbers before it. A wrong one *follows* where it
    is right given a wrong number before it; otherwise, where a well-known slip gives that very number, the slip is
    named.

    Args:
        trace: of `explain`, in either style.
        answers: numbers by symbol, as in ``{"z1[0]": 7.5, "dL/dW2[0,0]": 911.25}``; None is a blank.

    Returns a report with ``first_wrong`` (a symbol or None) and ``rows`` in the calculation's order, each with
    ``symbol``, ``right``, ``given``, ``ok``, ``follows``, ``slip`` and ``reason``. It is true when all is right, and
    prints as a table. The slips: ``factor_two``, ``mean_forgotten``, ``new_weights``, ``derivative_of_output``,
    ``mask_forgotten``, ``transposed``, ``sign``, ``bias_forgotten``, ``input_forgotten``, ``prediction_for_error``,
    ``activation_forgotten``, and ``arithmetic`` for a number that is near, but none of these.

    Raises ValueError or TypeError in one line for symbols that the trace has not, NaN, and what is no number.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    >>> net.layers[0].weights, net.layers[0].biases = [[3.0]], 0.0
    >>> trace = cn.explain(net, [[1.0]], [[1.0]], learning_rate=0.1)
    >>> checked = check_work(trace, {"z1[0]": 3.0, "dL/dz1[0]": 6.0, "W1'[0,0]": 2.4})
    >>> checked.first_wrong, [(row.slip, row.follows) for row in checked.rows]
    ('dL/dz1[0]', [(None, False), ('prediction_for_error', False), (None, True)])
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"check_work: the first argument is a trace of explain, not {type(trace).__name__}.")
    sheet = Sheet(trace)
    given: dict[str, Answer] = {}
    for symbol, value in given_answers(answers).items():
        entry = sheet.find(symbol)
        one = answer(entry.symbol, value)
        if one is None:
            continue
        if entry.symbol in given:
            raise DataError(f"check_work: {entry.symbol} was answered twice; leave one of the two.")
        given[entry.symbol] = one
    return report(sheet, given)
