"""S21: language."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split

from chalknet.estimators.classifier import MLPClassifier
from chalknet.lecture.items.docstrings import texts
from chalknet.lecture.items.loops import fitted
from chalknet.lecture.items.worked import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

NEW = (
    "Return the cosine of an angle in radians.",
    "Open a connection to the mail server and log in.",
    "Copy a file and its permissions to another directory.",
    "Wait until another thread has released the lock.",
    "Replace every match of the pattern in the string.",
    "How many days are there in this month?",
)
EXAMPLE = 60  # letters of a text in a table


def show(page: Page) -> None:
    """TF-IDF by hand for one text, a network on the sparse rows, and what it makes of new sentences."""
    documents, subjects = texts()
    counts = Counter(subjects)
    page.say(
        f"""{len(documents)} short texts, and to each its subject: first paragraphs from the documentation of
        Python's own library, read from this very installation (PSF licence 2.0). Which part of the library
        does a text describe?"""
    )
    page.table(["subject", "texts"], counts.most_common(), right=(1,))
    train, test, y_train, y_test = train_test_split(documents, subjects, random_state=0, stratify=subjects)
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
    X, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)
    page.heading("From words to numbers")
    words = vectorizer.get_feature_names_out()
    row = vectorizer.transform([NEW[0]])
    page.say(
        f"""Each of the {len(words)} words that occur in at least two texts is an input; its value grows with
        how often the word stands in the text and falls with how many texts have it (TF-IDF), and each text's
        values are scaled to length 1. Almost all are 0: only {X.nnz} of {X.shape[0]} × {X.shape[1]} are
        stored. “{NEW[0]}” becomes"""
    )
    page.table(
        ["word", "value"],
        [(words[j], number(v)) for j, v in zip(row.indices, row.data, strict=True)],
        right=(1,),
    )
    model = MLPClassifier((32,), learning_rate_init=0.01, alpha=0.01, max_iter=40, random_state=0)
    fitted(model, X, y_train)
    guess = model.predict(X_test)
    largest = counts.most_common(1)[0][0]
    page.heading("Learned from the sparse rows as they are")
    page.table(
        [f"{len(test)} held-out texts", "right"],
        [
            ("network with 32 hidden units", f"{100 * np.mean(guess == np.array(y_test)):.1f} %"),
            (f"always “{largest}”", f"{100 * np.mean(np.array(y_test) == largest):.1f} %"),
        ],
        right=(1,),
    )
    wrong = [i for i in range(len(test)) if guess[i] != y_test[i] and len(test[i]) <= EXAMPLE][:5]
    page.say("Some that it gets wrong; a person might, too:")
    page.table(["text", "it says", "true"], [(test[i], guess[i], y_test[i]) for i in wrong])
    chances = model.predict_proba(vectorizer.transform(NEW))
    page.say("And sentences that nobody documented yet:")
    page.table(
        ["text", "it says", "how sure"],
        [
            (text, model.classes_[p.argmax()], number(p.max(), 2))
            for text, p in zip(NEW, chances, strict=True)
        ],
        right=(2,),
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12.5, 5.4))
        left, right = fig.subplots(1, 2)
        plots.learning_curve(model, ax=left)
        plots.confusion(y_test, guess, ax=right)
        right.tick_params(axis="x", rotation=30)
        return fig

    page.figure(draw, "The loss while learning, and which subjects are taken for which.")
    page.next(
        "Words in a table's column are taken as categories; try one of yours:",
        "chalknet train YOUR.csv --target COLUMN",
    )
