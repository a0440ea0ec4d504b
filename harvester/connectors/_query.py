"""Room: the query of an address. In and out: addresses; other parameters stay as they are, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit


def with_query(url: str, said: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """The address with these parameters, in the place of those it had of the same name or of `without`."""
    parts, gone = urlsplit(url), {*said, *without}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in gone]
    text = urlencode([*kept, *said.items()], quote_via=quote, safe="/:,[]")
    return urlunsplit(parts._replace(query=text))
