"""The list of works, and what follows from one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from chalknet.bench import data
from chalknet.bench.works import NAMES, WORKS, Work, find


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("W1", ("W1",)),
        ("w3", ("W3small", "W3large")),
        ("w5BULK", ("W5bulk",)),
        ("import", ("import",)),
        ("imp", ()),
        ("w", ()),
        ("", ()),
        ("W9", ()),
    ],
)
def test_a_name_or_a_beginning(name, means):
    assert find(name) == means


def test_every_work_survives_json():
    for work in WORKS.values():
        assert Work.from_dict(json.loads(json.dumps(work.to_dict()))) == work
    with_options = replace(WORKS["W1"], options=(("dropout", 0.5),))
    assert Work.from_dict(json.loads(json.dumps(with_options.to_dict()))) == with_options
    assert len(set(NAMES)) == len(NAMES)


def test_operations_are_those_of_the_matrix_products():
    work = WORKS["W3large"]  # 784-512-512-10
    forward = 2 * (784 * 512 + 512 * 512 + 512 * 10)
    by_weights = forward
    by_inputs = 2 * (512 * 512 + 512 * 10)
    assert work.flops == (forward + by_weights + by_inputs) * 20_000 * 2
    assert WORKS["W5bulk"].flops == 2 * (20 * 100 + 100 * 100 + 100 * 2) * 1e6
    assert WORKS["grid"].flops == 0


def test_fewer_epochs_or_rows():
    assert WORKS["W1"].scaled(0.1).epochs == 100
    assert WORKS["W5bulk"].scaled(0.01).rows == 10_000
    assert WORKS["W5row"].scaled(0.01) == WORKS["W5row"]
    assert WORKS["W4"].scaled(1e-9).epochs == 1
    assert WORKS["W4"].short().epochs == 3 and WORKS["W2b32"].short().rows == 80


def test_two_classes_beside_scikit_learn_have_one_output():
    beside = WORKS["W2b32"].for_peer("sklearn")
    assert (beside.sizes, beside.loss) == ((20, 100, 1), "logistic")
    assert WORKS["W2b32"].for_peer("torch") == WORKS["W2b32"]
    assert WORKS["W3small"].for_peer("sklearn") == WORKS["W3small"]


@pytest.mark.parametrize("name", ["W1", "W2b32", "W4", "W7"])
def test_the_judges_loss_is_the_textbooks(name):
    work = replace(WORKS[name], rows=40, members=1)
    made = data.make(work)
    z = data.forward(work, made.first[0], made.X)
    if work.loss == "squared":
        expected = np.sum((z - made.y) ** 2) / 2 / 40
    elif work.loss == "logistic":
        p = 1 / (1 + np.exp(-z[:, 0]))
        expected = -np.mean(np.log(np.where(made.y == 1, p, 1 - p)))
    else:
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        expected = -np.mean(np.log(p[np.arange(40), made.y]))
    assert data.loss(work, z, made.y) == pytest.approx(expected)
    assert data.judge(work, made, made.first).loss == pytest.approx(expected)
