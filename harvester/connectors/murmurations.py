"""Room: Murmurations, the index of profiles that organisations publish on their own sites.

In: the export of an index, the profiles that it names, on anyone's hosts. Out: one record per profile, and a
tombstone for each one deleted. A profile that does not answer tonight keeps its last version. Never reads the
profiles of persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, find, host, snippet, where
from harvester.connectors._json import Document
from harvester.connectors._murmurations import Options, is_profile, record, wanted
from harvester.connectors._murmurations_index import recognised
from harvester.errors import SourceChanged, SourceError, SourceUnavailable
from harvester.model import Answer, Listed, Listing, Source, posted
from harvester.model import Raw as Value

__all__ = ["IGNORED", "INCREMENTAL", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "kind": {"from": "exchange_type", "cases": {"offer": "resource", "want": "need"}},
    "name": ["name", "title", "_index.name"],
    "description": "description",
    "purpose": "mission",
    "lat": ["geolocation.lat", "geolocation.latitude", "latitude", "_index.geolocation.lat"],
    "lon": ["geolocation.lon", "geolocation.longitude", "longitude", "_index.geolocation.lon"],
    "street": ["street_address", "full_address"],
    "postcode": "postal_code",
    "city": ["locality", "_index.locality"],
    "country": ["country_iso_3166", "country", "country_name", "_index.country"],
    "homepage": ["primary_url", "details_url", "_index.primary_url"],
    "page": "_page",
    "image": ["image", "header_image"],
    "email": ["contact_details.email", "email"],
    "telephone": "telephone",
    "keywords": ["tags", "_index.tags"],
    "status": {
        "from": "status",
        "cases": {
            "active": "en-cours",
            "completed": "terminee",
            "cancelled": "abandonnee",
            "on_hold": "en-sommeil",
            "in_planning": "en-reflexion",
        },
    },
    "scope": {"from": "geographic_scope", "align": "murmurations-echelles"},
    "founded": "starts_at",
    "part_of": "_relationships.memberOf",
    "sub_organisation_of": "_relationships.parentOrganization",
    "has_part": "_relationships.subOrganization",
    "supported_by": ["_relationships.sponsor", "_relationships.funder"],
    "modified": "_index.last_updated",
}

IGNORED = frozenset(
    {"linked_schemas", "relationships", "urls", "images", "rss", "ends_at", "unique_id", "nickname", "region"}
    | {"item_type", "transaction_type", "expires_at", "kvm_category", "geographic_scope_description"}
)


@dataclass(frozen=True, slots=True)
class _Page:
    answer: Answer
    nodes: list[Value]
    last: list[Value] | None


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Per schema, the pages of the export until an empty one, each followed by the profiles it names."""
    options = Options(**source.options)
    silent: set[str] = set()
    for schema in options.schemas:
        after: list[Value] | None = [int(client.since.timestamp()), ""] if client.since else None
        while True:
            content = _question(options, schema, after)
            page = _page(client.post(_api(source), content, accept="application/json"), source, raw)
            yield page.answer
            if options.profiles:
                yield from _profiles(page.nodes, schema, options, client, silent=silent)
            if page.last is None:
                break
            after = _advanced(page, after, source)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Profiles schema by schema, by their last change.

    Raises:
        SourceChanged: an answer is no page of the index, or one that follows was not kept.
    """
    options = Options(**source.options)
    kept = {answer.url: answer for answer in reversed(answers)}
    exported = [answer for answer in answers if answer.url.startswith(f"{_api(source)}#")]
    for schema in options.schemas:
        first = find(exported, posted(_api(source), _question(options, schema, None)))
        answer = first or next(iter(exported), None) or asked((), _api(source), source)
        after: list[Value] | None = None
        while True:
            exported.remove(answer)
            page = _page(answer, source, raw)
            for node in page.nodes:
                if wanted(node, schema, options):
                    yield record(node, options, kept, raw)
            if page.last is None:
                break
            after = _advanced(page, after, source)
            answer = asked(exported, posted(_api(source), _question(options, schema, after)), source)


def _api(source: Source) -> str:
    return f"{source.url.rstrip('/')}/export"


def _question(options: Options, schema: str, after: list[Value] | None) -> bytes:
    said: dict[str, Value] = {"schema": schema, "page_size": options.page_size}
    try:
        return orjson.dumps(said | ({"search_after": after} if after else {}))
    except TypeError as error:  # a number of more than 64 bits
        raise SourceChanged(f"its last record is marked {snippet(repr(after))}; ask the index") from error


def _page(answer: Answer, source: Source, raw: Raw) -> _Page:
    """A page of the index; the last one is empty and says nothing else."""
    place = where(answer, source)
    with raw.open(answer) as stream:
        found = Document(stream, where=place).whole()
    nodes = found.get("data") if isinstance(found, dict) else None
    if not isinstance(nodes, list) or found.get("errors"):
        said = found.get("errors") if isinstance(found, dict) else None
        raise SourceChanged(f"{place}: expected profiles, got {snippet(str(said or found))}; ask the index")
    meta = found.get("meta")
    last = meta.get("sort") if isinstance(meta, dict) else None
    if nodes and not isinstance(last, list):
        raise SourceChanged(f"{place}: no 'meta.sort' to go on at, got {snippet(str(meta))}; ask the index")
    return _Page(answer, nodes, last if nodes else None)


def _advanced(page: _Page, after: list[Value] | None, source: Source) -> list[Value] | None:
    if page.last == after:
        raise SourceChanged(f"{where(page.answer, source)}: the same page came twice; ask the index")
    return page.last


def _profiles(
    nodes: Sequence[Value], schema: str, options: Options, client: Fetches, *, silent: set[str]
) -> Iterator[Answer]:
    """The profiles that can be had; a host that did not answer once is left alone for the night."""
    for node in nodes:
        url = node.get("profile_url") if isinstance(node, dict) and wanted(node, schema, options) else None
        if not is_profile(node) or not isinstance(url, str) or host(url) in silent:
            continue
        try:
            answer = client.get(url, accept="application/json")
        except SourceUnavailable:
            silent.add(host(url))
        except SourceError:  # gone, closed, or no web address: this profile keeps its last version
            continue
        else:
            yield answer
