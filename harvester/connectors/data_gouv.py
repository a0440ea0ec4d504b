"""Room: data.gouv.fr and other udata portals, files of rows known by their stable identifier.

In: the identifiers of resources. Out: one record per row, read as `table` reads it. The file is asked for by
the portal's own redirect and compared with the checksum it states. Never reads who published or asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, where
from harvester.connectors._data_gouv_portal import UUID, about_dataset, about_file, file, licence, recognised
from harvester.connectors._json import Document
from harvester.connectors._table import SPELLINGS, File, kind_of, record, ref_columns, rows
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listing, Record, Rejected, Source

__all__ = [
    "COLUMNS",
    "IGNORED",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL
COLUMNS = True

MAPPING: dict[str, Any] = SPELLINGS

IGNORED: frozenset[str] = frozenset()

CHUNK = 1 << 20
DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}
"""Not against forgery: they tell a whole file from a cut one."""


class Options(File):
    """What may be said of files on the portal besides its address."""

    resource: str | tuple[str, ...] = Field(
        description="Identifier (UUID) of the file, the one in its permanent address, or a list of them."
    )

    @field_validator("resource")
    @classmethod
    def _identifiers(cls, given: str | tuple[str, ...]) -> tuple[str, ...]:
        said = (given,) if isinstance(given, str) else given
        found = tuple(match[0] for one in said if (match := UUID.search(one.lower())))
        if not found or len(found) < len(said):
            raise ValueError(f"{', '.join(said) or 'nothing'} is no identifier of a resource (a UUID)")
        return found


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """For each resource what the portal says of it and of its dataset, then the file."""
    datasets: set[str] = set()
    for resource in Options(**source.options).resource:
        about = client.get(_about(source, resource), accept="application/json")
        yield about
        told = _object(about, source, raw)
        dataset = told.get("dataset_id")
        if isinstance(dataset, str) and dataset not in datasets:
            datasets.add(dataset)
            yield client.get(about_dataset(_root(source), dataset), accept="application/json")
        yield client.get(_file(source, resource))


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Rows, file by file, in their order.

    Raises:
        SourceChanged: no such resource, or a file that is empty, cut or no table.
        SourceUnavailable: the file is not the one that the portal describes: it is being replaced.
    """
    options = Options(**source.options)
    refs = ref_columns(source)
    for resource in options.resource:
        about = _resource(asked(answers, _about(source, resource), source), source, raw)
        answer = asked(answers, _file(source, resource), source)
        _check(answer, about, source, raw)
        # the redirect hides the name of the file, which tells its format
        place, name = where(answer, source), str(about.get("url") or "")
        kind = options.format or kind_of(answer, place, raw=raw, name=name)
        known = options.model_copy(update={"format": kind})
        for row in rows(answer, place, known, raw=raw, members={}):
            yield row if isinstance(row, Rejected) else record(row, refs, options)


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence of the first dataset, an address or the portal's word; None when it says nothing."""
    for answer in answers:
        if "/api/1/datasets/" in answer.url and "/datasets/r/" not in answer.url:
            return licence(_object(answer, None, raw))
    return None


def _root(source: Source) -> str:
    parts = urlsplit(source.url)
    return f"{parts.scheme}://{parts.netloc}"


def _about(source: Source, resource: str) -> str:
    return about_file(_root(source), resource)


def _file(source: Source, resource: str) -> str:
    return file(_root(source), resource)


def _object(answer: Answer, source: Source | None, raw: Raw) -> Mapping[str, Any]:
    with raw.open(answer) as stream:
        value = Document(stream, where=where(answer, source)).whole()
    return value if isinstance(value, dict) else {}


def _resource(answer: Answer, source: Source, raw: Raw) -> Mapping[str, Any]:
    resource = _object(answer, source, raw).get("resource")
    if not isinstance(resource, dict) or not resource.get("id"):
        raise SourceChanged(f"{where(answer, source)}: no `resource` in the answer; check `resource`")
    return resource


def _check(answer: Answer, about: Mapping[str, Any], source: Source, raw: Raw) -> None:
    """A file that the portal keeps itself is the one whose checksum it states; of others it only heard."""
    stated = about.get("checksum")
    kind, value = (stated.get("type"), stated.get("value")) if isinstance(stated, dict) else (None, None)
    if about.get("filetype") != "file" or kind not in DIGESTS or not value:
        return
    digest = DIGESTS[kind](usedforsecurity=False)
    with raw.open(answer) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != str(value).lower():
        raise SourceUnavailable(
            f"{where(answer, source)}: the file is not the one that the portal describes ({kind} {value}); "
            "the next round tries again"
        )
