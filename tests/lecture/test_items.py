"""The lecture's items: each runs, shows the numbers of its slides and their slips, and ends with one thing to try."""

from __future__ import annotations

import io
import math
import re
import time
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from chalknet.chalk.expr import Symbol
from chalknet.chalk.numbers import shown
from chalknet.chalk.writers import text
from chalknet.cli.main import COMMANDS
from chalknet.lecture.items import ITEMS, docstrings, find, web
from chalknet.lecture.items.layout import blocks, document
from chalknet.lecture.items.page import (
    Heading,
    Listing,
    Page,
    Picture,
    Pixels,
    Slip,
    Table,
    Text,
    Try,
    Worked,
)
from chalknet.lecture.items.worked import chosen, formula
from chalknet.maths.losses import LOSSES

NAMED = (  # by issue 5
    *("step", "sigmoid", "descent", "xor", "forward", "backward", "blobs", "relu", "boundary", "softmax", "losses"),
    *("regression", "digits", "text"),
)  # fmt: skip
QUICK = {
    "forward",
    "backward",
    "dense",
    "mse",
    "line",
    "step",
    "losses",
    "cross-entropy",
    "activations",
    "descent",
}
SLOW = {name: () if name in QUICK else (pytest.mark.slow,) for name in ITEMS}
EACH = [pytest.param(name, marks=SLOW[name]) for name in ITEMS]


class Shown(NamedTuple):
    """An item that was run."""

    parts: list
    words: str  # all that it says, with ASCII minus signs
    page: str  # as HTML
    seconds: float
    figure: tuple[int, int]  # axes with something on them, bytes of the picture


@cache
def run(name: str) -> Shown:
    parts: list = []
    start = time.perf_counter()
    ITEMS[name].show(Page(parts.append))
    seconds = time.perf_counter() - start
    figure = next(part.figure for part in parts if isinstance(part, Picture))
    axes = len([ax for ax in figure.axes if ax.has_data()])
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=40)
    page = "\n".join(map(web.render, parts))  # closes the figure
    return Shown(parts, plain(parts), page, seconds, (axes, len(data.getvalue())))


def plain(parts: list) -> str:
    """What a terminal would show."""
    out: list[str] = []
    for part in parts:
        match part:
            case Worked():
                doc = document(part)
                lines = (line for block in blocks(part) for line in text.write_block(block, doc, 400))
                out += [part.label, "\n".join("".join(span for span, _ in line) for line in lines)]
            case Table():
                out += ["  ".join(part.header), *("  ".join(row) for row in part.rows)]
            case Listing():
                out += [part.source, part.output]
            case Slip():
                out += [f"{part.where}: {part.says}", f"right: {part.right}"]
            case Picture():
                out.append(part.caption)
            case Text() | Heading():
                out.append(part.text)
            case Try():
                out += [part.text, part.command]
            case Pixels():
                pass
    return "\n".join(out).replace("−", "-")


def test_the_table_has_every_name_in_the_lectures_order():
    assert set(NAMED) <= set(ITEMS)
    first = [int(item.slides[0].removeprefix("S")) for item in ITEMS.values()]
    assert first == sorted(first)
    covered = {slide for item in ITEMS.values() for slide in item.slides}
    assert covered == {f"S{n}" for n in range(1, 22)}
    assert all(name == item.name for name, item in ITEMS.items())


def test_items_are_found_by_slide_too():
    assert find("S10") is ITEMS["backward"] and find("s13") is ITEMS["blobs"]
    assert find("S22") is None


@pytest.mark.parametrize("name", EACH)
def test_every_item_runs(name):
    shown_ = run(name)
    assert shown_.seconds < 60
    kinds = [type(part) for part in shown_.parts]
    assert kinds.count(Picture) == 1 and kinds.index(Picture) == len(kinds) - 2
    assert kinds.count(Try) == 1 and kinds[-1] is Try
    assert {Worked, Table, Listing} & set(kinds), "no numbers"
    axes, size = shown_.figure
    assert axes >= 1 and size > 5000
    assert "http" not in shown_.page and shown_.page.count("data:image/png;base64,") == 1
    assert "Traceback" not in shown_.words and "None" not in re.sub(r"None where", "", shown_.words)


@pytest.mark.parametrize("name", EACH)
def test_what_to_try_next_exists(name):
    command = run(name).parts[-1].command.split()
    assert command[0] == "chalknet" and command[1] in COMMANDS
    if command[1] == "lecture":
        assert command[2] in ITEMS and command[2] != name


@pytest.mark.parametrize("name", EACH)
def test_worked_lines_are_true(name):
    """Each line's arithmetic, evaluated as plain Python, gives its value to the printed decimals."""
    names = {k: v for k, v in vars(math).items() if not k.startswith("_")} | {
        "max": max,
        "min": min,
        "abs": abs,
    }
    for part in run(name).parts:
        if isinstance(part, Worked):
            for step in part.steps:
                if np.ndim(step.value) == 0 and step.arithmetic is not None:
                    got = eval(step.arithmetic, {"__builtins__": {}}, names)
                    assert abs(got - step.value) <= 10.0**-part.decimals * max(1, abs(step.value)), (
                        step.symbol
                    )


