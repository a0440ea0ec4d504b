"""Room: reading a list out of a JSON document of any size, one value at a time.

In: a byte stream, the places where the list may be. Out: its values, in order; what stands around the
list; SourceChanged when the document is not JSON, is cut, or holds no such list. Never holds more than
one value and one chunk of text.

The standard library's scanner works on a moving window: as fast as ijson with its C backend (measured on
GoGoCarto records, 100,000 against 94,000 a second), and it also reads what PHP and spreadsheets write (raw
tabs, NaN, half surrogate pairs), what stands beside the list, and whether the document closed.
"""

from __future__ import annotations

import codecs
import json
import json.scanner
import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import orjson

from harvester.connectors._answers import snippet
from harvester.errors import SourceChanged
from harvester.model import Raw as Value

CHUNK = 1 << 18
LARGEST_VALUE = 1 << 26
"""Characters of one value; bounds memory when a quote is never closed."""

SPACE = re.compile(r"[ \t\r\n]*")
START = re.compile(r"""\{\s*(?:["}]|\Z)|\[\s*(?:["{\[\]]|\Z)""")
PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB]\w\w(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]\w\w)\\u[dD][c-fC-F]\w\w"
)

# strict=False: PHP writes raw tabs and line ends inside strings; NaN comes from spreadsheets and pandas
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)
_scan = json.scanner.make_scanner(_DECODER)  # type: ignore[arg-type]  # typeshed wants a scanner; a decoder has all it reads


class _Window:
    """The part of a JSON text that is in memory: grows by chunks, forgets what was read."""

    def __init__(self, stream: BinaryIO, *, where: str, encoding: str) -> None:
        self.where = where
        self.text = ""
        self.at = 0
        self._stream = stream
        self._ended = False
        self._pairs = False
        self._decode = codecs.getincrementaldecoder(encoding)().decode

    def more(self) -> bool:
        """Read on; False at the end of the text. Doubles, so that a large value is scanned few times."""
        if self._ended:
            return False
        chunk = self._stream.read(max(CHUNK, len(self.text) - self.at))
        self._ended = not chunk
        try:
            self.text = self.text[self.at :] + self._decode(chunk, self._ended)
        except UnicodeDecodeError as error:
            raise self.fault(f"the text is not {error.encoding} ({error.reason})") from error
        self.at = 0
        self._pairs = "\\ud" in self.text or "\\uD" in self.text
        return True

    def mark(self) -> str:
        """The next character that is not white space, not consumed; empty at the end."""
        if self.at < len(self.text) and self.text[self.at] > " ":
            return self.text[self.at]
        while True:
            space = SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, expected: str) -> str:
        """Consume the next character, which must be one of `expected`."""
        found = self.mark()
        if not found or found not in expected:
            raise self.cut()
        self.at += 1
        return found

    def value(self) -> Value:
        """Consume one JSON value."""
        self.mark()
        while True:
            try:
                found, end = _scan(self.text, self.at)
            except (StopIteration, ValueError, RecursionError) as error:
                self._widen(error)
                continue
            # a number that touches the end of the window may go on in the next chunk
            if end < len(self.text) or not self.more():
                start, self.at = self.at, end
                return self._mended(found, start) if self._pairs else found

    def fault(self, what: str) -> SourceChanged:
        return SourceChanged(f"{self.where}: {what}; published data kept, check the address")

    def cut(self) -> SourceChanged:
        return self.fault(f"the JSON is cut or malformed near {snippet(self.text[self.at :][:200])}")

    def _widen(self, error: Exception) -> None:
        if len(self.text) - self.at > LARGEST_VALUE or isinstance(error, RecursionError) or not self.more():
            raise self.cut() from error

    def _mended(self, found: Value, start: int) -> Value:
        """`found`, half surrogate pairs replaced: they cannot be written as UTF-8 any more."""
        try:
            orjson.dumps(found)
        except TypeError:
            return _DECODER.decode(LONE_SURROGATE.sub(r"\\ufffd", self.text[start : self.at]))
        return found


