"""Two more readers of the formulas: numbers of 2600 bits, and symbols. Both come in through NumPy's own protocols."""

import math

import mpmath
import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

BITS = 2600  # 1e308 + 2**-600 and 1 + e**-745 are both exact enough, and so are differences of such
STEP = mpmath.mpf(2) ** -600

UFUNCS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "absolute": abs,
    "maximum": max,
    "minimum": min,
    "sign": mpmath.sign,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "exp": mpmath.exp,
    "expm1": lambda x: mpmath.exp(x) - 1,
    "log": mpmath.log,
    "log1p": lambda x: mpmath.log(1 + x),
    "tanh": mpmath.tanh,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "xlogy": lambda x, y: x * mpmath.log(y) if x else mpmath.mpf(0),
}


class Exact(NDArrayOperatorsMixin):
    """A number of 2600 bits that runs through the formulas as an array would."""

    def __init__(self, value):
        value = (
            value.item() if isinstance(value, np.ndarray) else value
        )  # a case distinction between two numbers
        self.value = value.value if isinstance(value, Exact) else mpmath.mpf(value)

    def __array_ufunc__(self, ufunc, method, *args):
        result = UFUNCS[ufunc.__name__](*(Exact(a).value for a in args))
        return result if isinstance(result, bool) else Exact(result)

    def __array_function__(self, function, types, args, kwargs):
        assert function is np.where
        return Exact(args[1] if args[0] else args[2])


def evaluate(f, *args):
    """The formula f at these numbers, to 2600 bits."""
    with mpmath.workprec(BITS):
        return Exact(f(*map(Exact, args))).value


def derivatives(f, x):
    """f(x), f′(x) and f″(x) by differences of 2600 bits; f takes and gives plain mpmath numbers."""
    with mpmath.workprec(BITS):
        x = mpmath.mpf(x)
        low, mid, high = f(x - STEP), f(x), f(x + STEP)
        return mid, (high - low) / (2 * STEP), (high - 2 * mid + low) / STEP**2


class Symbol(NDArrayOperatorsMixin):
    """An expression instead of a number: whatever NumPy is asked to do to it is written down."""

    def __init__(self, op, *args, **kwargs):
        self.op, self.args, self.kwargs = op, args, kwargs

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        assert method == "__call__"
        return Symbol(ufunc.__name__, *args, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return Symbol(function.__name__, *args, **kwargs)

    def operations(self):
        """The names of all functions in the expression."""
        below = [a.operations() for a in self.args if isinstance(a, Symbol)]
        return set().union({self.op} - {"symbol"}, *below)


def tolerance(dtype, value, slope, x, ulps=8):
    """A few ulps of the value, and of the argument: |x f′(x)| of them reach the value. Below it 2000 subnormals."""
    info = np.finfo(dtype)
    return ulps * mpmath.mpf(float(info.eps)) * (abs(value) + abs(x * slope)) + 2000 * mpmath.mpf(
        float(info.smallest_subnormal)
    )


def close(dtype, got, value, slope, x, ulps=8):
    """True when the float got is the exact value to a few ulps; ±inf is right where that lies beyond all floats."""
    if math.isinf(got):
        return (
            abs(value) * (1 + 4 * float(np.finfo(dtype).eps)) >= float(np.finfo(dtype).max)
            and got * value > 0
        )
    return abs(mpmath.mpf(float(got)) - value) <= tolerance(dtype, value, slope, x, ulps)


@pytest.fixture(scope="session")
def exact():
    """The tools of this file, as an object: tests are no package and import nothing from each other."""

    class Tools:
        pass

    tools = Tools()
    tools.Exact, tools.Symbol = Exact, Symbol
    tools.evaluate, tools.derivatives, tools.close = evaluate, derivatives, close
    return tools
