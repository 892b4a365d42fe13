"""The exponent's bits of a number, written and read: whole vector registers at a time, each with a Python twin."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from chalknet.engines.fused.lowlevel import JIT

if JIT:

    def _word(number):
        """The integer type of a number's width, its mantissa's bits, its exponent's bias."""
        return (ir.IntType(32), 23, 127) if number.bitwidth == 32 else (ir.IntType(64), 52, 1023)

    def _from_root(builder, x, word, mantissa, bias):
        """The bits of x, moved so that the exponent's field turns over at the root of 1/2 instead of at 1."""
        return builder.add(builder.bitcast(x, word), ir.Constant(word, (bias << mantissa) - _root(mantissa)))

    def _root(mantissa):
        """The bits of the root of 1/2."""
        return 0x3F3504F3 if mantissa == 23 else 0x3FE6A09E667F3BCD

    @intrinsic
    def power_of_two(typing, k):
        """2^k for a whole number k in float form, by putting k into the exponent's bits."""

        def codegen(context, builder, signature, args):
            word, mantissa, bias = _word(k)
            # Where the last bit is worth 1, k + bias stands in the low bits: works without vector conversions.
            low = builder.fadd(args[0], ir.Constant(args[0].type, 1.5 * 2**mantissa + bias))
            return builder.bitcast(
                builder.shl(builder.bitcast(low, word), ir.Constant(word, mantissa)), low.type
            )

        return k(k), codegen

    @intrinsic
    def scaled(typing, y, k):
        """y 2^k for a whole number k in float form, where 2^k may be no number and y 2^k a denormal or infinite one."""

        def codegen(context, builder, signature, args):
            word, mantissa, bias = _word(k)
            # 2^(k - 1) and then 2; for k < 0 instead 2^(k + 63) and then 2^-64, told by the sign's bit alone.
            sign = builder.ashr(builder.bitcast(args[1], word), ir.Constant(word, word.width - 1))
            less = builder.shl(sign, ir.Constant(word, mantissa + 6))  # -64 or 0, in the exponent's place
            low = builder.fadd(args[1], ir.Constant(args[1].type, 1.5 * 2**mantissa + bias - 1))
            first = builder.sub(builder.shl(builder.bitcast(low, word), ir.Constant(word, mantissa)), less)
            second = builder.add(ir.Constant(word, (bias + 1) << mantissa), less)
            once = builder.fmul(args[0], builder.bitcast(first, low.type))
            return builder.fmul(once, builder.bitcast(second, low.type))

        return y(y, k), codegen

    @intrinsic
    def exponent(typing, x):
        """The whole number k, in float form, for which x / 2^k lies from the root of 1/2 up to the root of 2."""

        def codegen(context, builder, signature, args):
            word, mantissa, bias = _word(x)
            moved = _from_root(builder, args[0], word, mantissa, bias)
            field = builder.lshr(moved, ir.Constant(word, mantissa))
            number = builder.or_(
                field, ir.Constant(word, (bias + mantissa) << mantissa)
            )  # 2^mantissa + field
            return builder.fsub(
                builder.bitcast(number, args[0].type), ir.Constant(args[0].type, float(2**mantissa + bias))
            )

        return x(x), codegen

    @intrinsic
    def mantissa(typing, x):
        """x / 2^k with that k."""

        def codegen(context, builder, signature, args):
            word, bits, bias = _word(x)
            moved = _from_root(builder, args[0], word, bits, bias)
            low = builder.and_(moved, ir.Constant(word, (1 << bits) - 1))
            return builder.bitcast(builder.add(low, ir.Constant(word, _root(bits))), args[0].type)

        return x(x), codegen

else:

    def power_of_two(k):
        """Twin: the same by NumPy."""
        return np.ldexp(np.ones_like(k), k.astype(np.int64))

    def scaled(y, k):
        """Twin: the same by NumPy."""
        return np.ldexp(y, k.astype(np.int64))

    def exponent(x):
        """Twin: the same by NumPy."""
        m, k = np.frexp(x)
        return np.where(m < np.sqrt(0.5).astype(x.dtype), k - 1, k).astype(x.dtype)

    def mantissa(x):
        """Twin: the same by NumPy."""
        return np.ldexp(np.frexp(x)[0], np.where(np.frexp(x)[0] < np.sqrt(0.5).astype(x.dtype), 1, 0))
