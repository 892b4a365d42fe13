"""`trace.why`: the chain rule for one number, along every path from it to the loss, with the numbers of each factor."""

from __future__ import annotations

from itertools import islice
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from chalknet.chalk import names
from chalknet.chalk.expr import symbols_of
from chalknet.chalk.gradient_paths import UP, Chain, Path
from chalknet.chalk.trace import Step
from chalknet.exceptions import ParameterError

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from chalknet.chalk.trace import Trace

MOST = 10_000  # paths that are kept; the sum of the others is exact all the same


class Share(NamedTuple):
    """What one row of the batch (None: the only one) adds to a gradient."""

    row: int | None
    total: float
    ways: int  # how many paths there are
    paths: list[Path]


class Why:
    """The answer: every path with its factors; prints itself.

    Attributes:
        symbol: the number asked about, such as "W1[0,2]".
        paths: each with `.factors` (symbol, formula, value), `.product`, `.names` and `.row`.
        count: how many paths there are; `paths` holds no more than 10 000 of them.
        rest: the sum over the paths that are not held.
        gradient: dL/d(symbol), the sum over all paths.
        new_value: the parameter after the update; None for what is no parameter.
        updates: the steps that lead from the gradient to the new value.
        shares: the paths by row of the batch.
    """

    def __init__(self, trace: Trace, symbol: str, shares: list[Share], updates: list[Step]) -> None:
        self.symbol, self.shares, self.updates = symbol, shares, updates
        self.precision = trace.precision
        self.gradient = float(trace.value(UP + symbol))
        self.new_value = float(updates[-1].value) if updates else None
        self.paths = [path for share in shares for path in share.paths]
        self.count = sum(share.ways for share in shares)
        held = fsum(path.product for path in self.paths)
        self.rest = self.gradient - held if self.count > len(self.paths) else 0.0

    def to_text(self, *, width: int = 80) -> str:
        """Unicode text, so many columns wide."""
        from chalknet.chalk.writers import text, why_text

        return text.plain(why_text.write(self, width))

    def to_latex(self, standalone: bool = False) -> str:
        """LaTeX for amsmath; with standalone a whole document."""
        from chalknet.chalk.writers import latex, why_latex

        body = why_latex.write(self)
        return latex.standalone(body) if standalone else body

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Why {self.symbol}: {self.count} paths, gradient {self.gradient!r}>"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from chalknet.chalk.writers import why_text

        for line in why_text.write(self, max(40, min(options.max_width, 100))):
            yield Text.assemble(*line, no_wrap=True)

    def _repr_latex_(self) -> str:
        from chalknet.chalk.writers import markdown, why_latex

        return "\n".join(markdown.display(why_latex.rows(self)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": self._repr_latex_()}


def why(trace: Trace, symbol: str) -> Why:
    """Answer for one symbol; see `Trace.why`.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 1), cn.Dense(1, 2)], loss=cn.MSE())
    >>> net.layers[0].weights, net.layers[1].weights = [[1.0], [2.0]], [[3.0, -1.0]]
    >>> answer = cn.explain(net, [[1.0, 2.0]], [[16.0, -4.0]], learning_rate=0.1).why("W1[1, 0]")
    >>> [path.product for path in answer.paths], answer.gradient
    ([-6.0, 2.0], -4.0)
    """
    chain = Chain(trace)
    asked = checked(chain, symbol)
    gradient = UP + asked
    above = chain.up(gradient)[1]
    n = names.parse(asked)
    if n.letter.startswith(("W", "b", "gain", "shift")) and len(trace.book.X) > 1:
        shares: list[Share] = []
        most = max(1, MOST // len(above))
        for upper, c in above.items():
            row = names.parse(upper).place[0]
            one = chain.factor(asked, upper, c)
            count = chain.count(upper)
            paths = [
                Path([asked, *chain_names], [one, *factors], [c, *expressions], row)
                for chain_names, factors, expressions in islice(chain.paths(upper), most)
            ]
            shares.append(Share(row, one.value * float(trace.value(upper)), count, paths))
    else:
        sample = n.place[0] if len(trace.book.X) > 1 else None
        paths = [Path(*path, sample) for path in islice(chain.paths(gradient), MOST)]
        shares = [Share(sample, float(trace.value(gradient)), chain.count(gradient), paths)]
    return Why(trace, asked, shares, updates(chain, asked))


def checked(chain: Chain, symbol: str) -> str:
    """The symbol without blanks or a leading dL/d. Raises ParameterError for what has no gradient."""
    asked = str(symbol).replace(" ", "").removeprefix(UP)
    base = asked.partition("[")[0]
    if UP + base not in chain.groups:
        known = [g.removeprefix(UP) for g in chain.groups if g.startswith(UP)]
        raise ParameterError(
            f"why: {symbol!r} has no gradient in this calculation: name an entry of {', '.join(sorted(known))}."
        )
    group = chain.groups[UP + base]
    try:
        _, index = chain.group(UP + asked)
    except (ValueError, IndexError):
        last = group.symbol(tuple(n - 1 for n in group.value.shape)).removeprefix(UP)
        raise ParameterError(f"why: {symbol!r} names no entry of {base}: the last one is {last}.") from None
    return group.symbol(index).removeprefix(UP)


def updates(chain: Chain, symbol: str) -> list[Step]:
    """The steps from a parameter's gradient to its new value: the optimizer's slots and rates, then the value."""
    base, _, place = symbol.partition("[")
    new = f"{base}'"
    if new not in chain.groups or chain.groups[new].part != "update":
        return []
    order = {name: k for k, name in enumerate(chain.groups)}
    found: dict[str, Step] = {}
    waiting = [f"{new}[{place}"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = chain.step(name)
        waiting += [s for s in symbols_of(found[name].expr) if _updated(chain, s)]
    return sorted(found.values(), key=lambda s: order[s.symbol.partition("[")[0]])


def _updated(chain: Chain, symbol: str) -> bool:
    """Tell whether a symbol is calculated by an update (and not the whole gradient that a length is taken of)."""
    g = chain.groups.get(symbol.partition("[")[0])
    return g is not None and g.part == "update" and ("[" in symbol or not g.value.ndim)
