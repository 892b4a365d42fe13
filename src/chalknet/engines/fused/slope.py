"""The objective over given rows, prepared once: its value and gradient at any parameters, in one call."""

from __future__ import annotations

import numpy as np

from chalknet.engines.base import NO_BUFFERS, Description
from chalknet.engines.fused import layout as at
from chalknet.engines.fused import train as t
from chalknet.engines.fused.layout import Layout
from chalknet.engines.fused.lowlevel import pointer, quiet
from chalknet.engines.fused.steps import entry
from chalknet.engines.fused.wiring import Wiring, first_narrow, is_csr
from chalknet.engines.state import Data


class FusedSlope:
    """See `protocol.Slope`."""

    def __init__(self, description: Description, data: Data, buffers: np.ndarray = NO_BUFFERS) -> None:
        csr = is_csr(data.X)
        self.layout = layout = Layout(description, data.rows.size, training=True, narrow=first_narrow(csr))
        self.wiring = wiring = Wiring(layout)
        wiring.rows(data.X)
        wiring.layers(csr)
        wiring.goal(data)
        layout.knob[at.REPORT] = 1.0  # the objective itself
        wiring.ready(csr)
        layout.pack_kept(buffers, 0)
        self.flat = np.zeros(description.n_parameters, layout.dtype)
        arrays = (layout.nets.reshape(-1), layout.facts.reshape(-1), layout.knob, layout.buffer, self.flat)
        self.arguments = [pointer(array) for array in arrays]
        self.fits = data.rows.size <= layout.rows and not csr
        self.held, self.run = arrays, entry(t.slope, str(layout.dtype), t.slope_type)

    @quiet
    def __call__(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """The objective's value, and its gradient as a flat vector."""
        self.flat[:] = parameters
        value = self.run(*self.arguments)
        if self.fits:  # the rows lie in their block now, and nothing else is ever written there
            self.layout.fact[[at.GATHER, at.TARGETS]] = 0
        return value, self.flat.copy()
