"""Sentences in LaTeX: signs that mean something there are escaped, mathematical Unicode becomes mathematics."""

from __future__ import annotations

import re
import unicodedata

from chalknet.chalk import names

ESCAPES = {
    **{c: f"\\{c}" for c in "%&#$_{}"}, "\\": "\\textbackslash{}", "^": "\\^{}", "~": "\\~{}", "<": "$<$", ">": "$>$",
    "|": "$|$", "…": "\\dots{}", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---", "°": "${}^\\circ$",
}  # fmt: skip
SUPERS = {"⁽": "(", "⁾": ")", "⁻": "-", **{chr(k): chr(v) for v, k in names.SUPER.items()}}
SUBS = {chr(k): chr(v) for v, k in names.SUB.items()} | {"ₜ": "t"}
MATHS = {
    "∂": "\\partial ", "−": "-", "·": "\\cdot ", "×": "\\times ", "′": "'", "→": "\\to ", "←": "\\leftarrow ",
    "≥": "\\ge ", "≤": "\\le ", "≠": "\\ne ", "≈": "\\approx ", "±": "\\pm ", "∞": "\\infty ", "⋯": "\\cdots ",
    "⊙": "\\odot ", "Σ": "\\Sigma ", "√": "\\sqrt{}", "½": "\\tfrac12 ", "⊤": "\\top ", "ᵀ": "^{\\top}",
    "ŷ": "\\hat y", "ã": "\\tilde a", "ℓ": "\\ell ", "∇": "\\nabla ", "‖": "\\|",
    "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ", "δ": "\\delta ", "Δ": "\\Delta ", "ε": "\\varepsilon ",
    "η": "\\eta ", "λ": "\\lambda ", "μ": "\\mu ", "π": "\\pi ", "ρ": "\\rho ", "σ": "\\sigma ", "Φ": "\\Phi ",
    "φ": "\\varphi ", "θ": "\\theta ",
}  # fmt: skip
JOINS = ("−", "·", "×", "⊙", "≥", "≤", "≠", "≈", "±", "+", "=")
SCRIPT = re.compile(
    f"([{''.join(SUPERS)}][{''.join(SUPERS)},′]*)|([{''.join(SUBS)}](?:,?[{''.join(SUBS)}])*)"
)


def prose(text: str) -> str:
    r"""A sentence for LaTeX.

    >>> prose("∂L/∂z⁽²⁾₁: 50 % of ŷ − y")
    '$\\partial L/\\partial z^{(2)}_{1}$: 50 \\% of $\\hat y - y$'
    """
    return "".join(" " if word == " " else _words(word) for word in _runs(text))


def _runs(text: str) -> list[str]:
    """Cut at blanks, but not at those between signs of mathematics: ŷ − y is one."""
    pieces = re.split(r"( )", text)
    out: list[str] = []
    k = 0
    while k < len(pieces):
        if (
            len(out) > 1
            and pieces[k] in JOINS
            and k + 2 < len(pieces)
            and _symbol(out[-2])
            and _symbol(pieces[k + 2])
        ):
            before = out.pop(-2)
            out[-1] = f"{before} {pieces[k]} {pieces[k + 2]}"
            k += 3
        else:
            out.append(pieces[k])
            k += 1
    return out


def _symbol(word: str) -> bool:
    """Tell whether a word is a symbol or a number, not one of a language."""
    bare = word.strip(".,;:()")
    return len(bare) == 1 or any(c in MATHS or c.isdigit() for c in bare)


def _words(word: str) -> str:
    if not any(c in MATHS or c in SUPERS or c in SUBS for c in word):
        return "".join(_plain(c) for c in word)
    tail = re.search(r"[.:;,]*$", word)
    end = tail[0] if tail else ""
    body = word[: len(word) - len(end)]
    body = SCRIPT.sub(_script, body)
    maths = "".join(MATHS.get(c, c if c.isascii() else _plain(c)) for c in body)
    return f"${' '.join(maths.split())}${end}"


def _script(m: re.Match[str]) -> str:
    table, sign = (SUPERS, "^") if m[1] else (SUBS, "_")
    inner = "".join("\\prime " if c == "′" else table.get(c, c) for c in m[0])
    return f"{sign}{{{inner.strip()}}}"


def _plain(c: str) -> str:
    """A sign outside mathematics; one that a stock LaTeX cannot set is spelled by its nearest Latin letters."""
    if c in ESCAPES:
        return ESCAPES[c]
    if c.isascii() or (c.isalpha() and ord(c) < 0x180):
        return c
    near = unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode()
    return near or "?"
