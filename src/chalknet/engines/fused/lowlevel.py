"""What Numba cannot say by itself: pointers, calls through addresses, copies. Each with a Python twin.

Compiled kernels see memory as plain pointers (`buffer[i]`, `shift(buffer, n)`): arrays' headers would travel with
every call and take longer to compile than the work. Intrinsics do not run un-jitted, so with NUMBA_DISABLE_JIT=1 the
twins take their place and the kernels' own source runs as plain Python: a twin's "pointer" is the array from there on,
and addresses that are kept as numbers are numbers in `MEMORY`.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

MEMORY: Any = WeakValueDictionary()  # un-jitted only: number -> array
STEPS: dict[int, Any] = {}  # un-jitted only: number -> Python function
JIT = not config.DISABLE_JIT

if JIT:

    @intrinsic
    def shift(typing, pointer, n):
        """The pointer `n` elements on."""

        def codegen(context, builder, signature, args):
            return builder.gep(args[0], [args[1]])

        return pointer(pointer, types.int64), codegen

    @intrinsic
    def address(typing, pointer):
        """Where a pointer points, as a number."""

        def codegen(context, builder, signature, args):
            return builder.ptrtoint(args[0], ir.IntType(64))

        return types.int64(pointer), codegen

    @intrinsic
    def number(typing, x, pointer):
        """x in the dtype of what `pointer` points at."""

        def codegen(context, builder, signature, args):
            return args[0]

        return pointer.dtype(pointer.dtype, pointer), codegen

    def _pointer_to(pick):
        def codegen(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return lambda typing, address, *like: (
            types.CPointer(pick(*like))(types.int64, *like),
            codegen,
        )

    @intrinsic
    def integers(typing, address):
        """The int64 numbers at an address."""
        return _pointer_to(lambda: types.int64)(typing, address)

    @intrinsic
    def columns(typing, address):
        """The int32 numbers at an address, as CSR matrices keep their columns."""
        return _pointer_to(lambda: types.int32)(typing, address)

    @intrinsic
    def numbers(typing, address, like):
        """The numbers at an address, of the same dtype as those at `like`."""
        return _pointer_to(lambda pointer: pointer.dtype)(typing, address, like)

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
        """Call the step at address `where`."""
        return types.void(types.int64, arguments), _caller(False)

    @intrinsic
    def call_float(typing, where, arguments):
        """The same for a step that returns a float64, which kernels do."""
        return types.float64(types.int64, arguments), _caller(True)

    @intrinsic
    def copy(typing, target, source, n):
        """Copy n numbers of the same dtype."""

        def codegen(context, builder, signature, args):
            size = context.get_constant(types.intp, signature.args[0].dtype.bitwidth // 8)
            cgutils.raw_memcpy(builder, args[0], args[1], args[2], size)
            return context.get_dummy_value()

        return types.void(target, source, types.int64), codegen

    @intrinsic(prefer_literal=True)
    def spread(typing, pointer, n):
        """The first n (a literal) numbers as a tuple."""
        result = types.UniTuple(pointer.dtype, n.literal_value) if n.literal_value else types.Tuple(())

        def codegen(context, builder, signature, args):
            places = [builder.gep(args[0], [ir.Constant(ir.IntType(64), i)]) for i in range(len(result))]
            return context.make_tuple(builder, result, [builder.load(place) for place in places])

        return result(pointer, n), codegen

    def pointer(array: np.ndarray) -> Any:
        """An array as compiled code is given it: the address of its first element."""
        return array.__array_interface__["data"][0]

    kept = pointer

else:

    def shift(pointer, n):
        """Twin: the array from there on."""
        return pointer[n:]

    def number(x, pointer):
        """Twin: the number, converted."""
        return pointer.dtype.type(x)

    def integers(address):
        """Twin: the array of that number."""
        return MEMORY[int(address)]

    def columns(address):
        """Twin: the array of that number."""
        return MEMORY[int(address)]

    def numbers(address, like):
        """Twin: the array of that number."""
        return MEMORY[int(address)]

    def call(where, arguments):
        """Twin: call the Python function of that number."""
        STEPS[int(where)](*arguments)

    def call_float(where, arguments):
        """Twin: call the Python function of that number."""
        return STEPS[int(where)](*arguments)

    def copy(target, source, n):
        """Twin: a slice assignment."""
        target[:n] = source[:n]

    def pointer(array: np.ndarray) -> Any:
        """Twin: the array itself."""
        return array

    def kept(array: np.ndarray) -> int:
        """Twin: a number under which the array is found as long as somebody holds it."""
        place = max(MEMORY, default=0) + 1
        MEMORY[place] = array
        return place

    address = kept


# NumPy's single numbers warn of what compiled code does in silence: 64-bit products wrap around, a run diverges.
quiet: Any = (lambda f: f) if JIT else np.errstate(all="ignore")


def writable(array: np.ndarray) -> np.ndarray:
    """The same memory as a writable flat array: read-only arrays have a type of their own, compiled once more."""
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