NUMBERS = {  # what must be among an item's words
    "network": ["22", "8 + 4 + 8 + 2"],
    "step": ["a⁽¹⁾₁ - y₁ = 1 - 0 = 1", "1·3 + 1·2 + (-4) = 1"],
    "sigmoid": ["1/(1 + e^(-0)) = 0.5", "Epoch 10/10, Error:", "= 0.25", "the wrong way"],
    "line": ["1.4142", "26.6°", "never"],
    "batches": ["0.6478", "stochastic", "256"],
    "descent": [
        *("1·3 + 0 = 3", "(3 - 1)² = 4", "2·(3 - 1) = 4", "3 - 1·4 = -1", "-1 - 1·(-4) = 3"),
        *("3 - 0.8·4 = -0.2", "= 1.72", "= 0.568", "0 - 0.1·4 = -0.4", "= 1.44", "9.5996"),
    ],
    "xor": ["3 of the 4 points", "[28, 11.5]", "3·28 + 5·6 + 7.5 = 121.5", "loss of 0.25"],
    "forward": [
        *("3·0.5 + 5·1 + 1 = 7.5", "= 14\n", "= 27\n", "= 12.5\n", "= 121.5\n", "= 62.5\n", "9213.25"),
        "[7.5  14  27  12.5]",
    ],
    "backward": [
        *("7.5", "14", "27", "12.5", "121.5", "62.5", "9213.25", "120.5", "903.75", "468.75", "1687", "875"),
        *("3253.5", "1687.5", "1506.25", "781.25", "245.5", "91.5", "424", "303.5", "736.5", "274.5", "1272"),
        *("910.5", "1227.5", "457.5", "2120", "1517.5", "-14.19783", "-12.73375", "196.5612", "2·(121.5 - 1)/2"),
    ],
    "dense": ["[[120.5  62.5]]", "[[245.5  91.5 424.  303.5]]", "[[-14.19783 -12.73375]]", "196.5612"],
    "mse": ["9213.25", "[120.5, 62.5]", "18426.5", "[241, 125]"],
    "blobs": ["for 27 of the seeds 0 to 29", "nan", "0.00908"],
    "activations": ["0.1966", "-0.964", "-0.02", "0.25"],
    "vanishing": ["sigmoid", "layer 1 gets", "0.6931"],
    "relu": ["0.5", "for 10 of 10 seeds", "(2 of 2)", "times as fast"],
    "boundary": ["59 × 56 = 3304"],
    "softmax": ["e^(2)/(e^(2) + e^(1) + e^(-1)) = 0.7054", "0.2595", "0.0351"],
    "losses": ["(5 - 3)² = 4", "4.605  (-100)", "1·(|5 - 3| - 0.5) = 1.5", "0.3567"],
    "cross-entropy": ["0.4879 - 1 = -0.5121", "16.1181", "1000.0", "-0.0596"],
    "regression": ["sin", "R²", "0.9975"],
    "tables": ["Adelie", "yes/no"],
    "digits": ["450 held-out", "misread"],
    "text": ["TF-IDF", "mathematics"],
}  # fmt: skip


@pytest.mark.parametrize("name", EACH)
def test_an_items_numbers(name):
    words = run(name).words
    assert not [number for number in NUMBERS[name] if number not in words]


SLIPS = [  # LECTURE.md's errata: item, what the slide says, what is right
    ("step", "x₂w₁", "x₂w₂"),
    ("descent", "predicted value is 4", "it is 3"),
    ("descent", "differential equations", "differential calculus"),
    ("descent", "between 0 and 1", "above 1 diverges"),
    ("sigmoid", "sig(z)*1-sig(z)", "sig(z)·(1 - sig(z))"),
    ("sigmoid", "w,x + b", "w·x + b"),
    ("forward", "lost entries", "[w₂,₁, w₂,₂, w₂,₃, w₂,₄]"),
    ("forward", "the same b", "b₁, b₂, b₃, b₄"),
    ("forward", "b2 = [1 1 1 1]", "two ones"),
    ("forward", "½·14,520 + 3,906", "½·(14520.25 + 3906.25) = 9213.25"),
    ("backward", "½·14,520 + 3,906", "½·(14520.25 + 3906.25) = 9213.25"),
    ("backward", "h·[121.5, 62.5]", "h·[120.5, 62.5]"),
    ("backward", "= [121.5, 62.5]", "[120.5, 62.5]"),
    ("backward", "[121.5, 62.5]·W2ᵀ", "[120.5, 62.5]·W2ᵀ"),
    ("backward", "∂L/∂w₁,₁", "∂L/∂W2"),
    ("backward", "∂o₁/∂w₁,₂ = h₂", "∂o₁/∂w₂,₁ = h₂"),
    ("backward", "layer 2's biases a second time", "[245.5, 91.5, 424, 303.5]"),
    ("dense", "repeats layer 2's biases", "layer 1's"),
    ("activations", "x ≥ 1", "x ≥ 0"),
    ("softmax", "eˣⁱ", "eˣʲ"),
    ("cross-entropy", "returns ŷ - y", "(ŷ - y)/N"),
    ("blobs", "sparse=False", "sparse_output=False"),
    ("blobs", "as if it learned", "standardise X, or take α = 0.0005"),
    ("relu", "ReLU on the outputs", "every output dies"),
    ("losses", "designed for classification", "losses for numbers"),
]


