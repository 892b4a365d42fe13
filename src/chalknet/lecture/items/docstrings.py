"""Short texts that every Python brings along: the summaries in the documentation of its library, by subject.

They are read from the reader's own installation, so nothing is copied or downloaded (licence: Python's own, PSF-2.0).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

SUBJECTS: dict[str, str] = {  # a subject, and the modules that belong to it
    "mathematics": "math cmath statistics random decimal fractions numbers operator",
    "dates": "datetime calendar time zoneinfo sched",
    "files": "os os.path shutil pathlib tempfile glob fileinput zipfile tarfile io stat",
    "networks": """socket urllib.parse urllib.request http.client http.server http.cookiejar smtplib ftplib imaplib
        poplib ssl ipaddress email.message email.utils socketserver""",
    "concurrency": """threading multiprocessing multiprocessing.pool asyncio queue concurrent.futures subprocess
        signal""",
    "text": "re string textwrap unicodedata difflib html html.parser codecs csv json gettext locale",
}
FEWEST_WORDS = 4


def texts() -> tuple[list[str], list[str]]:
    """Texts and their subjects; a text that occurs under two subjects is left out.

    >>> found, subjects = texts()
    >>> len(found) == len(subjects) and len(found) >= 300
    True
    """
    found: dict[str, set[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names warn when they are looked at
        for subject, modules in SUBJECTS.items():
            for module in modules.split():
                for text in _summaries(import_module(module)):
                    found.setdefault(text, set()).add(subject)
    pairs = [(text, next(iter(subjects))) for text, subjects in sorted(found.items()) if len(subjects) == 1]
    return [text for text, _ in pairs], [subject for _, subject in pairs]


def _summaries(module: Any) -> Iterator[str]:
    """The first paragraph of what documents each public function, class and method."""
    for name in getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]:
        thing = getattr(module, name, None)
        if not callable(thing) or (inspect.isclass(thing) and issubclass(thing, BaseException)):
            continue
        members = vars(thing).items() if inspect.isclass(thing) else ()
        for one in (
            thing,
            *(member for key, member in members if not key.startswith("_") and callable(member)),
        ):
            # a class without documentation of its own would show its parent's
            text = vars(one).get("__doc__") if inspect.isclass(one) else getattr(one, "__doc__", None)
            if isinstance(text, str):
                summary = " ".join(inspect.cleandoc(text).split("\n\n")[0].split())
                if len(summary.split()) >= FEWEST_WORDS:
                    yield summary
