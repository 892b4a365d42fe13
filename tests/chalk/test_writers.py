"""A trace as text, LaTeX, Markdown, HTML, notebook output and code: complete, true to the trace, and fit to read."""

from __future__ import annotations

import io
import json
import re
import time
import tracemalloc
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import chalknet as cn
from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol
from chalknet.chalk.numerals import digits
from chalknet.chalk.printers import NumPy, Text
from chalknet.chalk.writers import boxes, code, document, elide, html, latex, mathml, matrices, pieces, shapes
from chalknet.chalk.writers.tex_prose import prose
from chalknet.chalk.writers.text import plain, split
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS

LAYERS = {**ACTIVATIONS, **ROW_ACTIVATIONS}


def lecture(**options: Any) -> Any:
    """The update of the lecture's S9 and S10."""
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    return cn.explain(net, [[3, 5]], [[1, 0]], learning_rate=0.001, **options)


def batch(**options: Any) -> Any:
    """Two rows through sigmoid, dropout and softmax, with Adam."""
    layers = [cn.Dense(2, 2), cn.Sigmoid(), cn.Dropout(0.5), cn.Dense(2, 3)]
    net = cn.Network(layers, loss=cn.SoftmaxCrossEntropy(), random_state=0)
    options = {"optimizer": cn.Adam(0.1), "jacobian": True} | options
    return cn.explain(net, [[1, 2], [0.5, -1]], [0, 2], **options)


def layer(name: str) -> Any:
    return getattr(cn, LAYERS[name].layer)()


def optimizer(name: str) -> Any:
    if name in {"momentum", "nesterov"}:
        return cn.SGD(0.05, momentum=0.9, nesterov=name == "nesterov")
    return getattr(cn, OPTIMIZERS[name].layer)(0.05)


def targets(name: str, rows: int) -> np.ndarray:
    row, rng = LOSSES[name], np.random.default_rng(1)
    if row.labels:
        return rng.integers(0, 2, rows)
    if row.targets == (0.0, 1.0):
        return np.eye(2)[rng.integers(0, 2, rows)]
    if row.d_p:
        return rng.normal(size=(rows, 1))
    return (
        rng.choice([-1.0, 1.0], (rows, 2)) if row.targets == (-1.0, 1.0) else abs(rng.normal(size=(rows, 2)))
    )


def example(activation: str, loss: str, rule: str, rows: int, **options: Any) -> Any:
    pair = LOSSES[loss].pair
    last = [] if pair == "identity" else [layer(pair)]
    layers = [cn.Dense(2, 3), layer(activation), cn.Dense(3, 2), *last]
    net = cn.Network(layers, loss=getattr(cn, LOSSES[loss].layer)(), random_state=1)
    X = np.random.default_rng(0).normal(size=(rows, 2))
    return cn.explain(
        net, X, targets(loss, rows), optimizer=optimizer(rule), code=True, jacobian=True, **options
    )


EVERY = [
    *((a, "squared_error", "sgd") for a in LAYERS),
    *(("tanh", name, "sgd") for name in LOSSES),
    *(("relu", "softmax_cross_entropy", name) for name in OPTIMIZERS),
]


def maths_of(page: str) -> list[str]:
    return re.findall(r"<math.*?</math>", page)


def balanced(tex: str) -> bool:
    """Tell whether braces, environments and growing brackets of LaTeX come in pairs."""
    bare = tex.replace("\\\\", "").replace("\\{", "").replace("\\}", "")
    ends = [len(re.findall(rf"\\{word}\b", bare)) for word in ("begin", "end", "left", "right")]
    return bare.count("{") == bare.count("}") and ends[0] == ends[1] and ends[2] == ends[3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "loss", "rule"), [pytest.param(*row, id="-".join(row)) for row in EVERY]
)
@pytest.mark.parametrize("style", ["node", "matrix"])
def test_every_row_of_the_tables_is_written_and_its_code_computes_every_array(
    activation: str, loss: str, rule: str, style: str
) -> None:
    trace = example(activation, loss, rule, 2, style=style, steps=2)
    text = trace.to_text()
    assert max(map(pieces.text_width, text.splitlines())) <= 80
    assert balanced(trace.to_latex()) and balanced(trace.to_markdown())
    formulas = maths_of(trace.to_html())
    assert len(formulas) > 50
    for formula in formulas:
        ET.fromstring(formula)  # well-formed
    space: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        exec(trace.to_code(), space)
    for group in trace.groups:
        value = np.ravel(space[names.variable(group.name)])
        np.testing.assert_allclose(value, group.value.ravel(), rtol=1e-9, atol=1e-12, err_msg=group.name)


