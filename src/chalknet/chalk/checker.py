"""Goes through the answers of a sheet in the calculation's order and judges each."""

from __future__ import annotations

from itertools import groupby

from chalknet.chalk.answers import Answer
from chalknet.chalk.findings import Finding, rank
from chalknet.chalk.hunt import Hunt
from chalknet.chalk.learners import NOISE, Learners
from chalknet.chalk.report import Report
from chalknet.chalk.sheet import Entry, Sheet

FEW = 10.0  # units that an arithmetic slip may be off, however small the number


def report(sheet: Sheet, given: dict[str, Answer]) -> Report:
    """Judge all answers."""
    learners = Learners(sheet, given)
    hunt = Hunt(learners)
    entries = sorted(map(sheet.find, given), key=lambda e: e.order)
    found: list[Finding] = []
    for _, members in groupby(entries, key=lambda e: e.order[0]):
        array = [judge(entry, learners, hunt) for entry in members]
        rank(array)
        hunt.companions(array)
        for one in array:
            learners.remember(one)
        found += array
    rank(found)
    return Report(tuple(one.row() for one in found))


def judge(entry: Entry, learners: Learners, hunt: Hunt) -> Finding:
    """Right, following from a wrong number, or neither, and then by which slip."""
    a, forms = learners.given[entry.symbol], learners.sheet.forms(entry.symbol)
    one = Finding(entry, a, expected=entry.value)
    if a.fits(entry.value):
        one.ok = one.exact = True
        return one
    terms = max((p.terms() for p in forms), default=0.0)
    between = [entry.value, *(p(chain) for chain in learners.corrected_for(entry.symbol) for p in forms)]
    one.ok = any(a.fits(v, NOISE * terms) for v in between) or min(between) <= a.value <= max(between)
    if one.ok:
        return one
    cause = learners.first_cause(entry.symbol)
    if cause is not None:
        one.expected = forms[0](learners.written)
        ways = ((p, chain) for chain in learners.all for p in forms)
        if any(learners.found(one, p, chain, NOISE * terms) is not None for p, chain in ways):
            one.cause = cause
            return one
    one.matches = hunt.matches(one)
    size = max(abs(a.value), abs(one.expected), abs(entry.value))
    within = max(0.5 * size, terms, FEW)
    one.near = any(abs(a.value - v) <= within for v in (one.expected, entry.value))
    return one
