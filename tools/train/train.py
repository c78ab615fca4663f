"""Fine-tunes the encoder on the phrases of all voices that are not held back; writes build/<name>.pt and its predictions.

    python train.py --name encoder
"""

import argparse
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

import corpus
import encoder

BUILD = pathlib.Path(__file__).resolve().parent / "build"
SEED = 20261121


def labels(lines):
    topics = sorted({l.topic for l in lines if l.topic})
    flags = ["none"] + sorted({l.flag for l in lines if l.flag})
    return topics, flags


def rows(lines, topics, flags):
    t, f = ({name: at for at, name in enumerate(names)} for names in (topics, flags))
    return [(l.text, t.get(l.topic, -1), f[l.flag or "none"], corpus.LEVELS.index(l.level)) for l in lines]


def batch(rows):
    """Pads token rows to one tensor and its mask."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = True
    return ids, mask


def predict(model, pieces, texts):
    """Probabilities of topics, flags and levels, one row a text."""
    model.eval()
    tokens = [pieces.of(t) for t in texts]
    order = sorted(range(len(texts)), key=lambda n: len(tokens[n]))
    out = [None] * len(texts)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            part = order[start : start + 64]
            heads = [h.softmax(1).numpy() for h in model(*batch([tokens[n] for n in part]))]
            for row, n in enumerate(part):
                out[n] = [h[row] for h in heads]
    return [np.array([o[head] for o in out]) for head in range(3)]


def mixed(rng, row, own, ordinary):
    """Now and then a line stands behind or before an ordinary one: a warning sign hides in a question about shoes."""
    if row[1] >= 0 or rng.random() > 0.2:
        return own
    other = rng.choice(ordinary)
    joined = other[:-1] + own[1:] if rng.random() < 0.6 else own[:-1] + other[1:]
    return joined[: encoder.TOKENS_MAX - 1] + joined[-1:] if len(joined) > encoder.TOKENS_MAX else joined


def learn(args, parts):
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    torch.set_num_threads(args.threads)
    topics, flags = labels(parts["learn"])
    model, vocabulary = encoder.pretrained(
        args.keep, len(topics), len(flags), len(corpus.LEVELS), [l.text for l in parts["learn"]]
    )
    pieces = encoder.Pieces(vocabulary)
    data = rows(parts["learn"], topics, flags)
    tokens = [pieces.of(r[0]) for r in data]
    ordinary = [t for t, r in zip(tokens, data) if r[1] >= 0 and len(t) < 50]
    heads = [p for n, p in model.named_parameters() if n.split(".")[0] in ("topic", "flag", "level")]
    body = [p for n, p in model.named_parameters() if p.requires_grad and n.split(".")[0] not in ("topic", "flag", "level")]
    groups = [{"params": body, "lr": args.rate}, {"params": heads, "lr": 1.5e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    steps = args.epochs * -(-len(data) // args.batch)
    warm = int(0.06 * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1, (s + 1) / warm) * max(0.0, 1 - s / steps))
    unk = pieces.unknown
    began, step = time.time(), 0
    for epoch in range(args.epochs):
        model.train()
        now = [mixed(rng, row, own, ordinary) for row, own in zip(data, tokens)]
        order = sorted(range(len(data)), key=lambda n: len(now[n]) + rng.random() * 6)
        batches = [order[n : n + args.batch] for n in range(0, len(order), args.batch)]
        rng.shuffle(batches)
        for part in batches:
            ids, mask = batch([[unk if rng.random() < 0.03 else i for i in now[n]] for n in part])
            topic, flag, level = model(ids, mask)
            want = [torch.tensor([data[n][k] for n in part]) for k in (1, 2, 3)]
            loss = F.cross_entropy(flag, want[1], label_smoothing=0.02)
            loss = loss + F.cross_entropy(level, want[2], label_smoothing=0.02)
            if (want[0] >= 0).any():
                loss = loss + F.cross_entropy(topic, want[0], ignore_index=-1, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 50 == 0:
                print(f"{step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f} s", flush=True)
        report(model, pieces, topics, flags, parts)
    return model, pieces, topics, flags


def report(model, pieces, topics, flags, parts):
    for name in ("tune", "prove"):
        lines = [l for l in parts[name] if l.topic]
        if lines:
            p = predict(model, pieces, [l.text for l in lines])[0]
            best = np.argsort(-p, 1)
            want = np.array([topics.index(l.topic) for l in lines])
            print(f"{name}: topics {len(lines)} top-1 {(best[:, 0] == want).mean():.3f} top-3 {(best[:, :3] == want[:, None]).any(1).mean():.3f}")
        lines = parts[name]
        levels = predict(model, pieces, [l.text for l in lines])[2]
        score = levels[:, 2] + levels[:, 3]
        urgent = np.array([l.level in ("urgent", "emergency") for l in lines])
        alike = np.array([l.look_alike for l in lines])
        ordinary = np.array([l.topic is not None for l in lines])
        for at in (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
            hit = score > at
            print(f"{name}: > {at}: flags {hit[urgent].mean():.3f} look-alikes {hit[alike].mean():.3f} ordinary {hit[ordinary].mean():.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="encoder")
    parser.add_argument("--keep", default="0,1,2,3,4,5", type=lambda s: [int(n) for n in s.split(",")])
    parser.add_argument("--epochs", default=3, type=int)
    parser.add_argument("--batch", default=32, type=int)
    parser.add_argument("--rate", default=1.2e-4, type=float)
    parser.add_argument("--threads", default=2, type=int)
    args = parser.parse_args()
    parts = corpus.split(corpus.read())
    print({name: len(lines) for name, lines in parts.items()}, flush=True)
    model, pieces, topics, flags = learn(args, parts)
    BUILD.mkdir(exist_ok=True)
    saved = {"weights": model.state_dict(), "topics": topics, "flags": flags, "vocabulary": pieces.vocabulary}
    torch.save(saved, BUILD / f"{args.name}.pt")
    heads = {}
    for part in ("tune", "prove"):
        found = predict(model, pieces, [l.text for l in parts[part]])
        heads.update({f"{part}_{head}": p for head, p in zip(("topic", "flag", "level"), found)})
    np.savez(BUILD / f"{args.name}.npz", **heads)


if __name__ == "__main__":
    main()
