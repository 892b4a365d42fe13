"""Optimizers and schedules as objects: their rows, numbers, copies, descriptions and refusals."""

from __future__ import annotations

import copy
import inspect
import json
import pickle

import pytest

from chalknet.exceptions import ParameterError, UnknownNameError
from chalknet.layers import optimizer, schedule
from chalknet.layers.optimizer import SGD, Adam, AdamW, RMSprop
from chalknet.layers.schedule import Constant, Cosine, InvScaling, StepDecay
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.schedules import SCHEDULES


def test_every_row_has_its_class():
    assert {row.layer for row in OPTIMIZERS.values()} == {cls.__name__ for cls in optimizer.CLASSES.values()}
    assert set(SCHEDULES) == set(schedule.CLASSES)
    for module in (optimizer, schedule):
        for cls in module.CLASSES.values():
            one = cls()
            assert getattr(module, cls.__name__) is cls and cls.__doc__ and repr(one) == f"{cls.__name__}()"
            again = module.from_config(json.loads(json.dumps(one.to_config())))
            assert one == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == again


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_row_and_numbers_by_name(name):
    one, row = optimizer.find(name)(), OPTIMIZERS[name]
    assert one.row is row and one.h == tuple(row.hyper.values()) and one.learning_rate == row.lr
    assert one.schedule == Constant()
    assert optimizer.find(name)(learning_rate=0.5).learning_rate == 0.5


def test_sgd_stands_for_three_rows():
    assert SGD().h == ()
    assert (SGD(momentum=0.5).row.name, SGD(momentum=0.5).h) == ("momentum", (0.5,))
    assert (SGD(momentum=0.5, nesterov=True).row.name, SGD(nesterov=True).row.name) == ("nesterov", "sgd")
    one = SGD(0.1, 0.9, True, "adaptive")
    assert repr(one) == "SGD(learning_rate=0.1, momentum=0.9, nesterov=True, schedule=Adaptive())"
    assert one.to_config()["schedule"] == {"name": "adaptive"}
    assert optimizer.from_config(one.to_config()) == one != SGD(0.1)


def test_parameters_may_be_changed_and_are_checked():
    one = Adam(beta_1=0.8, schedule=InvScaling(power=0.25))
    assert one.h == (0.8, 0.999, 1e-8) and one.schedule.h == (0.25,)
    one.schedule = "cosine"
    one.learning_rate = 1
    assert one == Adam(1.0, beta_1=0.8, schedule=Cosine())
    assert (
        str(inspect.signature(RMSprop))
        == "(learning_rate=0.001, rho=0.9, epsilon=1e-08, schedule='constant')"
    )
    with pytest.raises(
        ParameterError, match="Adam: learning_rate must be a number finite and above 0, but was given 0"
    ):
        one.learning_rate = 0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Adam(learning_rate=float("nan")), "learning_rate"),
        (lambda: Adam(beta_1=1), r"beta_1 must be a number in \[0, 1\)"),
        (lambda: Adam(epsilon=0), "epsilon must be a number finite and above 0"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be a number finite and at least 0"),
        (lambda: SGD(momentum=1.5), r"momentum must be a number in \[0, 1\]"),
        (lambda: SGD(nesterov="yes"), "nesterov must be True or False"),
        (lambda: SGD(schedule=3), "SGD: schedule must be one of constant, .* or an object, not 3"),
        (lambda: StepDecay(every=0), "every must be a number finite and at least 1"),
        (lambda: Cosine(warmup=2), "warmup"),
        (lambda: optimizer.from_config({"name": "adam", "rho": 1}), "Adam takes learning_rate, .*rho"),
        (lambda: optimizer.from_config({"name": "nesterov", "rho": 1}), "rho"),
        (lambda: schedule.from_config({"name": "cosine", "rho": 1}), "rho"),
    ],
)
def test_what_is_out_of_range(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()


def test_unknown_names_list_the_known():
    with pytest.raises(UnknownNameError, match="adamw"):
        optimizer.find("adamv")
    with pytest.raises(UnknownNameError, match="cosine"):
        SGD(schedule="cosin")
    for module in (optimizer, schedule):
        with pytest.raises(AttributeError, match="Nothing"):
            module.Nothing  # noqa: B018


def test_schedules_tell_the_rate():
    assert StepDecay(every=2, factor=0.1).rate(
        1.0, step=9, total_steps=20, epoch=5, samples=50
    ) == pytest.approx(0.01)
    assert SGD(schedule=Constant()).schedule.rate(0.5, 1, 2, 3, 4) == 0.5
    assert schedule.resolve({"name": "step", "every": 3}) == StepDecay(3)
