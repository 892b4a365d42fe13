"""How many multiplications and additions one core can do a second at most, measured with nothing but them.

A loop of vector FMA instructions on registers: enough independent sums that none waits for another. What a matrix
product reaches of this is its share of peak. (`benchmarks/lab/peak.py` shows how the number of sums was found.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

SUMS = 12  # accumulators: latency times instructions a cycle, and still within the registers of AVX2
SECONDS = 0.02  # of one measurement


@cache
def kernel(dtype: str, sums: int = SUMS) -> tuple[Callable[[int], float], int] | None:
    """(run, operations a turn), where run(n) makes n turns; None where there is no compiler."""
    if find_spec("numba") is None:
        return None
    from chalknet.engines.fused.lowlevel import JIT

    if not JIT:
        return None
    return _build(dtype, sums)


def _build(dtype: str, sums: int) -> tuple[Callable[[int], float], int]:
    import numba
    import numpy as np
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    from chalknet.engines.fused.tile import VECTOR_BYTES

    number: Any = numba.float32 if dtype == "float32" else numba.float64
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize

    @intrinsic
    def turns(typing: Any, n: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            plain = ir.FloatType() if dtype == "float32" else ir.DoubleType()
            vector = ir.VectorType(plain, lanes)
            word = ir.IntType(32)

            def splat(value: Any) -> Any:
                one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(word, 0))
                zeros = ir.Constant(ir.VectorType(word, lanes), None)
                return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)

            name = f"llvm.fma.v{lanes}f{8 * np.dtype(dtype).itemsize}"
            fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
            x, y = splat(args[1]), splat(args[2])
            places = [cgutils.alloca_once_value(builder, splat(args[1])) for _ in range(sums)]
            with cgutils.for_range(builder, args[0]):
                for place in places:
                    builder.store(builder.call(fma, [builder.load(place), x, y]), place)
            total = builder.load(places[0])
            for place in places[1:]:
                total = builder.fadd(total, builder.load(place))
            return builder.extract_element(total, ir.Constant(word, 0))

        return number(types.int64, number, number), codegen

    @numba.njit(number(types.int64, number, number))
    def run(n: Any, a: Any, b: Any) -> Any:
        return turns(n, a, b)

    one = np.dtype(dtype).type
    return lambda n: run(n, one(0.5), one(1.0)), 2 * sums * lanes


def gflops(dtype: str = "float32", sums: int = SUMS) -> float | None:
    """Thousand million operations a second of this core just now: the best of five looks; None without Numba."""
    made = kernel(dtype, sums)
    if made is None:
        return None
    run, operations = made
    n = 100_000
    while True:
        start = time.perf_counter()
        run(n)
        seconds = time.perf_counter() - start
        if seconds > SECONDS / 10:
            break
        n *= 4
    n = max(1, round(n * SECONDS / 5 / seconds))
    best = min(_timed(run, n) for _ in range(5))
    return operations * n / best / 1e9


def _timed(run: Callable[[int], float], n: int) -> float:
    start = time.perf_counter()
    run(n)
    return time.perf_counter() - start