class Document:
    """A JSON document with one long list in it.

    `members` holds what stands beside the list: before it once `seek` returned, all of it once
    `items` ended. Text before the document (BOM, PHP notices) is passed over.
    """

    def __init__(self, stream: BinaryIO, *, where: str, encoding: str = "utf-8-sig") -> None:
        self.members: dict[str, Any] = {}
        self._window = _Window(stream, where=where, encoding=encoding)
        self._depth = 0

    def seek(self, *paths: str, keyed: bool = False) -> Document:
        """Go to the first list found at one of the dotted `paths`; "" is the document itself.

        With `keyed`, an object counts as the list of its values.

        Raises:
            SourceChanged: not JSON, or no list at any of `paths`.
        """
        self._start()
        remaining: Sequence[str] = paths
        while self._window.mark() != "[" or "" not in remaining:
            if keyed and "" in remaining and self._window.mark() == "{":
                break
            if self._window.mark() != "{":
                raise self._absent(paths)
            remaining = self._enter(remaining, paths)
        return self

    def items(self) -> Iterator[Value]:
        """The values of the list, then nothing: the document is closed as it should be.

        Raises:
            SourceChanged: the document is cut or malformed, or something follows it.
        """
        window = self._window
        keyed = window.take("[{") == "{"
        close, after = ("}", ",}") if keyed else ("]", ",]")
        more = not self._closes(close)
        while more:
            if keyed:
                self._key()
            yield window.value()
            more = window.take(after) == ","
        self._finish()

    def whole(self) -> Value:
        """The document as one value: for answers whose size the platform bounds, such as a page.

        Raises:
            SourceChanged: not JSON, cut or malformed, or something follows it.
        """
        self._start()
        value = self._window.value()
        self._finish()
        return value

    def _start(self) -> None:
        window = self._window
        while (found := START.search(window.text)) is None and len(window.text) < CHUNK and window.more():
            pass
        if found is None or PAGE.match(window.text):
            raise window.fault(f"expected JSON, got {_described(window.text)}")
        window.at = found.start()

    def _enter(self, remaining: Sequence[str], paths: Sequence[str]) -> Sequence[str]:
        """Enter the object at hand and stop before the first member that leads to one of `paths`."""
        self._window.take("{")
        more = not self._closes("}")
        while more:
            key = self._key()
            inner = [
                tail for head, _, tail in (path.partition(".") for path in remaining if path) if head == key
            ]
            if inner and self._window.mark() in ("[", "{"):
                self._depth += 1
                return inner
            self.members[key] = self._window.value()
            more = self._window.take(",}") == ","
        raise self._absent(paths)

    def _finish(self) -> None:
        for _ in range(self._depth):
            while self._window.take(",}") == ",":
                key = self._key()
                self.members[key] = self._window.value()
        if self._window.mark():
            raise self._window.cut()

    def _key(self) -> str:
        if self._window.mark() != '"':
            raise self._window.cut()
        key: str = self._window.value()
        self._window.take(":")
        return key

    def _closes(self, close: str) -> bool:
        closed = self._window.mark() == close
        if closed:
            self._window.at += 1
        return closed

    def _absent(self, paths: Sequence[str]) -> SourceChanged:
        wanted = " or ".join(f"'{path}'" if path else "the top" for path in paths)
        met = snippet(", ".join(f"{key}={value}" for key, value in self.members.items()))
        return self._window.fault(f"no list at {wanted}; found {met}")


def starts(stream: BinaryIO) -> bool:
    """True when the stream begins as a JSON document may, notices before it allowed; reads one chunk."""
    text = stream.read(CHUNK).decode("utf-8", "replace")
    return PAGE.match(text) is None and START.search(text) is not None


def _described(text: str) -> str:
    if not text.strip():
        return "an empty answer"
    return f"an HTML page starting with {snippet(text[:200])}" if PAGE.match(text) else snippet(text[:200])
