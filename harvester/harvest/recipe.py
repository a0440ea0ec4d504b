"""Room: the recipe: one hash of everything that turns a record into triples and findings.

Two runs with the same recipe and the same answers give the same ledger; any change of mapping,
connector, profile, shapes, schemes, alignments, territories or source options makes another.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import orjson

import harvester
from harvester import territory, vocab
from harvester.harvest.plan import Plan

_ROOMS = (
    "canonical.py", "cleaning", "harvest/corrections.py", "harvest/judging.py", "iri.py", "items.py",
    "mapping", "profile", "rdf", "shapes", "territory", "vocab.py",
)  # fmt: skip
_SCHEDULING = frozenset(
    (
        "title", "publisher", "enabled", "schedule", "expect", "grace", "full_every", "delay", "timeout",
        "attempts", "max_bytes", "allow_private", "robots_ignored", "headers", "permission", "was",
    )
)  # fmt: skip
"""What a source says that no triple of its records depends on."""


def recipe(plan: Plan, base: str) -> str:
    """The recipe of a source, 64 hexadecimal characters."""
    source = plan.source
    said = {name: getattr(source, name) for name in source.__slots__ if name not in _SCHEDULING}
    told = orjson.dumps({"base": base, **said}, option=orjson.OPT_SORT_KEYS)
    return sha256(told + _code(source.connector).encode()).hexdigest()


@cache
def _code(connector: str) -> str:
    """What the code and the data of the house contribute, the same for all sources of a connector."""
    root = Path(harvester.__file__).parent
    files = [path for room in _ROOMS for path in _python(root / room)]
    files += [root / "connectors" / f"{connector}.py", *sorted((root / "connectors").glob("_*.py"))]
    digest = sha256()
    for path in files:
        digest.update(path.read_bytes())
    digest.update(vocab.fingerprint().encode())
    digest.update(territory.load().fingerprint().encode())
    return digest.hexdigest()


def _python(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]