def test_text_has_every_number_of_the_lecture() -> None:
    text = lecture().to_text()
    for line in (
        "z⁽¹⁾₁ = x₁·w⁽¹⁾₁,₁ + x₂·w⁽¹⁾₂,₁ + b⁽¹⁾₁ = 3·0.5 + 5·1 + 1 = 7.5",
        "= 9213.25",
        "∂L/∂z⁽²⁾₁ = 2·(z⁽²⁾₁ − y₁)/2 = 2·(121.5 − 1)/2 = 120.5",
        "∂L/∂w⁽²⁾₁,₁ = z⁽¹⁾₁·∂L/∂z⁽²⁾₁ = 7.5·120.5 = 903.75",
        "w⁽¹⁾′₁,₃ = w⁽¹⁾₁,₃ − α·∂L/∂w⁽¹⁾₁,₃ = 7 − 0.001·1272 = 5.728",
        "= −14.1978",
        "The loss fell: 9213.25 before, 196.5612 after.",
    ):
        assert line in text
    titles = ["Given", "Forward pass", "Loss", "Backward pass", "Update", "Forward pass with the new weights"]
    places = [text.index(f"\n{title}\n") for title in titles]
    assert places == sorted(places)


def test_lines_are_broken_only_before_a_sign() -> None:
    for trace in (lecture(), batch(), batch(style="matrix")):
        for line in trace.to_text().splitlines():
            if re.match(r" {4,}[^\s⎡⎢⎣⎛⎜⎝]", line) and not line.lstrip().startswith(("⋯", "◀")):
                assert re.match(r"[=+−] ", line.lstrip()), line


def test_matrices_stand_aligned_with_their_shapes() -> None:
    text = lecture(style="matrix").to_text()
    assert "layer 1: weighted sums  (lecture S8, S9)                   1×2 · 2×4 + 1×4 = 1×4" in text
    assert "    = [3  5] · ⎡0.5  1  7  3  ⎤ + [1  1  1  1]\n               ⎣1    2  1  0.5⎦\n" in text
    assert "    = [7.5  14  27  12.5]\n" in text
    assert "⊙" in batch(style="matrix").to_text()


def test_matrix_equations_hold_at_their_printed_precision() -> None:
    trace = batch(style="matrix")
    doc = document.document(trace)
    checked = 0
    for block in (b for chapter in doc.chapters for b in chapter.blocks):
        for step in block.steps:
            w = matrices.worked(doc, step, boxes.width, 76)
            if w.pieces:
                printed = {
                    id(s): matrices.as_printed(s.value, w.decimals)
                    for s in matrices._leaves(doc.operands[id(step)])
                    if np.ndim(s.value)
                }
                left = matrices.evaluate(doc.operands[id(step)], memo=printed)
                unit = 0.5 * 10.0**-trace.precision * 1.0001
                assert np.abs(left - matrices.as_printed(np.asarray(step.value), 4)).max() <= unit
                checked += 1
    assert checked > 20


def test_numbers_that_no_digits_can_make_hold_are_printed_with_all() -> None:
    e = Symbol("", np.array([[1e20, 1.0]])) - Symbol("", np.array([[1e20, 0.0]]))
    assert matrices.enough_digits(e, np.array([[0.5, 1.0]]), 4) == 15
    assert matrices.enough_digits(e, np.array([[np.inf, 1.0]]), 4) == 4


