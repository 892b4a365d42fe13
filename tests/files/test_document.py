"""Documents: strict JSON that keeps NaN, infinities and any text."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalknet.files.document import dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.just("$float"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_documents_come_back(value: Any) -> None:
    text = dumps({"v": value})
    assert text.isascii()
    assert repr(loads(text)) == repr({"v": value})


def test_numpy_numbers_become_pythons() -> None:
    state = {
        "a": np.float32(0.5),
        "b": np.int64(3),
        "c": np.bool_(True),
        "d": (np.float64("nan"),),
        "e": np.str_("x"),
    }
    assert repr(loads(dumps(state))) == "{'a': 0.5, 'b': 3, 'c': True, 'd': [nan], 'e': 'x'}"
