"""Compares what was learned on voices that taught nothing: thresholds from the voices of `tune`, figures from those of `prove`.

    python compare.py linear l3 linear+l3
"""

import sys

import numpy as np

import corpus
import train


def load(name):
    """Probabilities of one system; of several joined by `+`, their geometric mean."""
    systems = [np.load(train.BUILD / f"{one}.npz") for one in name.split("+")]
    joined = {key: np.mean([np.log(s[key] + 1e-6) for s in systems], 0) for key in systems[0] if not key.endswith("_flag")}
    return {key: np.exp(v) / np.exp(v).sum(1, keepdims=True) for key, v in joined.items()}


def safety(p, part, lines):
    urgent = np.array([l.level in ("urgent", "emergency") for l in lines])
    alike = np.array([l.look_alike for l in lines])
    ordinary = np.array([l.topic is not None for l in lines])
    return p[f"{part}_level"][:, 2:].sum(1), urgent, alike, ordinary


def main():
    parts = corpus.split(corpus.read())
    topics, _ = train.labels(parts["learn"])
    print(f"{'':24} top-1  top-3 refused chatter | flags found, look-alikes, ordinary, where tune has 0.03 / 0.06 / 0.10 look-alikes")
    for name in sys.argv[1:]:
        p = load(name)
        lines = parts["prove"]
        asks = [n for n, l in enumerate(lines) if l.topic and l.topic != corpus.NOBODY]
        chat = [n for n, l in enumerate(lines) if l.topic == corpus.NOBODY]
        own = [n for n, t in enumerate(topics) if t != corpus.NOBODY]
        nobody = topics.index(corpus.NOBODY)
        best = np.array(own)[np.argsort(-p["prove_topic"][:, own], 1)[:, :3]]
        want = np.array([topics.index(lines[n].topic) for n in asks])
        refused = p["prove_topic"][:, nobody] > 0.5
        row = [(best[asks, 0] == want).mean(), (best[asks] == want[:, None]).any(1).mean(), refused[asks].mean(), refused[chat].mean() if chat else np.nan]
        score, urgent, alike, ordinary = safety(p, "tune", parts["tune"])
        cells = []
        for share in (0.03, 0.06, 0.10):
            at = np.quantile(score[alike], 1 - share)
            s, u, a, o = safety(p, "prove", lines)
            cells.append(f"{(s > at)[u].mean():.3f} {(s > at)[a].mean():.3f} {(s > at)[o].mean():.4f}")
        print(f"{name:24} " + "  ".join(f"{v:.3f}" for v in row) + "  | " + "  |  ".join(cells))


if __name__ == "__main__":
    main()
