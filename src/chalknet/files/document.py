"""A document (dicts, lists, strings, numbers, None) as strict JSON and back.

JSON has no NaN and no infinities: they are written as ``{"$float": "nan"}``. So that a user's own key "$float" is not
taken for one, every key that starts with "$" gets a second "$" on its way out and loses it on its way in.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np


def dumps(document: dict[str, Any]) -> str:
    """Return the document as ASCII JSON; the same document gives the same text.

    Tuples become lists, NumPy's numbers Python's. Raises ``ValueError`` for anything else JSON cannot hold.

    >>> dumps({"loss": float("inf"), "sizes": (2, 4)})
    '{"loss":{"$float":"inf"},"sizes":[2,4]}'
    """
    try:
        return json.dumps(_plain(document), separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise ValueError("the state is nested too deeply, or holds itself") from None


def loads(text: str) -> Any:
    """Return what :func:`dumps` was given (lists for tuples).

    Raises ``ValueError`` for broken JSON, keys that occur twice, and numbers that are not finite.
    """
    return _restore(parse(text))


def parse(text: str) -> Any:
    """Parse strict JSON: as ``json.loads``, but a key that occurs twice, NaN or an overflowing number raises."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise ValueError(f"broken JSON at character {error.pos}") from None
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None


def _plain(value: Any) -> Any:
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"the state has the key {key!r}, but keys must be strings")  # noqa: TRY004 - a document is no argument
        return {f"${key}" if key.startswith("$") else key: _plain(item) for key, item in value.items()}
    raise ValueError(f"the state holds a {type(value).__name__}, which JSON cannot")


def _restore(value: Any) -> Any:
    if isinstance(value, list):
        return [_restore(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        if len(value) != 1 or value["$float"] not in ("nan", "inf", "-inf"):
            raise ValueError('"$float" beside something that is not "nan", "inf" or "-inf"')
        return float(value["$float"])
    return {key.removeprefix("$"): _restore(item) for key, item in value.items()}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} twice")
    return result


def _refuse(token: str) -> float:
    raise ValueError(f"the number {token}, which JSON does not have")


def _finite(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise ValueError(f"the number {token}, which is too large")
    return value
