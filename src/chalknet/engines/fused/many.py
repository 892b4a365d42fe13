"""Many runs side by side: one compiled call advances a group of them, and threads take group after group.

A run's own `train` is called through its address, so a run cannot tell whether it has company, and its bits neither.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from chalknet.engines import rules as r
from chalknet.engines import threads as cores
from chalknet.engines.drive import CALL_SECONDS
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.engine import HISTORY, FusedSession
from chalknet.engines.fused.lowlevel import JIT, MEMORY, STEPS, kept, pointer, quiet, shift
from chalknet.engines.fused.steps import INTEGERS, VOID, I, entry, kernel
from chalknet.engines.fused.train import train_type
from chalknet.engines.protocol import Session
from chalknet.engines.state import Until

KINDS = train_type(types.float64).args  # of `train`'s arguments; the last two are steps and epochs
REASON, TRAIN, ARGUMENTS = 0, 1, 2  # places in a run's record
RECORD = ARGUMENTS + len(KINDS)
LEAST_SECONDS = 0.002  # a call shorter than this would cost more than it does
MOST = 256  # sessions that wait for a thread

if JIT:

    @intrinsic
    def resume(typing, record):
        """Call a run's `train` with the arguments of its record; returns why it came back."""

        def codegen(context, builder, signature, args):
            words = [
                builder.load(builder.gep(args[0], [ir.Constant(ir.IntType(64), i)]))
                for i in range(TRAIN, RECORD)
            ]
            targets = [context.get_value_type(kind) for kind in KINDS]
            values = [
                builder.inttoptr(word, kind) if isinstance(kind, ir.PointerType) else word
                for word, kind in zip(words[1:], targets, strict=True)
            ]
            function = ir.FunctionType(ir.IntType(64), targets)
            return builder.call(builder.inttoptr(words[0], function.as_pointer()), values)

        return types.int64(record), codegen

else:

    def resume(record):
        """Twin: call the Python function of that number."""
        words = zip(KINDS, record[ARGUMENTS:RECORD].tolist(), strict=True)
        arguments = [MEMORY[word] if isinstance(kind, types.CPointer) else word for kind, word in words]
        return STEPS[int(record[TRAIN])](*arguments)


def advance_type(T: Any) -> Any:
    """The C signature of `advance`."""
    return VOID(INTEGERS, I)


def advance(table, n):
    """Train n runs on, one after another, each as far as its record says."""
    for i in range(n):
        record = shift(table, i * RECORD)
        record[REASON] = resume(record)


@dataclass
class Turn:
    """A session that waits to be advanced: by how many epochs, and how many steps it has left until then."""

    session: FusedSession
    epochs: int
    steps: int

    @property
    def seconds(self) -> float:
        """How long that takes, as the session guesses."""
        return self.steps / self.session.steps_a_second


class FusedCrew:
    """Threads that advance sessions, see `protocol.Crew`; with one thread the caller's own."""

    def __init__(self, threads: int) -> None:
        self.waiting: deque[Turn] = deque()
        self.slowness = 1.0  # by which sessions' guesses are too short
        self.records: WeakKeyDictionary[FusedSession, np.ndarray] = WeakKeyDictionary()
        self.advance = entry(advance, "float64", advance_type)
        self.back: SimpleQueue[Any] = SimpleQueue()
        self.changed = threading.Condition()
        self.closed = False
        self.size = threads if JIT else 1  # plain Python holds Python's lock
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.size)]
        if self.size > 1:
            for thread in self.threads:
                thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Wait for the calls that are under way."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        if self.size > 1:
            for thread in self.threads:
                thread.join()

    def start(self, session: Any, epochs: int) -> None:
        """Have a session trained on."""
        fact, left = session.layout.fact, session.layout.description.max_epochs - session.done()[1]
        steps = -(-int(fact[at.N_TRAIN]) // int(fact[at.BATCH])) * max(1, min(left, epochs))
        with self.changed:
            self.waiting.append(Turn(session, epochs, steps))
            self.changed.notify()

    def hungry(self) -> bool:
        """Tell whether another session would help to keep the threads busy. Open ones take room, so they are few."""
        with self.changed:
            enough = self._seconds() >= 2 * self.size * CALL_SECONDS
            return len(self.waiting) < (self.size if enough else MOST)

    def wait(self) -> list[tuple[Session, int]]:
        """The sessions that came back, and why."""
        if self.size == 1:
            return self._advance(self._group())
        found = [self.back.get()]
        while not self.back.empty():
            found.append(self.back.get())
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [pair for one in found for pair in one]

    def _work(self) -> None:
        """A thread's life."""
        with cores.capped(max(1, cores.available() // self.size)):
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.waiting or self.closed)
                    if self.closed:
                        return
                    group = self._group()
                try:
                    self.back.put(self._advance(group))
                except BaseException as error:  # noqa: BLE001  raised in the thread that waits
                    self.back.put(error)

    def _seconds(self) -> float:
        return self.slowness * sum(turn.seconds for turn in self.waiting)

    def _group(self) -> list[tuple[Turn, int]]:
        """The next turns and their steps: 0.1 s in all, less where that leaves other threads without work."""
        budget = max(LEAST_SECONDS, min(CALL_SECONDS, self._seconds() / (2 * self.size)))
        group, used = [], 0.0
        while self.waiting and used < budget:
            turn = self.waiting.popleft()
            rate = turn.session.steps_a_second / self.slowness
            steps = max(1, min(turn.steps, int(rate * budget)))
            group.append((turn, steps))
            used += steps / rate
        return group

    @quiet
    def _advance(self, group: list[tuple[Turn, int]]) -> list[tuple[Session, int]]:
        """One compiled call."""
        first = group[0][0]
        if len(group) == 1 and first.session.helpers.n > 1:  # it has threads to itself
            return [(first.session, first.session.run(Until(first.epochs)))]
        table = np.empty((len(group), RECORD), np.int64)
        for record, (turn, steps) in zip(table, group, strict=True):
            record[:] = self._record(turn.session)
            record[-2:] = steps, min(turn.epochs, HISTORY)
        back: list[tuple[Session, int]] = []
        before, clock = [turn.session.done() for turn, _ in group], time.perf_counter()
        try:
            self.advance(pointer(table.reshape(-1)), len(group))
        finally:  # as after the call of a single session
            took, guess = time.perf_counter() - clock, 0.0
            for (turn, _), (steps, epochs), reason in zip(
                group, before, table[:, REASON].tolist(), strict=True
            ):
                session = turn.session
                session.settle(epochs, reason)
                guess += (session.done()[0] - steps) / session.steps_a_second
                back.append((session, reason))
        if took > 1e-4:
            self.slowness = min(max(took / guess, 0.25 * self.slowness), 4.0 * self.slowness)
        return back

    def _record(self, session: FusedSession) -> np.ndarray:
        """The session's record, all but how far it may go."""
        record = self.records.get(session)
        if record is None:
            record = np.zeros(RECORD, np.int64)
            record[REASON], record[TRAIN] = r.RUNNING, kernel(*session.code)
            record[ARGUMENTS:-2] = [kept(array) for array in session.arrays]
            self.records[session] = record
        return record
