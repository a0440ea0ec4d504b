"""Room: what the asker would like best among what we can give (RFC 9110, section 12.5).

Header texts come in, the name of a format or of a language goes out. Pure functions and tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Offers = Mapping[str, Sequence[str]]
"""Name of a format -> its media types, the one we send first; in our order of preference."""

GRAPHS: Offers = {
    "turtle": ("text/turtle", "application/turtle", "text/n3"),
    "jsonld": ("application/ld+json", "application/json"),
    "ntriples": ("application/n-triples", "text/plain"),
    "rdfxml": ("application/rdf+xml", "application/xml", "text/xml"),
}

RESULTS: Offers = {
    "json": ("application/sparql-results+json", "application/json"),
    "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
}

QUERY_GRAPHS: Offers = {
    **GRAPHS,
    "trig": ("application/trig", "application/x-trig"),
    "nquads": ("application/n-quads", "text/x-nquads"),
}
"""What the endpoint gives for triples: the formats of graphs, and those of datasets."""

ENCODINGS: Offers = {"zstd": ("zstd",), "gzip": ("gzip", "x-gzip"), "": ("identity",)}

ALIASES = {
    "ttl": "turtle", "n3": "turtle", "json-ld": "jsonld", "nt": "ntriples", "n-triples": "ntriples",
    "rdf": "rdfxml", "rdf+xml": "rdfxml", "n-quads": "nquads", "nq": "nquads",
}  # fmt: skip
"""Names that clients use for our formats; `json` and `xml` are what the kind of answer makes of them."""

_COMMON = {"json": "jsonld", "xml": "rdfxml"}

HTML: Offers = {"html": ("text/html", "application/xhtml+xml")}

LANGUAGES = ("fr", "en")
"""The languages of the pages; the first is the default."""


def media_type(name: str) -> str:
    """What we send as Content-Type for a format."""
    charset = {"csv": "; charset=utf-8", "tsv": "; charset=utf-8", "turtle": "; charset=utf-8"}
    return {**RESULTS, **QUERY_GRAPHS}[name][0] + charset.get(name, "")


def preferred(accept: str | None, offers: Offers) -> str | None:
    """The name of the offer with the highest quality, the earlier among equals; None if none will do.

    Without a header, everything is as good, so the first offer is taken.
    """
    ranges = list(_weighted(accept or "*/*"))
    quality = {name: _best(types, ranges) for name, types in offers.items()}
    best = max(quality, key=lambda name: quality[name])
    return best if quality[best] > 0 else None


def named(asked: str, offers: Offers) -> str | None:
    """The offer asked for by its name, one that clients use, or a media type; None if there is none."""
    name = asked.strip().lower().replace(" ", "+")  # a plus in a query string arrives as a space
    name = ALIASES.get(name, name)
    candidates = (name, _COMMON.get(name), next((one for one in offers if name in offers[one]), None))
    return next((one for one in candidates if one in offers), None)


def wants_html(accept: str | None) -> bool:
    """True for a browser: HTML is asked for by name, and nothing else is liked better."""
    named = any("html" in name for name, quality in _weighted(accept or "") if quality > 0)
    return named and preferred(accept, {**HTML, **GRAPHS, **RESULTS}) == "html"


def language(accepted: str | None, asked: str | None = None) -> str:
    """The language of a page: `asked` for by name, else by Accept-Language, else French."""
    if asked in LANGUAGES:
        return asked
    wished = [(name.partition("-")[0], quality) for name, quality in _weighted(accepted or "")]
    known = [(name, quality) for name, quality in wished if name in LANGUAGES and quality > 0]
    return max(known, key=lambda one: one[1])[0] if known else LANGUAGES[0]


def _weighted(header: str) -> Iterator[tuple[str, float]]:
    """(name, quality) of each part of a header; a quality that is no number is worth nothing."""
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            weights = (one.partition("=")[2].strip() for one in parameters if one.startswith("q="))
            yield name, _number(next(weights, "1"))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0


def _best(types: Sequence[str], ranges: Sequence[tuple[str, float]]) -> float:
    """What we would send decides when it is named; else whatever else it may be called."""
    if types[0] in dict(ranges):
        return dict(ranges)[types[0]]
    return max(_quality(one, ranges) for one in types)


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The most specific range that covers a media type decides."""
    weights = dict(ranges)
    for candidate in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if candidate in weights:
            return weights[candidate]
    return 0.0
