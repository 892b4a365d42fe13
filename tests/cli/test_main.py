"""The group: help, version, one-line errors, --debug, closed pipes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import chalknet as cn
from chalknet.cli.main import COMMANDS, main, run


@pytest.mark.parametrize("args", [[], ["--help"]])
def test_help_names_all_commands(chalknet, args):
    result = chalknet(*args)
    assert result.status == 0 and result.err == ""
    assert all(f"  {name} " in result.out for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_command_has_help(chalknet, name):
    result = chalknet(name, "--help")
    assert result.status == 0 and result.err == ""
    assert "--debug" in result.out


def test_version(chalknet):
    assert chalknet("--version") == (0, f"chalknet {cn.__version__}\n", "")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["trian"], ["'trian'", "did you mean 'train'", ", ".join(COMMANDS)]),
        (["x\ny"], ["'x\\ny'"]),
        (["--foo"], ["--foo"]),
        (["train"], ["DATA"]),
        (["train", "a.csv"], ["--target"]),
        (["train", "a.csv", "--target", "y", "b"], ["(b)"]),
        (["train", "a.csv", "--target"], ["--target", "argument"]),
        (["predict", "m"], ["DATA"]),
    ],
)
def test_wrong_use_is_one_line(refused, args, words):
    line = refused(*args)
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    "args", [["--debug", "train", "no.csv", "--target", "y"], ["train", "no.csv", "--target", "y", "--debug"]]
)
def test_debug_adds_the_traceback(chalknet, args):
    result = chalknet(*args)
    assert result.status == 2
    assert result.err.startswith("Traceback")
    assert result.err.splitlines()[-1] == "chalknet: There is no file 'no.csv'."


@pytest.mark.parametrize("args", [["train", "--epochs", "0", "--debug"], ["train", "--debug", "--nonsense"]])
def test_debug_reaches_errors_of_parsing(chalknet, args):
    assert "Traceback" in chalknet(*args).err


def test_debug_after_two_dashes_is_a_name(chalknet):
    assert "Traceback" not in chalknet("train", "--target", "y", "--", "--debug").err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KeyboardInterrupt(), 130, "chalknet: Interrupted; nothing was written.\n"),
        (BrokenPipeError(), 141, ""),
        (MemoryError(), 2, "chalknet: Not enough memory.\n"),
        (OSError(28, "No space left on device", "a\nb"), 2, "chalknet: No space left on device: 'a\\nb'.\n"),
        (TypeError("x"), 2, "chalknet: Unexpected TypeError: x (--debug shows where; please report it).\n"),
        (cn.EngineError("It is broken."), 2, "chalknet: It is broken.\n"),
    ],
)
def test_every_error_has_its_status(chalknet, monkeypatch, error, status, line):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(sys.modules["chalknet.cli.main"], "_invoke", fail)
    assert chalknet("demo") == (status, "", line)


def test_nobody_reads_standard_error_either(monkeypatch):
    class Closed:
        def write(self, _: str) -> None:
            raise BrokenPipeError

        encoding = "utf-8"

        def flush(self) -> None:
            raise BrokenPipeError

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr(sys, "stderr", Closed())
    monkeypatch.setattr(sys, "stdout", Closed())
    assert run(["trian"]) == 2


@pytest.mark.usefixtures("capsys")
def test_main_leaves_with_the_status(monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["chalknet", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    with pytest.raises(SystemExit) as left:
        main(["nonsense"])
    assert left.value.code == 2
    monkeypatch.setattr(
        sys.modules["chalknet.cli.main"], "run", lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 130


def test_help_imports_nothing_heavy():
    """The budget of half a second, as imports: they do not depend on how busy the machine is."""
    code = (
        "import sys; from chalknet.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'pandas', 'sklearn', 'rich', 'numba'} & {*sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_as_a_module_with_a_closed_pipe(tmp_path: Path, table):
    """``chalknet … | true`` ends quietly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "chalknet", "train", table, "--target", "kind", "--epochs", "2"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 141)
    assert err == b""
    assert (tmp_path / "model.chalk").exists()  # training is worth ending, whoever reads
