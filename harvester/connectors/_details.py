"""Room: details, the answers that tell of one record each and that a listing leads to.

In: their addresses. Out: those that can be had, and what one of them holds. A detail that cannot be had
costs its record a night, never the run; a partner that fails again and again is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harvester.connectors import Fetches, Raw
from harvester.connectors._json import Document
from harvester.errors import RecordError, SourceChanged, SourceUnavailable
from harvester.model import Answer

IN_A_ROW = 5
"""So many details that fail one after the other are a partner in trouble: the next round tries again."""


def details(urls: Iterable[str], client: Fetches, *, accept: str = "application/json") -> Iterator[Answer]:
    """The answers to `urls`, each asked once, those that cannot be had left out.

    Raises:
        SourceUnavailable: five in a row did not answer.
        SourceRefused: the partner closed its details to us.
    """
    failed = 0
    for url in dict.fromkeys(urls):
        try:
            answer = client.get(url, accept=accept)
        except SourceChanged:  # 404 or too large: this record keeps its last version
            continue
        except SourceUnavailable:
            failed += 1
            if failed == IN_A_ROW:
                raise
            continue
        failed = 0
        yield answer


def told(answer: Answer | None, raw: Raw) -> Mapping[str, Any]:
    """What one detail holds.

    Raises:
        RecordError: it was not had, or is no JSON object; the reason fits `Kept`.
    """
    if answer is None:
        raise RecordError("its detail did not answer")
    try:
        with raw.open(answer) as stream:
            value = Document(stream, where=answer.url).whole()
    except SourceChanged as error:
        raise RecordError(f"its detail cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"its detail is {value!r:.60}, expected an object")
    return value
