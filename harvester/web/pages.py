"""Room: from what a route knows to an HTML page, in the language of the visitor.

Templates escape whatever they are given; an address becomes a link only if it is http, https or mailto.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harvester.web import negotiation, terms, texts
from harvester.web.serving import Serving

VARY = {"Vary": "Accept, Accept-Language"}

_LINKED = ("http", "https", "mailto")
_DAY = {"fr": "%d/%m/%Y", "en": "%Y-%m-%d"}
_WHEN = {"fr": "%d/%m/%Y à %H:%M", "en": "%Y-%m-%d %H:%M"}
_THOUSANDS = {"fr": "\N{NARROW NO-BREAK SPACE}", "en": ","}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks, of what federation, in which language."""

    request: Request
    serving: Serving
    language: str

    @property
    def accept(self) -> str | None:
        """The Accept header."""
        return self.request.headers.get("accept")

    @property
    def base(self) -> str:
        """Where record IRIs are minted; ends with a slash."""
        return self.serving.federation.base

    def say(self, key: str, **values: Any) -> str:
        """A sentence in the language of the visit."""
        return texts.text(key, self.language, **values)

    def href(self, path: str, **query: str) -> str:
        """A link to one of our pages, keeping the language that was asked for by name."""
        asked = self.request.query_params.get("lang")
        wished = query | ({"lang": self.language} if asked and "lang" not in query else {})
        path, hash_, fragment = path.partition("#")
        return self._root() + path + ("?" + urlencode(wished) if wished else "") + hash_ + fragment

    def turned(self, language: str) -> str:
        """This very page in another language."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        path = self.request.scope["path"].removeprefix("/")
        return self._root() + _quoted(path) + "?" + urlencode([*kept, ("lang", language)])

    def formatted(self, name: str) -> str:
        """This very page in a format."""
        kept = [(key, value) for key, value in self.request.query_params.multi_items() if key != "format"]
        path = self.request.scope["path"].removeprefix("/")
        return self._root() + _quoted(path) + "?" + urlencode([*kept, ("format", name)])

    def local(self, address: str) -> str:
        """Where an IRI is shown: on our own pages when it is ours or of the shared vocabulary."""
        if address.startswith(self.base):
            return self.href(address.removeprefix(self.base))
        path = terms.path(address)
        return address if path is None else self.href(path)

    def _root(self) -> str:
        return urlsplit(self.base).path or "/"


def visit(request: Request) -> Visit:
    """The visit that a request makes."""
    language = negotiation.language(request.headers.get("accept-language"), request.query_params.get("lang"))
    return Visit(request, request.app.state.serving, language)


Visiting = Annotated[Visit, Depends(visit)]


def page(
    visit: Visit, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **told: Any
) -> HTMLResponse:
    """A template filled with what is told."""
    words = {
        "t": visit.say,
        "href": visit.href,
        "turned": visit.turned,
        "formatted": visit.formatted,
        "local": visit.local,
        "lang": visit.language,
        "languages": negotiation.LANGUAGES,
        "federation": visit.serving.federation,
        "reason": partial(texts.reason, language=visit.language),
        "finding": partial(texts.finding, language=visit.language),
        "known": partial(texts.known, language=visit.language),
        "day": partial(day, visit),
        "when": partial(_when, zone=visit.serving.federation.timezone, language=visit.language),
        "number": partial(_number, language=visit.language),
    }
    html = environment().get_template(template).render(words | told)
    language = {"Content-Language": visit.language}
    return HTMLResponse(html, status, headers=VARY | language | dict(headers or {}))


@cache
def environment() -> Environment:
    """The templates, with escaping on and missing names refused."""
    loader = PackageLoader("harvester.web")
    found = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters["safe_address"] = safe_address
    return found


def safe_address(address: str | None) -> str | None:
    """An address fit to be a link, else None: never `javascript:` or `data:`."""
    try:
        scheme = urlsplit(address or "").scheme.lower()
    except ValueError:
        return None
    return address if scheme in _LINKED else None


def day(visit: Visit, at: datetime) -> str:
    """A date as the visitor writes it, in the time zone of the federation."""
    local = at.astimezone(ZoneInfo(visit.serving.federation.timezone))
    return local.strftime(_DAY[visit.language])


def _when(at: datetime | None, *, zone: str, language: str) -> str | Markup:
    if at is None:
        return "—"
    local = at.astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), local.strftime(_WHEN[language]))


def _number(value: int, *, language: str) -> str:
    return f"{value:,}".replace(",", _THOUSANDS[language])


def _quoted(path: str) -> str:
    return quote(path, safe="/-._~")
