"""The rival without any pretraining: logistic regression on word and character n-grams. Writes build/linear.npz.

    python linear.py
"""

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

import corpus
import train


def classifier(rows, want):
    model = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=None, random_state=train.SEED, average=True, n_jobs=2)
    return model.fit(rows, want)


def main():
    parts = corpus.split(corpus.read())
    learn = parts["learn"]
    topics, flags = train.labels(learn)
    by_words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode")
    by_letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, strip_accents="unicode")
    texts = [l.text for l in learn]
    rows = hstack([by_words.fit_transform(texts), by_letters.fit_transform(texts)]).tocsr()
    data = train.rows(learn, topics, flags)
    asks = [n for n, row in enumerate(data) if row[1] >= 0]
    topic = classifier(rows[asks], [data[n][1] for n in asks])
    level = classifier(rows, [row[3] for row in data])
    out = {}
    for name in ("tune", "prove"):
        x = hstack([f.transform([l.text for l in parts[name]]) for f in (by_words, by_letters)]).tocsr()
        out[f"{name}_topic"], out[f"{name}_level"] = topic.predict_proba(x), level.predict_proba(x)
    train.BUILD.mkdir(exist_ok=True)
    np.savez(train.BUILD / "linear.npz", **out)


if __name__ == "__main__":
    main()
