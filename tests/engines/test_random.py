"""Counter-based random numbers: permutations, uniform draws, masks and splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chalknet.engines import random as rnd


@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 10**6), n=st.integers(1, 200))
def test_an_order_is_a_permutation(seed, epoch, n):
    order = rnd.order(seed, epoch, n)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n))


def test_orders_depend_on_seed_and_epoch():
    orders = {rnd.order(seed, epoch, 20).tobytes() for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100


def test_each_row_comes_to_each_place_equally_often():
    n, epochs = 6, 6000
    counts = np.zeros((n, n))
    for epoch in range(epochs):
        counts[np.arange(n), rnd.order(11, epoch, n)] += 1
    assert stats.chisquare(counts.ravel()).pvalue > 1e-4


def test_draws_are_uniform_and_independent():
    key = rnd.stream_key(3, 16, 2)
    draws = rnd.draw(key, np.arange(200_000, dtype=np.uint64)) / 2.0**32
    assert stats.kstest(draws, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.01
    other = rnd.draw(rnd.stream_key(3, 17, 2), np.arange(200_000, dtype=np.uint64)) / 2.0**32
    assert abs(np.corrcoef(draws, other)[0, 1]) < 0.01


def test_known_numbers_stay_as_they_are():
    # a model file's seed must give the same run in every version
    assert rnd.order(7, 0, 8).tolist() == [1, 0, 7, 2, 3, 5, 6, 4]
    assert rnd.draw(rnd.stream_key(1, 2, 3), np.arange(2, dtype=np.uint64)).tolist() == [
        3913756368,
        1558756718,
    ]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_a_mask_keeps_its_share_and_the_mean(rate):
    mask = rnd.dropout_mask(5, 1, 0, np.arange(4000), 50, rate, np.float32)
    assert mask.dtype == np.float32
    assert mask.shape == (4000, 50)
    assert set(np.unique(mask)) <= {np.float32(0.0), np.float32(1.0 / (1.0 - rate))}
    assert abs((mask == 0.0).mean() - rate) < 0.01
    assert abs(mask.mean() - 1.0) < 0.03


def test_a_rows_mask_does_not_depend_on_its_batch():
    whole = rnd.dropout_mask(5, 1, 3, np.arange(100), 7, 0.5, np.float64)
    part = rnd.dropout_mask(5, 1, 3, np.array([42, 7]), 7, 0.5, np.float64)
    assert np.array_equal(part, whole[[42, 7]])
    assert not np.array_equal(whole, rnd.dropout_mask(5, 1, 4, np.arange(100), 7, 0.5, np.float64))
    assert not np.array_equal(whole, rnd.dropout_mask(5, 2, 3, np.arange(100), 7, 0.5, np.float64))


@given(seed=st.integers(0, 2**31), n=st.integers(2, 60), share=st.floats(0.01, 0.99))
def test_a_split_divides_all_rows(seed, n, share):
    k = max(1, min(n - 1, round(share * n)))
    train, validation = rnd.split(seed, n, k)
    assert len(validation) == k
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(n))
    assert (np.diff(train) > 0).all() and (np.diff(validation) > 0).all()


@given(
    seed=st.integers(0, 2**31),
    groups=st.lists(st.sampled_from("abc"), min_size=12, max_size=80).filter(
        lambda g: min(g.count(x) for x in set(g)) > 1
    ),
)
def test_a_stratified_split_gives_every_group_its_share(seed, groups):
    y = np.array(groups)
    k = len(y) // 4
    train, validation = rnd.split(seed, len(y), k, y)
    assert len(validation) == k
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(len(y)))
    for g in np.unique(y):
        share = (y == g).sum() * k / len(y)
        assert np.floor(share) <= (y[validation] == g).sum() <= np.ceil(share)
        assert (y[train] == g).any()


def test_splits_differ_by_seed():
    assert len({rnd.split(seed, 30, 10)[1].tobytes() for seed in range(20)}) == 20
