"""``chalknet demo``: every data set runs, draws and leaves three files; the commands that it names work."""

from __future__ import annotations

import sys

import pytest

from chalknet import data


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch):
    """Five epochs are enough to see that everything is there."""
    from chalknet.cli import fitting

    fit = fitting.fit
    monkeypatch.setattr(
        fitting, "fit", lambda X, target, options, **more: fit(X, target, {"epochs": 5}, **more)
    )


def test_the_list(chalknet):
    result = chalknet("demo", "--list")
    assert result.status == 0
    assert all(name in result.out for name in data.NAMES)
    assert result.out.index("penguins") < result.out.index("iris")


def test_the_plain_demo_and_the_commands_it_names(chalknet, tmp_path):
    result = chalknet("demo")
    assert result.status == 0 and result.err == ""
    stem = "chalknet-demo-penguins"
    assert {p.name for p in tmp_path.iterdir()} == {f"{stem}.chalk", f"{stem}.csv", f"{stem}.png"}
    assert "69 held-out rows" in result.out and "most frequent class" in result.out
    commands = [line.split()[1:] for line in result.out.splitlines() if line.startswith("  chalknet ")]
    assert [c[0] for c in commands] == ["predict", "evaluate", "demo", "train"]
    assert chalknet(*commands[0]).out.count("\n") == 70
    assert chalknet(*commands[1]).status == 0
    assert chalknet("demo", "penguins").status == 0  # a second run replaces its own files


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes", "digits"])
def test_every_demo_draws_in_a_terminal(chalknet, name, monkeypatch):
    from chalknet.cli.report import Report

    monkeypatch.setattr(Report, "is_terminal", property(lambda self: True))
    result = chalknet("demo", name)
    assert result.status == 0 and result.err == ""
    assert "Learning curve" in result.out and "epoch 1" in result.out
    drawn = "Held-out images" if name == "digits" else "What the network answers"
    assert drawn in result.out
    assert ("--proba" in result.out) == (name != "diabetes")


def test_unknown_names_are_refused(refused):
    assert "did you mean 'penguins'" in refused("demo", "pengins")


def test_a_demo_that_cannot_write_is_refused(refused, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "permission" in refused("demo")


def test_ctrl_c_ends_a_demo(chalknet, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "chalknet.cli.fitting.show", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert chalknet("demo", "iris").status == 130
    assert not list(tmp_path.iterdir())
    assert "chalknet.cli.demo" in sys.modules
