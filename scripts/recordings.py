"""Room: what the recordings become: tests/connectors/<name>/ in, expected.nt and expected-findings.json out.

    python scripts/recordings.py [NAME…]            writes what drifted of these connectors, of all by default
    python scripts/recordings.py [NAME…] --check    writes nothing; lists what drifted and exits 1

`expected.nt` holds the triples that a harvest would publish, sorted. `expected-findings.json` names all that
was remarked on the way, and is there only when something was: so that both are seen in review. Read them
before they are committed: they are what the recording says, not what it should say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a script, only `scripts/` itself is known
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))  # where the recordings are played back

from shelf import RECORDINGS, harvested, recorded

from harvester import canonical, connectors, territory
from harvester.harvest import plan
from harvester.harvest.judging import Judge, Verdict
from harvester.ledger.packing import unpack
from harvester.model import Finding, Gone, Kept, Record, Rejected
from harvester.profile import writer
from harvester.shapes import Checker

BASE = "http://localhost:8000/"
TRIPLES, FINDINGS = "expected.nt", "expected-findings.json"
ALL = "every record"
"""What stands for the refs of a finding that no record is spared."""

Expected = Mapping[str, str | None]
"""The text of each of the two files, None for one that must not be there."""


def expected(name: str) -> Expected:
    """What the files of a connector's recording must say."""
    feed, shelf = recorded(name)
    ours = plan(feed)
    listed = harvested(feed, shelf)
    judge = Judge(ours.mapper(), writer(feed, BASE, territory.load()), Checker(), recipe="")
    verdict = judge.verdict([(one, b"") for one in listed if isinstance(one, Record | Rejected)])
    triples = b"".join(unpack(one.triples.data) for one in verdict.judged if one.triples)
    return {
        TRIPLES: canonical.lines(triples.decode().rstrip("\n").split("\n")).decode(),
        FINDINGS: _json(_remarks(verdict, [one for one in listed if isinstance(one, Kept | Gone)])),
    }


def drifted(names: Iterable[str], folder: Path = RECORDINGS) -> Iterator[tuple[Path, str | None]]:
    """The files of `folder` that do not say what they must, with what they must say."""
    for name in names:
        for file, text in expected(name).items():
            path = folder / name / file
            if (path.read_text(encoding="utf-8") if path.is_file() else None) != text:
                yield path, text


def main() -> int:
    """Write the files, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Regenerate what the recordings are expected to become.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="connectors; all of them by default")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file drifted")
    asked = parser.parse_args()
    found = list(drifted(asked.names or connectors.names()))
    for path, text in found:
        where = path.relative_to(RECORDINGS.parents[1])
        if asked.check:
            print(f"{where}: not what the recording becomes; run `python scripts/recordings.py`")
        elif text is None:
            path.unlink()
            print(f"{where}: removed, there is nothing to remark any more")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{where}: written, read it")
    return 1 if asked.check and found else 0


def _remarks(verdict: Verdict, others: Sequence[Kept | Gone]) -> dict[str, Any]:
    """All that was remarked, by what it is; what there is nothing of is left out."""
    found: dict[str, list[str]] = {}
    for one in verdict.judged:
        for finding in one.findings:
            found.setdefault(_told(finding), []).append(one.ref)
    whole = {one.ref for one in verdict.judged}
    said = {
        "rejected": {one.ref: one.reason for one in verdict.judged if one.triples is None},
        "kept": {one.ref: one.reason for one in others if isinstance(one, Kept)},
        "gone": [one.ref for one in others if isinstance(one, Gone)],
        "findings": {told: ALL if set(refs) == whole else refs for told, refs in sorted(found.items())},
        "unmapped": dict(sorted(verdict.coverage.unmapped.items())),
        "unaligned": {": ".join(key): count for key, count in sorted(verdict.coverage.unaligned.items())},
    }
    return {name: value for name, value in said.items() if value}


def _told(finding: Finding) -> str:
    words = (finding.severity, finding.code, finding.field, finding.value)
    return " ".join(word for word in words if word)


def _json(remarks: Mapping[str, Any]) -> str | None:
    return json.dumps(remarks, ensure_ascii=False, indent=1) + "\n" if remarks else None


if __name__ == "__main__":
    sys.exit(main())
