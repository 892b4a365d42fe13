"""S21: patterns in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import train_test_split

from chalknet import data
from chalknet.chalk import explain
from chalknet.estimators.tabular import TabularClassifier
from chalknet.lecture.items.worked import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page


def show(page: Page) -> None:
    """Penguins: what becomes of each column, the scores, and one row's way through the network."""
    penguins = data.load("penguins")
    X, y = penguins.X, penguins.y
    page.say(f"{penguins.title} {penguins.source}. {penguins.licence}.")
    train, test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    model = TabularClassifier(hidden_layer_sizes=(8,), random_state=0).fit(train, y_train)
    page.say(
        f"""{len(X)} rows, {len(X.columns)} columns; a network takes numbers alone, so categories become
        columns of 0 and 1, numbers are scaled, and gaps are filled and marked."""
    )
    page.table(["column", "taken for", ""], model.columns_)
    largest = y_test.value_counts().idxmax()
    page.table(
        [f"{len(test)} held-out penguins", "right"],
        [
            ("network with 8 hidden units", f"{100 * model.score(test, y_test):.1f} %"),
            (f"always “{largest}”", f"{100 * np.mean(y_test == largest):.1f} %"),
        ],
        right=(1,),
    )
    row = test.iloc[[0]]
    trace = explain(model, row, y_test.iloc[:1], style="matrix")
    page.heading("One penguin's way through the network")
    page.table(["column", "value"], [(name, row.iloc[0][name]) for name in row.columns])
    page.say(
        f"""It enters as {trace.array("x").shape[1]} numbers and leaves as {
            trace.array("z2").shape[1]
        } outputs, from which
        softmax makes: {
            ", ".join(
                f"{label} {number(p)}"
                for label, p in zip(model.classes_, model.predict_proba(row)[0], strict=True)
            )
        }. It is a {y_test.iloc[0]}."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((13, 5.2))
        left, right = fig.subplots(1, 2)
        plots.confusion(y_test, model.predict(test), ax=left)
        pair = ("bill_length_mm", "flipper_length_mm")
        plots.plot_decision_boundary(model, X, y, features=pair, ax=right)
        return fig

    page.figure(
        draw,
        """The confusion matrix of the held-out penguins, and the network over two of the columns, the others
        at their medians: so a penguin whose other measurements lie elsewhere need not stand in the region of
        its answer.""",
    )
    page.next("The same with a model file, predictions and scores, in one command:", "chalknet demo penguins")
