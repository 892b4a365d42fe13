"""Documents as sparse rows of word counts.

As in scikit-learn's gallery: "Classification of text documents using sparse features".
"""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from chalknet import MLPClassifier  # was: from sklearn.neural_network import MLPClassifier


def data(seed):
    """2000 documents of 60 made-up words each: most are of everybody's, a few of one of six topics."""
    draw = np.random.default_rng(seed)
    common = 1.0 / np.arange(1, 5001)  # Zipf's law
    topics = [draw.permutation(5000)[:300] for _ in range(6)]
    y = draw.integers(6, size=2000)
    words = draw.choice(5000, size=(2000, 60), p=common / common.sum())
    for row, topic in zip(words, y, strict=True):
        row[:8] = draw.choice(topics[topic], size=8)
    documents = [" ".join(f"w{word}" for word in row) for row in words]
    return train_test_split(documents, y, random_state=seed)


def run(MLPClassifier, parts, seed):
    """Accuracy on documents that were not learned from."""
    documents, documents_test, y, y_test = parts
    network = MLPClassifier(hidden_layer_sizes=(30,), early_stopping=True, random_state=seed)
    return make_pipeline(TfidfVectorizer(), network).fit(documents, y).score(documents_test, y_test)


if __name__ == "__main__":
    print(f"accuracy = {run(MLPClassifier, data(0), 0):.3f}")
