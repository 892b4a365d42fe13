"""Figures of what a network learned: each function draws on ``ax=`` (or ``fig=``) and returns the axes.

No function calls ``show()``, and Matplotlib is imported when the first figure is drawn. ``save`` writes a figure to
a file, ``animation`` a moving one. The looks (``style="light"``, ``"dark"``, ``"lecture"``) are told in
``chalknet.plots.style``.

>>> from chalknet import plots
>>> plots.activation("relu").get_title()
'relu'
"""

from __future__ import annotations

from chalknet.plots.animations import animation
from chalknet.plots.boundary import plot_decision_boundary
from chalknet.plots.canvas import save
from chalknet.plots.curves import learning_curve
from chalknet.plots.descents import descent
from chalknet.plots.drawing import network
from chalknet.plots.functions import activation
from chalknet.plots.gradients import gradient_flow
from chalknet.plots.histograms import activations, weights
from chalknet.plots.live import LivePlot
from chalknet.plots.pictures import images
from chalknet.plots.rates import RateRange, learning_rate_range
from chalknet.plots.regression import regression
from chalknet.plots.scores import confusion, predicted
from chalknet.plots.slices import loss_slice

__all__ = [
    "LivePlot",
    "RateRange",
    "activation",
    "activations",
    "animation",
    "confusion",
    "descent",
    "gradient_flow",
    "images",
    "learning_curve",
    "learning_rate_range",
    "loss_slice",
    "network",
    "plot_decision_boundary",
    "predicted",
    "regression",
    "save",
    "weights",
]
