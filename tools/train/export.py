"""Writes a trained encoder as Patella carries it: weights as bytes, the vocabulary cut to what the language needs.

    python export.py --name encoder
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

import corpus
import encoder
import train

# Seven bits with the sign: the products of byte pairs then never leave sixteen bits, whatever the processor.
STEPS = 63


def to_bytes(weight, axis):
    """Seven bits and a scale for each slice along `axis`: the products of byte pairs then never leave sixteen bits."""
    largest = np.abs(weight).max(axis=1 - axis, keepdims=True)
    scale = np.where(largest > 0, largest / STEPS, 1.0).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale.reshape(-1)


def sample(saved, layers):
    """What the encoder makes of some held-back lines, before its weights are bytes: the test's measure for the program."""
    sizes = (len(saved["topics"]), len(saved["flags"]), len(corpus.LEVELS))
    model = encoder.Encoder(len(saved["vocabulary"]), layers, *sizes)
    model.load_state_dict(saved["weights"])
    texts = [l.text for l in corpus.split(corpus.read())["prove"]][::40]
    heads = train.predict(model, encoder.Pieces(saved["vocabulary"]), texts)
    rows = [{"text": text, "topic": saved["topics"][t.argmax()], "share": round(float(t.max()), 4), "levels": [round(float(p), 4) for p in level]} for text, t, _, level in zip(texts, *heads)]
    path = corpus.ROOT / "tests" / "data" / "encoder.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="encoder")
    parser.add_argument("--out", default=str(corpus.ROOT / "model" / "patella.safetensors"))
    args = parser.parse_args()
    saved = torch.load(train.BUILD / f"{args.name}.pt")
    weights = {k: v.float().numpy() for k, v in saved["weights"].items()}
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
    out = {}
    out["words"], out["words.scale"] = to_bytes(weights["words.weight"], 0)
    out["places"] = weights["places.weight"]
    for name in ("norm",):
        out[f"{name}.weight"], out[f"{name}.bias"] = weights[f"{name}.weight"], weights[f"{name}.bias"]

    def dense(name, weight, bias):
        out[f"{name}.weight"], out[f"{name}.scale"] = to_bytes(np.ascontiguousarray(weight.T), 1)
        out[f"{name}.bias"] = bias

    for n in range(layers):
        part = lambda name, kind: weights[f"layers.{n}.{name}.{kind}"]
        sides = ("query", "key", "value")
        mix = [np.concatenate([part(s, kind) for s in sides]) for kind in ("weight", "bias")]
        dense(f"layers.{n}.mix", *mix)
        for name in ("out", "up", "down"):
            dense(f"layers.{n}.{name}", part(name, "weight"), part(name, "bias"))
        for name in ("norm1", "norm2"):
            for kind in ("weight", "bias"):
                out[f"layers.{n}.{name}.{kind}"] = part(name, kind)
    for head in ("topic", "flag", "level"):
        for kind in ("weight", "bias"):
            out[f"{head}.{kind}"] = weights[f"{head}.{kind}"]
    notes = {
        "layers": str(layers),
        "vocabulary": "\n".join(saved["vocabulary"]),
        "topics": "\n".join(saved["topics"]),
        "flags": "\n".join(saved["flags"]),
    }
    sample(saved, layers)
    path = pathlib.Path(args.out)
    path.parent.mkdir(exist_ok=True)
    save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, path, metadata=notes)
    print(path.name, path.stat().st_size, "bytes,", len(saved["vocabulary"]), "word pieces")


if __name__ == "__main__":
    main()
