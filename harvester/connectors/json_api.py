"""Room: JSON APIs, any list in JSON over HTTP, paged or not, told by the configuration.

In: an address and where its list, identifiers and pages are. Out: one record per value of the list. Says
nothing of what a field means: that is the mapping's. How pages are walked is in `_json_pages`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote

from pydantic import Field, field_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, snippet, whole
from harvester.connectors._details import details, told
from harvester.connectors._geojson import flattened, is_feature
from harvester.connectors._json_pages import Paging, pages
from harvester.connectors._json_seen import recognised
from harvester.errors import RecordError
from harvester.mapping import paths
from harvester.model import Answer, Kept, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "name": ["name", "title", "label", "nom", "titre"],
    "description": ["description", "summary", "presentation", "body", "content"],
    "lat": ["latitude", "lat", "geo.latitude", "geo.lat", "geolocation.lat", "location.lat"],
    "lon": ["longitude", "lon", "lng", "geo.longitude", "geo.lon", "geolocation.lon", "location.lon"],
    "street": ["address.streetAddress", "address.street", "streetAddress", "street", "adresse"],
    "postcode": ["address.postalCode", "address.postcode", "postalCode", "postcode", "code_postal"],
    "city": ["address.addressLocality", "address.city", "addressLocality", "city", "ville", "commune"],
    "insee": ["code_insee", "insee"],
    "homepage": ["website", "homepage", "primary_url", "site_web", "site"],
    "page": "_page",
    "image": ["image", "image_url"],
    "keywords": ["keywords", "tags"],
    "created": ["created_at", "createdAt", "created"],
    "modified": ["updated_at", "updatedAt", "modified", "updated"],
    "start": ["startDate", "start_date", "starts_at", "beginsOn"],
    "end": ["endDate", "end_date", "ends_at", "endsOn"],
}

IGNORED = frozenset({"id", "links"})

_path = lru_cache(maxsize=64)(paths.path)
_PLACE = re.compile(r"\{([^{}]+)\}")


class Options(Paging):
    """What is to be said of a JSON API besides its address or addresses."""

    detail: str | None = Field(
        None, description="Address of a record's own answer, {path} standing for what the record holds there."
    )
    detail_record: str | None = Field(None, description="Path to the record inside its own answer.")
    page: str | None = Field(
        None, description="Address of a record's page for people, {path} as in `detail`."
    )

    @field_validator("detail", "page")
    @classmethod
    def _template(cls, text: str | None) -> str | None:
        for path in _PLACE.findall(text or ""):
            paths.path(path)
        return text

    @field_validator("detail_record")
    @classmethod
    def _inside(cls, text: str | None) -> str | None:
        if text is not None:
            paths.path(text)
        return text


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The pages, in order; after each the details of its records, when `detail` says where they are."""
    options = Options(**source.options)
    # a 304 need not repeat the Link header: the page after it would not be found
    ask = partial(client.get, accept="application/json", conditional=options.paginator != "link")
    for page in pages(source, options, ask, raw):
        yield page.answer
        if options.detail:
            found = (_filled(options.detail, _value(one, options), page.answer) for one in page.items())
            yield from details([url for url in found if url], client)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected | Kept]:
    """Records page by page, in the API's order, each with what its detail adds.

    Raises:
        SourceChanged: a page is not JSON, has no list, comes twice, or there are fewer records than declared.
        SourceUnavailable: the declared total fell while the pages were read.
    """
    options = Options(**source.options)
    kept = {answer.url: answer for answer in reversed(answers)}
    for page in pages(source, options, replay(answers, source), raw):
        for value in page.items():
            yield _record(_value(value, options), page.answer, options, kept=kept, raw=raw)


def _value(value: Value, options: Options) -> Value:
    """A feature as a row of its properties; a mere identifier as a record that holds it."""
    if is_feature(value):
        return flattened(value)
    return {options.ref: value} if options.detail and isinstance(value, str) else value


def _record(
    value: Value, answer: Answer, options: Options, *, kept: Mapping[str, Answer], raw: Raw
) -> Record | Rejected | Kept:
    if not isinstance(value, dict):
        return Rejected(None, f"expected an object, got {value!r:.60}")
    ref = _path(options.ref)(value)
    if not isinstance(ref, str | int | float) or isinstance(ref, bool) or ref == "":
        return Rejected(None, f"nothing at '{options.ref}' to identify {snippet(json.dumps(value))}")
    if options.detail:
        try:
            value |= _detail(options, kept.get(_filled(options.detail, value, answer) or ""), raw)
        except RecordError as error:
            return Kept(str(ref), str(error))
    page = _filled(options.page, value, answer) if options.page else None
    return Record(str(ref), value | {"_page": page} if page else value)


def _detail(options: Options, answer: Answer | None, raw: Raw) -> Mapping[str, Any]:
    value = told(answer, raw)
    found = _path(options.detail_record)(value) if options.detail_record else value
    if not isinstance(found, dict):
        raise RecordError(f"its detail holds no object at '{options.detail_record}'")
    return found


def _filled(template: str, value: Value, answer: Answer) -> str | None:
    """The template with what the record holds, percent-encoded unless an address begins with it."""
    text, end = "", 0
    for place in _PLACE.finditer(template):
        found = _path(place[1])(value)
        if found is None or found == "" or isinstance(found, dict | list):
            return None
        text += template[end : place.start()]
        text += quote(str(found), safe="") if text else str(found)
        end = place.end()
    return whole(answer.url, text + template[end:])
