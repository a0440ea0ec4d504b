"""Room: a batch of records as N-Triples -> findings by record.

It sees one batch, never the store. What it says of a record does not depend on the others, as long as
no shape follows a reference from one record into another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from harvester.errors import RecordError
from harvester.model import IRI, Finding, Severity
from harvester.shapes.engines import Engine, Result, default_engine
from harvester.shapes.graph import concealing, local

_LONGEST_VALUE = 200

_Batch = Sequence[tuple[IRI, bytes]]


class Checker:
    """Checks batches of records. The shapes need no vocabulary beside them: they repeat the schemes."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or default_engine()

    def findings(self, batch: _Batch) -> Mapping[IRI, list[Finding]]:
        """Findings by record, each sorted; records without any are absent.

        A record that the engine cannot read at all gets one violation of its own; the others of
        the batch are checked without it.
        """
        found: dict[IRI, list[Finding]] = {}
        for record, finding in self._found(batch):
            found.setdefault(record, []).append(finding)
        for findings in found.values():
            if len(findings) > 1:
                findings.sort(key=lambda f: (f.severity, f.code, f.field, f.value or ""))
        return found

    def _found(self, batch: _Batch) -> Iterator[tuple[IRI, Finding]]:
        try:
            results = self._engine(b"".join(triples for _, triples in batch))
        except RecordError as error:
            if len(batch) == 1:
                told = str(error)[:_LONGEST_VALUE]
                yield batch[0][0], Finding(Severity.VIOLATION, "unreadable", "record", told)
                return
            middle = len(batch) // 2
            yield from self._found(batch[:middle])
            yield from self._found(batch[middle:])
            return
        records = {record for record, _ in batch}
        strangers = set()
        for result in results:
            own = IRI(result.focus.partition("#")[0])
            if own in records:
                yield own, _finding(result)
            else:
                strangers.add(result.focus)
        if strangers:
            yield from self._of_strangers(batch, strangers)

    def _of_strangers(self, batch: _Batch, strangers: AbstractSet[str]) -> Iterator[tuple[IRI, Finding]]:
        """Findings about what is no record of the batch go to each record that brings it up by itself."""
        mentions = [(one if one.startswith('"') else f"<{one}>").encode() for one in strangers]
        for record, triples in batch:
            if any(mention in triples for mention in mentions):
                alone = self._engine(triples)
                yield from ((record, _finding(result)) for result in alone if result.focus in strangers)


def _finding(result: Result) -> Finding:
    code, field, silent = _told(result.shape, result.path)
    value = None if silent or result.value is None else result.value[:_LONGEST_VALUE]
    return Finding(result.severity, code, field, value)


@lru_cache(maxsize=4096)
def _told(shape: str, path: str) -> tuple[str, str, bool]:
    """(code, field, whether the value is kept quiet), the same for all results of a shape."""
    code = local(shape)
    return code, local(path), code in concealing()
