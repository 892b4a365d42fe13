"""The lecture's own names: a listing from its slides runs after one import, and prints the slides' numbers.

>>> import numpy as np
>>> from chalknet.lecture import Dense, mse_loss, mse_loss_derivative
>>> hidden, out = Dense(2, 4), Dense(4, 2)
>>> hidden.weights = np.array([[0.5, 1, 7, 3], [1, 2, 1, 0.5]])
>>> out.weights = np.array([[1, 2], [0.5, 0.5], [3, 1], [2, 1]])
>>> x, y = np.array([[3, 5]]), np.array([[1, 0]])
>>> o = out.forward(hidden.forward(x))
>>> print(o, mse_loss(y, o))
[[121.5  62.5]] 9213.25

These are the library's layers and formulas under the slides' names, with the slides' first weights: standard normal,
drawn from NumPy's global state (``np.random.seed``) in the slides' order, and biases of 1. Where the lecture and the
library part, the lecture is followed here:

- ``alpha`` is the learning rate, while scikit-learn's ``alpha`` (and that of ``cn.MLPClassifier``) is the L2 penalty;
- losses take ``(y_true, y_pred)``, the library's take ``(y_pred, y_true)``;
- ``SoftmaxCrossEntropy.backward`` leaves out the mean's 1/N, as on its slide; see there.
"""

from chalknet.lecture.activations import ActivationRelu, ActivationSig
from chalknet.lecture.boundary import plot_decision_boundary
from chalknet.lecture.dense import Dense
from chalknet.lecture.losses import SoftmaxCrossEntropy, mse_loss, mse_loss_derivative
from chalknet.lecture.perceptron import Perceptron

__all__ = [
    "ActivationRelu",
    "ActivationSig",
    "Dense",
    "Perceptron",
    "SoftmaxCrossEntropy",
    "mse_loss",
    "mse_loss_derivative",
    "plot_decision_boundary",
]
