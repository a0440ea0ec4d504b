"""Room: JSON-LD as received -> JSON-LD that needs no network, every remote context written out.

Contexts come from `vocab/contexts/` or from the caller. What a context does not define gets a name under
`undefined:`, so that it is met and reported instead of lost.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson

from harvester import vocab
from harvester.errors import SourceChanged

UNDEFINED = "undefined:"
"""The namespace of keys that no context defines."""

DEEPEST = 100
"""Levels of nesting of a document: real ones have ten; deeper ones are made to exhaust a reader."""


def written_out(content: bytes, *, base: str, given: Mapping[str, bytes]) -> bytes:
    """The document with its contexts in place; `given` are contexts by address, as their hosts answered.

    Raises:
        SourceChanged: not JSON, nested too deep, or a context that nobody has.
    """
    document = _json(content, base)
    if not isinstance(document, dict | list):
        raise SourceChanged(f"{base}: expected a JSON-LD object or a list of them, got {document!r:.40}")
    whole = _Contexts(base, given).written_out(document)
    try:
        return orjson.dumps({"@context": {"@vocab": UNDEFINED}, "@graph": whole})
    except TypeError as error:  # with its contexts, or with a number of more than 64 bits
        raise SourceChanged(f"{base}: cannot be written out with its contexts ({error}); not read") from error


def _json(content: bytes, where: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SourceChanged(f"{where}: not JSON: {error}") from error


@dataclass(frozen=True, slots=True)
class _Contexts:
    """Where the contexts of one document come from."""

    base: str
    given: Mapping[str, bytes]

    def written_out(self, value: Any, around: Any = None, depth: int = 0) -> Any:
        """A part of the document; `around` is the context it stands in, which is not repeated inside."""
        if depth > DEEPEST:
            raise SourceChanged(f"{self.base}: nested deeper than {DEEPEST} levels; not read")
        if isinstance(value, list):
            return [self.written_out(one, around, depth + 1) for one in value if not _blank(one)]
        if not isinstance(value, dict):
            return value
        own = value.get("@context", around)
        kept: dict[str, Any] = {}
        for key, one in value.items():
            if key == "@context":
                if one != around:
                    kept[key] = self._context(one, self.base, depth)
            elif key in ("@id", "id") and isinstance(one, int):  # a number is met where a text must be
                kept[key] = str(one)
            elif key.startswith("@") or not _blank(one):
                kept[key] = self.written_out(one, own, depth + 1)
        return kept

    def _context(self, context: Any, base: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise SourceChanged(f"{self.base}: its contexts lead to each other without end")
        if isinstance(context, str):
            return self._remote(_absolute(base, context), depth + 1)
        if isinstance(context, list):
            return _flat(self._context(one, base, depth + 1) for one in context)
        if not isinstance(context, dict):
            return context
        terms = {term: self._term(one, base, depth + 1) for term, one in context.items()}
        if str(terms.get("@vocab", "")).startswith("_:"):  # blank nodes are no predicates
            terms["@vocab"] = UNDEFINED
        if base != self.base:  # a remote context has no say over addresses (JSON-LD 1.1, 4.1.3)
            terms.pop("@base", None)
        imported = terms.pop("@import", None)
        return _flat([self._remote(_absolute(base, imported), depth + 1), terms]) if imported else terms

    def _term(self, definition: Any, base: str, depth: int) -> Any:
        if not isinstance(definition, dict):
            return definition
        own = {
            key: one for key, one in definition.items() if key.startswith("@")
        }  # "type" for "@type" is met
        if "@context" in own:
            own["@context"] = self._context(own["@context"], base, depth)
        return own

    def _remote(self, address: str, depth: int) -> Any:
        document = self._held(address)
        context = document.get("@context") if isinstance(document, dict) else None
        return self._context(context, address, depth) if context is not None else {}

    def _held(self, address: str) -> Any:
        if address in self.given:
            return _json(self.given[address], address)
        if name := _file(address):
            return _json((vocab.folder() / "contexts" / name).read_bytes(), address)
        raise SourceChanged(
            f"{self.base}: no JSON-LD context '{address}' in vocab/contexts/; add it to index.toml there"
        )


def _flat(contexts: Iterable[Any]) -> list[Any]:
    """Contexts one after the other: one of them may be a list itself, which the parser refuses in a list."""
    return [one for each in contexts for one in (each if isinstance(each, list) else [each])]


def bundled(address: str) -> bool:
    """True for a remote context that `vocab/contexts/` stands in for, so that nobody need ask for it."""
    return _file(address) is not None


def _file(address: str) -> str | None:
    bare = _bare(address)
    anywhere = f"*/{bare.partition('/')[2]}"
    return _bundled().get(bare) or _bundled().get(anywhere)


def _blank(value: Any) -> bool:
    """True for a text without a character: it says nothing, and as an address it would be the document's."""
    return isinstance(value, str) and not value.strip()


@lru_cache(maxsize=1)
def _bundled() -> Mapping[str, str]:
    """File by address, as `index.toml` says."""
    text = (vocab.folder() / "contexts" / "index.toml").read_text(encoding="utf-8")
    return {address: name for name, addresses in tomllib.loads(text).items() for address in addresses}


def _bare(address: str) -> str:
    """An address as the index writes it."""
    parts = urlsplit(address)
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path}".rstrip("/")


def _absolute(base: str, address: Any) -> str:
    try:
        return urljoin(base, str(address))
    except ValueError as error:  # "http://[" and the like
        raise SourceChanged(f"{base}: its context '{address}' has no address that can be read") from error
