"""Tables and picture from a document, without running anything."""

from __future__ import annotations

from chalknet.bench import report
from chalknet.bench.figure import bars, draw


def side(wall, **more):
    return {
        "wall": wall,
        "cpu": wall / 2,
        "spread": 0.01,
        "runs": 3,
        "version": "1",
        "first_extra": 0.0,
        **more,
    }


def document(**more):
    work = {
        "name": "W9", "title": "a trial", "network": "2-3-1", "rows": 100, "epochs": 5, "batch": 10,
        "dtype": "float32", "calls": 1, "allowed": 0.02, "flops": 1e6, "peak_gflops": 100.0,
        "sides": {"estimator": side(0.01, share=0.25, first_extra=4.0), "sklearn": side(0.2, share=0.0125)},
        "against": {
            "sklearn": {"ours": "estimator", "refused": None, "ratio": 20.0, "ratio_cpu": 20.0},
            "numpy": {"ours": "network", "refused": "not the same end: losses 1 and 2"},
            "torch": {"ours": "network", "refused": "PyTorch: not installed", "absent": True},
        },
    }  # fmt: skip
    return {
        "machine": {
            "date": "2026-11-24", "processor": "A processor", "cores": 2, "vector_bits": 512, "system": "Linux",
            "python": "3.11", "chalknet": "0.1.0", "load": 0.5,
            "versions": {"sklearn": "1.9", "torch": None, "numba": "0.68"},
        },
        "settings": {"threads": 1, "repeats": 3, "dtype": "float32"},
        "absent": ["torch"], "works": [work], "peak_gflops": 100.0, "load_after": 0.7, **more,
    }  # fmt: skip


def test_comparison():
    table = report.comparison(document())
    assert table.rows == [
        [
            "W9",
            "scikit-learn",
            "10.0 ms",
            "200 ms",
            "20.0",
            "1 / 1 %",
            "5.00 ms",
            "100 ms",
            "20.0",
            "25 %",
            "1 %",
        ]
    ]
    assert len(table.header) == len(table.rows[0])


def test_processor_time_that_is_not_known_stays_empty():
    made = document()
    made["works"][0]["against"]["sklearn"]["ratio_cpu"] = None
    assert report.comparison(made).rows[0][6:9] == ["", "", ""]


def test_conditions_name_machine_versions_threads_and_who_is_missing():
    text = "\n".join(report.conditions(document()))
    for part in ("A processor, 2 cores, vectors of 512 bits", "scikit-learn 1.9, Numba 0.68", "1 thread on every",
                 "100 GF/s", "0.5 before, 0.7 after", "Not installed, so left out: PyTorch"):  # fmt: skip
        assert part in text
    bare = document(peak_gflops=None, absent=[])
    bare["machine"] |= {"load": None, "versions": {"numba": None}}
    assert len(list(report.conditions(bare))) == 3


def test_a_refusal_is_told_with_its_reason_and_absence_once():
    assert list(report.refusals(document())) == [
        "W9 against NumPy: no ratio, not the same end: losses 1 and 2"
    ]


def test_works_and_their_first_runs():
    assert report.works(document()).rows == [
        ["W9", "a trial", "2-3-1", "100 × 5, batch 10", "float32", "chalknet's estimator 4.00 s"]
    ]


def test_extras():
    row = {"work": "W2", "option": "dropout", "adds": "numbers"}
    tables = list(
        report.extras(
            {
                "import": {"chalknet": 0.5},
                "first": {"chalknet, cold": {"process": 9.0, "fit": 8.0}},
                "memory": {
                    "data": 50e6, "parameters": 1e6, "slots": 3e6,
                    "sides": {"network": {"grew": 3e6, "peak": 2e8}, "numpy": {"grew": None, "peak": 1e8}},
                },
                "options": [
                    {**row, "with": 2.0, "ratio": 2.0, "ratio_cpu": 1.5, "plain": 1.0},
                    {**row, "work": "W3", "failed": "no such option"},
                ],
            }
        )
    )  # fmt: skip
    assert tables[0].rows == [["chalknet", "500 ms"]]
    assert tables[1].rows == [["chalknet, cold", "9.00 s", "8.00 s"]]
    assert tables[2].rows == [
        ["chalknet's Network", "3.0 MB", "1.00", "200.0 MB"],
        ["NumPy", "", "", "100.0 MB"],
    ]
    assert tables[3].rows == [["dropout", "numbers", "2.00 s", "2.00", "1.50", "no such option", "", ""]]


def test_markdown():
    lines = report.markdown(report.comparison(document())).splitlines()
    assert lines[0].startswith("| work | against |") and lines[1].startswith("| --- | --- | ---: |")
    assert len(lines) == 3


def test_the_picture_has_a_bar_for_each_ratio():
    assert bars(document()) == [("W9\n2-3-1", "sklearn", 20.0)]
    ax = draw(document())
    assert [bar.get_width() for bar in ax.patches] == [19.0]
    assert "A processor" in ax.get_xlabel()
    nothing = draw(document(works=[]))
    assert not nothing.patches


def test_threads_in_words():
    made = document(settings={"threads": 2, "repeats": 3, "dtype": "float32"})
    assert "2 threads on every side, held to the same 2 cores" in "\n".join(report.conditions(made))
    assert "2 threads" in draw(made).get_title()
