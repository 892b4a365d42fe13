"""How exactly an answer was given, and files of answers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from chalknet.chalk.answers import answer, read_answers
from chalknet.exceptions import DataError


@pytest.mark.parametrize(
    ("given", "half"),
    [
        (911.25, 0.005), (7.0, 0.05), (7, 0.5), (-0.0001, 0.00005), (1e-5, 0.5e-5), (2.5e-7, 0.5e-8), (1e16, 0.5e16),
        (np.float32(0.1), 0.05), (np.float64(0.125), 0.0005), (np.int64(3), 0.5), (Decimal("1.250"), 0.0005),
        (Decimal("1E-7"), 0.5e-7), (Fraction(1, 4), 0.005), (np.array(0.5), 0.05), (float("inf"), 0.0),
    ],
)  # fmt: skip
def test_the_precision_is_that_of_what_was_written(given, half):
    one = answer("L", given)
    assert one is not None
    assert one.half == pytest.approx(half, rel=1e-12)


def test_fits():
    one = answer("L", 0.12)
    assert one.fits(0.125)
    assert one.fits(0.1150000001)
    assert not one.fits(0.1251)
    assert answer("L", 1 / 3).fits(1 / 3 + 1e-10)
    assert not answer("L", 1 / 3).fits(1 / 3 + 1e-9)
    assert answer("L", float("inf")).fits(float("inf"))
    assert not answer("L", float("inf")).fits(3.0)
    assert not answer("L", 3.0).fits(float("nan"))
    assert answer("L", 10**400).value == float("inf")
    assert answer("L", -(10**400)).value == -float("inf")
    assert answer("L", None) is None


@pytest.mark.parametrize("given", ["7", True, [7.5], 1j, np.array([[1.0, 2.0]] * 30), object()])
def test_what_is_no_number_is_a_type_error(given):
    with pytest.raises(TypeError) as told:
        answer("dL/dW1[0,2]", given)
    assert "dL/dW1[0,2]" in str(told.value)
    assert "\n" not in str(told.value)


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


WANTED = {"z1[0]": 7.5, "dL/dW2[0,0]": 911.25, "L": 9213, "b1'[1]": None}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"z1[0]": 7.5, "dL/dW2[0,0]": 911.25,\n "L": 9213, "b1\'[1]": null}'),
        ("a.csv", 'symbol,value\nz1[0],7.5\n"dL/dW2[0,0]",911.25\nL,9213\nb1\'[1],\n'),
        ("a.csv", "z1[0],7.5\r\ndL/dW2[0,0],911.25\r\n\r\nL, 9213\r\nb1'[1],"),
        ("a.txt", "\ufeffSymbol;Value\nz1[0];7,5\ndL/dW2[0,0];911,25\nL;9213\nb1'[1];\n"),
        ("a.tsv", "z1[0]\t7.5\ndL/dW2[0,0]\t911.25\nL\t+9213\nb1'[1]\t\n"),
        ("answers", ' {"z1[0]": 7.5, "dL/dW2[0,0]": 911.25, "L": 9213, "b1\'[1]": null}'),
    ],
)
def test_json_and_csv(tmp_path, name, content):
    found = read_answers(written(tmp_path, name, content))
    assert found == WANTED
    assert isinstance(found["L"], int)
    assert read_answers(str(written(tmp_path, name, content))) == WANTED


def test_minus_signs_and_powers(tmp_path):
    assert read_answers(written(tmp_path, "a.csv", "L,−0.5\nL',1e-3\n")) == {"L": -0.5, "L'": 0.001}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", '{\n"z1[0]": 7.5,\n}', ["a.json", "line 3"]),
        ("a.json", "[1, 2]", ["a.json", "line 1", "object"]),
        ("a.json", "3", ["a.json", "object"]),
        ("a.json", '{"L": 1,\n"z1[0]": "7"}', ["a.json", "line 2", "z1[0]"]),
        ("a.json", '{"L": true}', ["a.json", "line 1", "'L'"]),
        ("a.json", '{"L": [1]}', ["a.json", "line 1", "'L'"]),
        ("a.json", '{"L": {"a": 1}}', ["a.json", "line 1", "'L'"]),
        ("a.json", '{\n"L": NaN}', ["a.json", "line 2", "NaN"]),
        ("a.json", '{"L": 1e999}', ["a.json", "line 1", "'L'"]),
        ("a.json", '{"L": 1' + "0" * 400 + "}", ["a.json", "line 1", "'L'"]),
        ("a.json", '{"L": 1,\n"L": 2}', ["a.json", "'L'", "before"]),
        ("a.json", "[" * 100_000, ["a.json", "line 1"]),
        ("a.csv", "z1[0],7.5\nz1[0],8\n", ["a.csv", "line 2", "z1[0]", "before"]),
        ("a.csv", "z1[0],7.5\n\nL,seven\n", ["a.csv", "line 3", "'L'", "'seven'"]),
        ("a.csv", "L,nan", ["a.csv", "line 1", "'nan'"]),
        ("a.csv", "L,1e999", ["a.csv", "line 1", "'1e999'"]),
        ("a.csv", "L,1_000", ["a.csv", "line 1", "'1_000'"]),
        ("a.csv", "L," + "9" * 5000, ["a.csv", "line 1", "'L'"]),
        ("a.csv", "z1[0]\n", ["a.csv", "line 1", "symbol"]),
        ("a.csv", 'L,1\n"' + "x" * 200_000 + '",2', ["a.csv", "line 2", "CSV"]),
        ("a.csv", b"L,1\nz\xe4,2", ["a.csv", "byte 6", "UTF-8"]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, name, content, words):
    with pytest.raises(DataError) as told:
        read_answers(written(tmp_path, name, content))
    message = str(told.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json.*no such file"):
        read_answers(tmp_path / "nowhere.json")
