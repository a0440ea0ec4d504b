"""Room: RDF/XML as received -> RDF/XML whose entities are harmless, as text.

Entities may only be short names for addresses, as wikis and ontology editors write them. What could
reach a file or a host, or swell in memory, is refused.
"""

from __future__ import annotations

import codecs
import re

from harvester.errors import SourceChanged

_DECLARED = re.compile(r"^\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z][\w.-]*)[\"'][^>]*\?>")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)\s+(?:\"([^&%<\"']*)\"|'([^&%<\"']*)')\s*>")
_SWELLS = 4
"""How many times larger a document may become when its entities are written out."""


def checked(content: bytes, charset: str | None, *, where: str) -> bytes:
    """The document in UTF-8, without its XML declaration.

    Raises:
        SourceChanged: unknown encoding, or entities that are not short names for addresses.
    """
    text = _text(content, charset, where)
    entities = {name: double or single for name, double, single in _ENTITY.findall(text)}
    if text.count("<!ENTITY") != len(_ENTITY.findall(text)):
        raise SourceChanged(f"{where}: declares XML entities that are not plain text; not read")
    swollen = sum(text.count(f"&{name};") * len(value) for name, value in entities.items())
    if swollen > _SWELLS * len(text):
        raise SourceChanged(f"{where}: its XML entities make it {swollen} characters longer; not read")
    # the parser wants double quotes, wikis write single ones
    quoted = _ENTITY.sub(lambda found: f'<!ENTITY {found[1]} "{found[2] or found[3] or ""}">', text)
    return _DECLARATION.sub("", quoted, count=1).encode()


def _text(content: bytes, charset: str | None, where: str) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return decoded(content, encoding, where=where).removeprefix("\ufeff")
    head = content[:200].decode("latin-1")
    stated = _DECLARED.match(head)
    return decoded(content, charset or (stated[1] if stated else "utf-8"), where=where)


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, encoding: str, *, where: str) -> str:
    """The text of a document.

    Raises:
        SourceChanged: no such encoding, or the bytes are not in it.
    """
    try:
        return content.decode(encoding)
    except (LookupError, ValueError) as error:
        raise SourceChanged(f"{where}: not readable as '{encoding}': {error}") from error