# The five questions that learners ask most.


def test_it_says_where_the_half_the_two_and_the_mean_come_from() -> None:
    text = lecture().to_text()
    assert "the mean over the 2 outputs: that is the 1/2" in text
    assert "ℓ = (ŷ − y)²\n  ∂ℓ/∂ŷ = 2·(ŷ − y)" in text
    assert text.count("◀ here the mean's 1/2 enters") == 1
    for written in (lecture().to_latex(), lecture().to_markdown(), lecture().to_html()):
        assert written.count("here the mean's 1/2 enters") == 1


def test_it_says_that_the_backward_pass_uses_the_old_weights() -> None:
    text = lecture(steps=2).to_text()
    assert "with the old weights W throughout" in text
    assert "with the old weights W′ throughout" in text
    assert "W′ are the old weights, W′′ the new ones." in text


def test_both_forms_of_the_sigmoids_derivative_are_printed_once() -> None:
    assert batch().to_text().count("σ′(z) = e^(−|z|)/(1 + e^(−|z|))² = a·(1 − a)") == 1
    assert "\\sigma'(z)" in batch().to_latex()
    assert "f′(z) = " in example("tanh", "squared_error", "sgd", 1).to_text()
    assert "f′(z) = (1 if z > 0, else 0)\n" in example("relu", "squared_error", "sgd", 1).to_text()
    # browsers drop a plain blank at the end of an mtext
    assert "<mtext>if\u00a0</mtext>" in example("relu", "squared_error", "sgd", 1).to_html()
    plain = next(name for name, row in ACTIVATIONS.items() if row.d_textbook is None)
    assert "f′(z) = " not in example(plain, "squared_error", "sgd", 1).to_text()


def test_a_batchs_bias_gradient_is_shown_with_shapes() -> None:
    for style in ("node", "matrix"):
        text = batch(style=style).to_text()
        assert "sum over the rows of 2×3 = 1×3" in text
        assert "a bias is seen by every row: its gradient is the column's sum" in text
    assert "∂L/∂b⁽²⁾ = Σ_rows ∂L/∂z⁽²⁾" in batch(style="matrix").to_text()


def test_softmax_with_cross_entropy_goes_both_ways_to_equal_numbers() -> None:
    trace = batch()
    assert "the same through softmax's Jacobian: equal to ŷ − y below" in trace.to_text()
    np.testing.assert_allclose(trace.array("jz2"), trace.array("dL/dz2"), rtol=1e-12)
    assert "Jacobian" not in batch(jacobian=False).to_text()


# Large networks.


def test_a_large_network_is_elided_with_counts_quickly_and_in_little_memory() -> None:
    net = cn.Network(
        [cn.Dense(784, 512), cn.ReLU(), cn.Dense(512, 512), cn.ReLU(), cn.Dense(512, 10)],
        loss=cn.SoftmaxCrossEntropy(), random_state=0,
    )  # fmt: skip
    X = np.random.default_rng(0).normal(size=(1, 784))
    lecture().to_text()  # imports
    start = time.process_time()
    tracemalloc.start()
    trace = cn.explain(net, X, [3], learning_rate=0.01, style="matrix", code=True)
    text = trace.to_text()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - start < 15  # 0.5 s; tracing memory and a busy machine slow it
    assert peak < 200e6
    assert len(text) < 60_000 and max(map(pieces.text_width, text.splitlines())) <= 80
    assert "⋯ leaves out 776 of 784 rows and 506 of 512 columns" in text
    assert "# W1: the 784×512 array given" in text
    assert trace._builder.entries.cache_info().currsize == 0  # no symbol of a single weight was made
    assert document.document(trace) is document.document(trace)