@pytest.mark.parametrize(
    ("name", "says", "right"), [pytest.param(*slip, marks=SLOW[slip[0]]) for slip in SLIPS]
)
def test_the_slides_slips_stand_where_they_belong(name, says, right):
    slips = [part for part in run(name).parts if isinstance(part, Slip)]
    found = [s for s in slips if says.replace("-", "−") in s.says.replace("-", "−")]
    assert any(right.replace("-", "−") in slip.right.replace("-", "−") for slip in found)


@pytest.mark.slow
def test_the_texts_are_real_and_the_network_reads_them():
    texts, subjects = docstrings.texts()
    assert len(texts) == len(set(texts)) == len(subjects) >= 300
    assert set(subjects) == set(docstrings.SUBJECTS)
    rows = {row[0]: row[1] for part in run("text").parts if isinstance(part, Table) for row in part.rows}
    network = float(rows["network with 32 hidden units"].removesuffix(" %"))
    majority = next(float(v.removesuffix(" %")) for k, v in rows.items() if k.startswith("always"))
    assert network > 70 > 2 * majority


@pytest.mark.slow
def test_digits_are_read_and_the_misread_ones_are_shown():
    parts = run("digits").parts
    rows = [row for part in parts if isinstance(part, Table) for row in part.rows]
    network, same = (float(row[1].removesuffix(" %")) for row in rows[:2])
    assert network > 94 and same < 20
    pixels = next(part for part in parts if isinstance(part, Pixels))
    assert pixels.pixels.shape[1:] == (8, 8) and len(pixels.captions) == len(pixels.pixels)
    assert not any(right for _, right in pixels.captions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [("blobs", "overshoots"), ("relu", "Every output is dead"), ("vanishing", "vanish")],
)
def test_the_slides_runs_are_diagnosed_by_the_traces_remarks(name, words):
    said = [part.text for part in run(name).parts if isinstance(part, Text)]
    told = next(i for i, text in enumerate(said) if "trace" in text and "remarks" in text)
    assert words in " ".join(said[told + 1 : told + 4])


def test_pages_without_figures():
    parts: list = []
    ITEMS["line"].show(Page(parts.append, pictures=False))
    assert not any(isinstance(part, Picture) for part in parts)
    assert isinstance(parts[-1], Try)


def test_the_whole_page_is_one_document_in_order():
    chosen_ = [ITEMS["line"], ITEMS["mse"], ITEMS["dense"]]
    page = "".join(web.write(chosen_, pictures=False))
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert re.findall(r'<section id="([\w-]+)">', page) == ["line", "mse", "dense"]
    assert re.findall(r'href="([^"]*)"', page) == ["#line", "#mse", "#dense"]
    assert "http" not in page and "<script" not in page and "width=device-width" in page
    assert page.count("<style>") == 1 and "\0" not in page
    single = "".join(web.write([ITEMS["mse"]], pictures=False))
    assert "<nav>" not in single and "<title>Mean squared error" in single


def test_commands_in_a_paragraph_are_set_as_code():
    assert (
        web.render(Text("see `chalknet lecture <x>`")) == "<p>see <code>chalknet lecture &lt;x&gt;</code></p>"
    )


def test_parts_of_no_kind_are_refused():
    with pytest.raises(TypeError, match="no part of an item"):
        web.render("words")


def test_formulas_are_worked_in_the_textbooks_form_where_it_holds():
    row = LOSSES["binary_cross_entropy"]
    line = formula("l", row, Symbol("y", 1.0), Symbol("a", 0.5))
    assert line.arithmetic == "-(1*log(0.5) + (1 - 1)*log(1 - 0.5))"
    assert shown(line.value, 4) == "0.6931"
    certain = formula("l", row, Symbol("y", 1.0), Symbol("a", 1.0))  # log(1 - 1) in the textbook's form
    assert certain.value == 0.0


def test_a_step_that_is_not_there_is_named():
    from chalknet.chalk import explain
    from chalknet.lecture.items import example

    trace = explain(example.network(), example.X, example.Y, learning_rate=0.1)
    assert [s.symbol for s in chosen(trace, "L", "z1[2]")] == ["L", "z1[2]"]
    with pytest.raises(KeyError, match="a9"):
        list(chosen(trace, "a9"))
