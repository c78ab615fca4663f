"""Reads what teaches the matcher: knowledge/phrases, voice by voice."""

import pathlib
import tomllib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEVELS = ["none", "routine", "urgent", "emergency"]
NOBODY = "out-of-scope"


@dataclass(frozen=True)
class Line:
    """One phrase. `topic` is None for phrases about warning signs, `flag` is None for lines that hold none."""

    text: str
    voice: str
    topic: str | None
    flag: str | None
    level: str
    look_alike: bool = False


def read(knowledge=ROOT / "knowledge"):
    """All lines: phrases, in the order of the files' names, then what the warning signs' own files say."""
    lines = []
    for path in sorted((knowledge / "phrases").glob("*.txt")):
        name, voice, level = path.stem, "?", None
        for row in path.read_text(encoding="utf8").splitlines():
            row = row.strip()
            if row.startswith("# voice:"):
                voice, level = row.split(":", 1)[1].strip(), None
            elif row.startswith("# level:"):
                level = row.split(":", 1)[1].strip()
            elif row and not row.startswith("#"):
                if name.startswith("rf."):
                    lines.append(Line(row, voice, None, name, level))
                elif name.startswith("not."):
                    lines.append(Line(row, voice, None, None, level or "none", True))
                else:
                    lines.append(Line(row, voice, name, None, "none"))
    for path in sorted((knowledge / "safety").glob("*.toml")):
        sign = tomllib.loads(path.read_text(encoding="utf8"))
        lines += [Line(text, "?", None, sign["id"], sign["level"]) for text in sign["says"]]
        lines += [Line(text, "?", None, None, "none", True) for text in sign.get("look_alikes", [])]
    return lines


def split(lines):
    """Lines to learn from, to set thresholds with, and to prove with: whole writers apart (knowledge/voices.toml)."""
    held = tomllib.loads((ROOT / "knowledge" / "voices.toml").read_text(encoding="utf8"))["held"]
    parts = {"learn": [], "tune": [], "prove": []}
    for line in lines:
        part = next((name for name in ("tune", "prove") if line.voice in held[name]), "learn")
        parts[part].append(line)
    return parts