@pytest.mark.slow
def test_long_lists_and_sums_are_elided_with_counts() -> None:
    net = cn.Network([cn.Dense(30, 40)], loss=cn.MSE(), random_state=0)
    trace = cn.explain(net, np.ones((1, 30)), np.ones((1, 40)), learning_rate=0.1)
    text = trace.to_text()
    assert "⋯ 16 more equations of this kind (40 in all)" in text
    assert "⋯ leaves out 19 terms of the sum" in text
    assert "leaves out 19 terms" in trace.to_latex() and "leaves out 19 terms" in trace.to_html()
    assert "16 more equations" in trace.to_markdown() and "16 more equations" in trace.to_html()
    whole = trace.to_text(limit=None)
    assert "⋯" not in whole and "z⁽¹⁾₄₀" in whole
    assert len(trace.to_dict()["steps"]) > 40 * 30 * 2  # never elided


def test_a_product_too_wide_for_a_line_shows_only_its_result() -> None:
    net = cn.Network([cn.Dense(8, 8), cn.Tanh()], loss=cn.MSE(), random_state=0)
    X = 1e7 * np.random.default_rng(0).normal(size=(8, 8))
    trace = cn.explain(net, X, np.ones((8, 8)), learning_rate=0.1, style="matrix", precision=12)
    assert max(map(pieces.text_width, trace.to_text().splitlines())) <= 80
    assert max(map(pieces.text_width, trace.to_text(width=50).splitlines())) <= 50


# The other writers.


@pytest.mark.slow
@pytest.mark.parametrize("style", ["node", "matrix"])
def test_latex_compiles_with_stock_packages_and_fits_the_page(
    style: str, compiled: Any, tmp_path: Path
) -> None:
    log = compiled(batch(style=style, code=True, steps=2).to_latex(standalone=True), "trace")
    assert "Overfull" not in log
    assert (tmp_path / "trace.pdf").stat().st_size > 20_000


@pytest.mark.slow
def test_latex_of_long_equations_and_odd_signs_compiles(compiled: Any) -> None:
    traces = [
        example(a, "squared_error", "adamw", 1) for a in ("gelu_tanh", "mish", "gaussian", "softmax", "selu")
    ]
    body = "\n".join(t.to_latex() for t in traces) + prose(
        "ŷ − y, w⁽¹⁾′₂,₃ ≥ 0: 50 % of x_1 & é, 中 √½ × 10⁻³ “∂L/∂z”"
    )
    assert "Overfull" not in compiled(latex.standalone(body), "trace")


def test_latex_breaks_long_sums_and_keeps_short_ones_whole() -> None:
    tex = lecture().to_latex()
    assert "z^{(1)}_{1} &= x_{1} \\cdot w^{(1)}_{1,1}" in tex
    net = cn.Network([cn.Dense(9, 1)], loss=cn.MSE(), random_state=0)
    tex = cn.explain(net, np.ones((1, 9)), [[1.0]], learning_rate=0.1).to_latex()
    assert "\n&\\quad + " in tex


def test_wide_fractions_are_written_on_one_line() -> None:
    net = cn.Network([cn.Dense(1, 9)], loss=cn.MSE(), random_state=0)
    tex = cn.explain(net, [[1.0]], np.ones((1, 9)), learning_rate=0.1).to_latex()
    assert "\\bigr) / 9 \\\\" in tex


def test_markdown_is_read_by_github() -> None:
    text = lecture(code=True).to_markdown()
    assert text.startswith("# One update of a 2-4-2 network\n")
    assert text.count("\n$$\n") % 2 == 0 and "```python\nz1 = x @ W1 + b1\n```" in text
    assert "## Loss after the update" in text and "**The loss fell: 9213.25 before, 196.5612 after.**" in text


def test_html_is_one_page_without_addresses() -> None:
    for trace in (lecture(code=True), batch(style="matrix")):
        page = trace.to_html()
        assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
        assert not re.search(r"//|url\(|@import|<script|<link|src=", page.replace("//=", ""))
        assert "viewport" in page and "prefers-color-scheme" in page and "@media print" in page
        assert set(re.findall(r'href="(.)', page)) == {"#"}
        ids = re.findall(r'id="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        for target in re.findall(r'href="#([^"]*)"', page):
            assert target in ids


