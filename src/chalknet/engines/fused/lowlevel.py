"""What Numba cannot say by itself: addresses, calls through them, copies of rows. Each with a Python twin.

Intrinsics do not run un-jitted, so with NUMBA_DISABLE_JIT=1 the twins take their place: the kernels' own source then
runs as plain Python. A twin's "address" of array elements is the array from there on; a step's address is its number in
`STEPS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

STEPS: dict[int, Any] = {}  # un-jitted only: number -> Python function
JIT = not config.DISABLE_JIT

if JIT:

    def data_pointer(context, builder, ty, value):
        """The address of an array's first element, while generating code."""
        return context.make_array(ty)(context, builder, value=value).data

    @intrinsic
    def address(typing, array, offset):
        """The address of array[offset] (1-D, contiguous) as int64."""

        def codegen(context, builder, signature, args):
            at = builder.gep(data_pointer(context, builder, signature.args[0], args[0]), [args[1]])
            return builder.ptrtoint(at, ir.IntType(64))

        return types.int64(array, types.int64), codegen

    @intrinsic
    def shift(typing, where, n, like):
        """The address `n` elements on, elements being those of the array `like`."""

        def codegen(context, builder, signature, args):
            size = ir.Constant(ir.IntType(64), signature.args[2].dtype.bitwidth // 8)
            return builder.add(args[0], builder.mul(args[1], size))

        return types.int64(types.int64, types.int64, like), codegen

    def _caller(returns):
        def codegen(context, builder, signature, args):
            values = cgutils.unpack_tuple(builder, args[1], len(signature.args[1]))
            result = ir.DoubleType() if returns else ir.VoidType()
            function = ir.FunctionType(result, [v.type for v in values])
            out = builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
            return out if returns else context.get_dummy_value()

        return codegen

    @intrinsic
    def call(typing, where, arguments):
        """Call the step at address `where`; int64 arguments may be addresses (see `address`)."""
        return types.void(types.int64, arguments), _caller(False)

    @intrinsic
    def call_float(typing, where, arguments):
        """The same for a step that returns a float64."""
        return types.float64(types.int64, arguments), _caller(True)

    @intrinsic
    def copy(typing, target, at, source, start, n):
        """target[at : at + n] = source[start : start + n], 1-D arrays of the same dtype."""

        def codegen(context, builder, signature, args):
            to = builder.gep(data_pointer(context, builder, signature.args[0], args[0]), [args[1]])
            come = builder.gep(data_pointer(context, builder, signature.args[2], args[2]), [args[3]])
            size = context.get_constant(types.intp, signature.args[0].dtype.bitwidth // 8)
            cgutils.raw_memcpy(builder, to, come, args[4], size)
            return context.get_dummy_value()

        i = types.int64
        return types.void(target, i, source, i, i), codegen

    @intrinsic
    def noinline(typing):
        """Keep the calling function a function of its own: its callers stay small and compile faster."""

        def codegen(context, builder, signature, args):
            builder.function.attributes.add("noinline")
            return context.get_dummy_value()

        return types.void(), codegen

else:

    def address(array, offset):
        """Twin: the array from `offset` on."""
        return array[offset:]

    def shift(where, n, like):
        """Twin: the array from there on."""
        return where if isinstance(where, int) else where[n:]

    def call(where, arguments):
        """Twin: call the Python function of that number."""
        STEPS[int(where)](*arguments)

    def call_float(where, arguments):
        """Twin: call the Python function of that number."""
        return STEPS[int(where)](*arguments)

    def copy(target, at, source, start, n):
        """Twin: a slice assignment."""
        target[at : at + n] = source[start : start + n]

    def noinline():
        """Twin: nothing to do."""


# NumPy's single numbers warn of what compiled code does in silence: 64-bit products wrap around, a run diverges.
quiet: Any = (lambda f: f) if JIT else np.errstate(all="ignore")


def writable(array: np.ndarray) -> np.ndarray:
    """The same memory as a writable flat array: read-only arrays have a type of their own, which would compile again."""
    array = array.reshape(-1)
    if array.flags.writeable:
        return array
    return np.asarray(_Memory(array))


class _Memory:
    """Presents memory that only will be read as writable; keeps its owner alive."""

    def __init__(self, array: np.ndarray) -> None:
        self.owner = array
        self.__array_interface__ = {
            **array.__array_interface__,
            "data": (array.__array_interface__["data"][0], False),
        }