def test_a_notebook_gets_latex_and_plain_text() -> None:
    bundle = lecture()._repr_mimebundle_()
    assert set(bundle) == {"text/latex", "text/plain"}
    assert bundle["text/plain"] == str(lecture())
    assert bundle["text/latex"].startswith("$$") and balanced(bundle["text/latex"])
    assert "903.75" in bundle["text/latex"] and lecture()._repr_latex_() == bundle["text/latex"]


def test_a_terminal_gets_colours_and_a_file_none() -> None:
    def shown(**options: Any) -> str:
        out = io.StringIO()
        Console(file=out, width=80, **options).print(lecture())
        return out.getvalue()

    assert "\x1b[" in shown(force_terminal=True)
    assert [line.rstrip() for line in shown().splitlines()] == str(lecture()).splitlines()
    assert repr(lecture()) == "<Trace in node style: One update of a 2-4-2 network>"


def test_the_dictionary_is_plain_json_and_never_elided() -> None:
    trace = batch(steps=2, code=True)
    read = json.loads(trace.to_json())
    assert read == trace.to_dict()
    steps = read["steps"]
    keys = {"id", "title", "symbol", "formula", "arithmetic", "value", "shape", "source"}
    assert all(keys <= set(step) for step in steps) and len({step["id"] for step in steps}) == len(steps)
    constants = read["constants"]
    assert (constants["t"], constants["t'"], constants["lr'"], constants["beta_1"]) == (1.0, 2.0, 0.1, 0.9)
    assert len(json.loads(lecture(style="matrix").to_json())["steps"]) < 30
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[1e200]], 0.0
    for style in ("node", "matrix"):
        broken = cn.explain(net, [[1e200]], [[1.0]], learning_rate=0.1, style=style)
        assert None in [step["value"] for step in broken.to_dict()["steps"]] or "null" in broken.to_json()
        assert "∞" in broken.to_text() and "\\infty" in broken.to_latex()
        json.loads(broken.to_json())


# What is given, noted and remarked.


def test_what_is_given_and_the_constants_are_listed() -> None:
    text = batch().to_text()
    assert "the optimizer has kept nothing yet: every m and v is 0" in text
    assert "β₁ = 0.9" in text and "ε = 1·10⁻⁸" in text and "αₜ = α·√(1 − β₂^t)/(1 − β₁^t)" in text
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE(), random_state=0)
    net.fit([[1.0], [2.0]], [[1.0], [3.0]], optimizer=cn.Adam(0.1), epochs=2, batch_size=2)
    later = cn.explain(net, [[1.0], [2.0]], [[1.0], [3.0]]).to_text()
    assert "nothing yet" not in later and "t = 3" in later


def test_weights_clipping_and_decay_are_told() -> None:
    net = cn.Network([cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    X, y = [[1.0, 2.0], [3.0, 4.0]], [[1.0], [2.0]]
    net.fit(X, y, optimizer=cn.SGD(0.1), epochs=1, l1=0.01, l2=0.1, clip_norm=0.5)
    for style in ("node", "matrix"):
        trace = cn.explain(net, X, y, style=style, code=True)
        text = trace.to_text()
        assert "plain gradient descent, learning rate 0.1, L1 0.01, L2 0.1, norm at most 0.5" in " ".join(
            text.split()
        )
        assert "‖" in text or "√" in text
        trace.to_latex(), trace.to_html(), trace.to_markdown()
        space: dict[str, Any] = {}
        exec(trace.to_code(), space)
        np.testing.assert_allclose(space["W1_1"], trace.array("W1'"))
    weighted = cn.explain(net, X, y, learning_rate=0.1, sample_weight=[1.0, 2.0])
    assert "2 rows, weighted" in weighted.to_text()


def test_a_safe_form_is_told_where_it_stands() -> None:
    net = cn.Network([cn.Dense(1, 2)], loss=cn.SoftmaxCrossEntropy())
    net.layers[0].weights, net.layers[0].biases = [[1000.0, 0.0]], 0.0
    text = cn.explain(net, [[1.0]], [1], learning_rate=0.1).to_text()
    assert "floating point\n  a⁽¹⁾₁ = 1/(1 + e^(z⁽¹⁾₂ − z⁽¹⁾₁)) = 1/(1 + e^(0 − 1000)) = 1\n" in text
    assert text.count("in its safe form") == 4  # softmax and loss, before and after


def test_remarks_end_every_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = lecture()
    monkeypatch.setattr(type(trace), "remarks", ["Unit 1 is dead & gone."], raising=False)
    assert trace.to_text().endswith("• Unit 1 is dead & gone.")
    assert "\\item Unit 1 is dead \\& gone." in trace.to_latex()
    assert "- Unit 1 is dead & gone." in trace.to_markdown()
    assert "<li>Unit 1 is dead &amp; gone.</li>" in trace.to_html()


def test_a_loss_that_rises_or_stays_is_told() -> None:
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[3.0]], [[0.0]]
    assert (
        "The loss rose: 4 before, 16 after."
        in cn.explain(net, [[1.0]], [[1.0]], learning_rate=0.75).to_text()
    )
    net.layers[0].weights = [[1.0]]
    assert (
        "The loss stayed: 0 before, 0 after."
        in cn.explain(net, [[1.0]], [[1.0]], learning_rate=1.0).to_text()
    )


# The small parts.


def test_shapes_tell_how_matrices_meet() -> None:
    a, b, s = (Symbol(n, np.zeros(d)) for n, d in (("a1", (3, 4)), ("b1", (1, 4)), ("s", (3, 1))))
    assert shapes.shapes(a + b, a.value) == "3×4 + 1×4 = 3×4"
    assert shapes.shapes(s * a, a.value) == "3×1 ⊙ 3×4 = 3×4"
    assert shapes.shapes(np.exp(a), a.value) == "" and shapes.shapes(None, 1.0) == ""
    assert shapes.shapes(Expr("all", a), 1.0) == ""
    product = Expr("matmul", Expr("transpose", a + s), a)
    assert shapes.shapes(product, np.zeros((4, 4))) == "(3×4 + 3×1)ᵀ · 3×4 = 4×4"


def test_expressions_over_matrices_are_shown_operand_by_operand() -> None:
    a, b = (Symbol(n, np.array([[1.0, 2.0]])) for n in ("a1", "b1"))

    def kinds(e: Any) -> str:
        return "".join(
            "M" if t.kind == "matrix" else "n" if t.kind == "number" else t.value
            for t in matrices.tokens(matrices.operands(e))
        )

    assert kinds(2.0 * (a - (b + a))) == "n·(M−(M+M))"
    assert kinds(a * np.exp(b) / 2.0) == "M⊙M/n"
    assert kinds(Expr("across", a + b)) == "Σ_outputs(M+M)"
    assert kinds(a / b) == "M" and kinds(a * a) == "M"


def test_gaps_in_both_directions_have_their_own_dots() -> None:
    g = elide.grid(np.arange(100.0).reshape(10, 10), (3, 3))
    box = boxes.matrix(g, 2)
    assert box.lines[2] == "⎢⋮  ⋮  ⋱  ⋮ ⎥".replace("⋮  ⋮  ⋱  ⋮ ", box.lines[2][1:-1]) and "⋱" in box.lines[2]
    assert elide.note([g]) == "⋯ leaves out 7 of 10 rows and 7 of 10 columns"
    assert html.bracketed(g, 2).count("<mo>⋱</mo>") == 1 and "\\ddots" in latex.bracketed(g, 2)


def test_long_lines_of_code_are_folded_where_python_allows_it() -> None:
    line = "a = " + " + ".join(f"np.exp(b{k})" for k in range(12))
    folded = code.folded(line, 40)
    assert max(map(len, folded)) <= 40 and len(folded) > 3
    space = {"np": np} | {f"b{k}": float(k) for k in range(12)}
    exec("\n".join(folded), space)
    assert space["a"] == sum(np.exp(k) for k in range(12))
    assert max(map(len, code.folded("a = " + "f(" * 30 + "x, y" + ")" * 30, 40))) <= 70
    assert code.literal("x", np.array([np.nan, -np.inf]), elided=True) == "x = np.array([np.nan, -np.inf])"
    assert code.folded("import numpy as np", 5) == ["import numpy as np"]


def test_signs_of_mathematics_become_latex() -> None:
    assert prose("m(w⁽¹⁾′₁,₃) of a 2×4") == "$m(w^{(1)\\prime}_{1,3})$ of a $2\\times 4$"
    assert prose("2 inputs → 4 units") == "2 inputs $\\to$ 4 units"
    assert prose("1×2 · 2×4 + 1×4 = 1×4") == "$1\\times 2 \\cdot 2\\times 4 + 1\\times 4 = 1\\times 4$"
    assert prose("a_b 5% “x” ａ 中") == "a\\_b 5\\% ``x'' a ?"


def test_names_in_mathml() -> None:
    assert mathml.symbol("dL/db1[0]").startswith("<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow>")
    assert mathml.symbol("x[1]") == "<msub><mi>x</mi><mrow><mn>2</mn></mrow></msub>"
    assert mathml.symbol("beta_1") == "<msub><mi>β</mi><mn>1</mn></msub>"
    assert mathml.symbol("yhat") == '<mover accent="true"><mi>y</mi><mo>^</mo></mover>'
    assert mathml.symbol("aa1").startswith('<msup><mover accent="true"><mi>a</mi><mo>~</mo></mover>')
    assert mathml.symbol("lrtb'") == "<msup><msub><mi>α</mi><mi>t,b</mi></msub><mrow><mo>′</mo></mrow></msup>"
    assert mathml.symbol("lr") == "<mi>α</mi>" and mathml.symbol("mW1").startswith("<mi>m</mi><mo>(</mo>")
    assert mathml.symbol("jz2'[0,1]").startswith("<msub><mrow><mo>(</mo><mfrac>")
    assert mathml.symbol("jz2") == mathml.symbol("jz2[0]").replace("<mrow><mn>1</mn></mrow>", "<mrow></mrow>")


def test_powers_of_ten_bind_like_the_products_they_are() -> None:
    small = Symbol("a1", 1.5e-9)
    assert pieces.numeric("text", small**2.0, 4) == ["(1.5·10⁻⁹)²"]
    assert pieces.numeric("latex", 1.0 / small, 4) == ["\\frac{1}{1.5 \\cdot 10^{-9}}"]
    assert pieces.numeric("mathml", small * small, 4)[0].startswith("<msup><mrow><mo stretchy")
    assert pieces.inside("text", Symbol("a", -1.0), 4) == "(−1)"


def test_sums_of_any_length_are_printed() -> None:
    total = sum((Symbol(f"x[{k}]", 1.0) for k in range(1, 3000)), Symbol("x[0]", 1.0))
    assert Text(digits(None), lambda s: s.name)(total).count(" + ") == 2999
    assert pieces.symbolic("text", total)[1] == 2988
    assert Text(digits(None), lambda s: names.text(s.name))(
        Expr("norm", Symbol("dL/dW1", 0), Symbol("dL/db1", 0))
    ) == ("‖∂L/∂W⁽¹⁾, ∂L/∂b⁽¹⁾‖")
    x = Symbol("x", np.array([[3.0, 4.0]]))
    assert (
        NumPy(digits(None), lambda s: s.name)(Expr("norm", x)) == "np.sqrt(sum(np.sum(g**2) for g in (x,)))"
    )
    assert split("a(b + c)", 3) == ["a(b", "+ c)"]
    assert plain([[("a ", ""), ("b  ", "")]]) == "a b"


def test_constants_stand_in_the_optimizers_order():
    text = example("relu", "squared_error", "adamw", 1).to_text()
    lines = text[text.index("constants of this update") :].splitlines()[1:7]
    assert [line.split()[0] for line in lines] == ["α", "β₁", "β₂", "ε", "λ", "t"]
