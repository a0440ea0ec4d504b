"""Room: a text as the platform gave it in, plain clean text out.

`text` gives one line (names), `prose` several paragraphs (descriptions); `scrub` takes out e-mail addresses
and telephone numbers. It never translates, guesses a language or cuts a name.
"""

from __future__ import annotations

import re
from unicodedata import is_normalized, normalize

from harvester.cleaning.blank import given
from harvester.cleaning.markup import unmarked, untagged

MOST = 20_000
"""Characters of a line of text: the shapes take far fewer, and say so."""

MARKED = 200_000
"""Characters of marked-up text that are read: a page holds fewer, a picture written into it more."""

PROSE_LENGTH = 5000
"""Code points a description may hold, the ellipsis included."""

SCRUBBED = "[…]"
"""What stands where an e-mail address or a telephone number stood."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_MARKS = ("<", "&", "{{", "[[", "](", '""', "[http", "**", "__", "''", "//", "==", "#")
_EMAIL = re.compile(
    r"[\w.%+-]{1,64}(?:@|\s?[\[(]\s?(?:at|arobase|@)\s?[\])]\s?)\w[\w.-]{0,253}\.[^\W\d_]{2,24}",
    re.IGNORECASE,
)
_MAY_BE_TELEPHONE = re.compile(r"[+0]\d", re.ASCII)
_GAP = "[ \t\n\u00a0\u202f./_-]?"
_FRANCE = rf"(?:\+|00)33{_GAP}(?:\(0\))?{_GAP}0?"
# A mobile is a person's, so its gaps may be of any kind; a landline with mixed gaps is more often a date.
_TELEPHONE = re.compile(
    rf"(?<!\d)(?:{_FRANCE}|0)[67](?:{_GAP}\d{{2}}){{4}}(?!\d)"
    rf"|(?<!\d)(?:{_FRANCE}|0)[1-9](?P<gap>{_GAP})\d{{2}}(?:(?P=gap)\d{{2}}){{3}}(?!\d)"
    rf"|\+\d{{1,3}}(?:{_GAP}\d{{2,4}}){{3,5}}(?!\d)",
    re.ASCII,
)


def text(value: object) -> str | None:
    """One line of plain NFC text, of 20,000 characters at most; None when nothing is said.

    HTML tags, entities, control characters and doubled spaces go.

    Raises:
        ValueError: if the value is neither one text nor one number, or longer.
    """
    written = given(value, most=MOST)
    if written is None or _is_plain(written):
        return written
    return given(" ".join(_visible(untagged(_visible(written))).split()), most=MOST)


def prose(value: object) -> str | None:
    """Plain text, one line per paragraph, 5,000 code points at most; None when nothing is said.

    It may still hold e-mail addresses and telephone numbers: `scrub` counts them as it takes them out.

    Raises:
        ValueError: if the value is neither one text nor one number.
    """
    written = given(value[:MARKED] if isinstance(value, str) else value, most=MARKED)
    if written is None:
        return None
    return given(cut(_paragraphs(_unmarked(_visible(written))), PROSE_LENGTH), most=PROSE_LENGTH)


def scrub(plain: str) -> tuple[str, int]:
    """The text with e-mail addresses and telephone numbers replaced by `[…]`, and how many there were."""
    bare, emails = _EMAIL.subn(SCRUBBED, plain) if _may_hold_email(plain) else (plain, 0)
    bare, telephones = _TELEPHONE.subn(SCRUBBED, bare) if _MAY_BE_TELEPHONE.search(bare) else (bare, 0)
    return bare, emails + telephones


def cut(plain: str, length: int) -> str:
    """The text, or its beginning up to a word boundary and an ellipsis: `length` code points at most."""
    if len(plain) <= length:
        return plain
    head = plain[: length - 1]
    whole_words = head.rsplit(None, 1)[0] if plain[length - 1].strip() else head
    return f"{(whole_words if len(whole_words) > length // 2 else head).rstrip()}…"


def _is_plain(written: str) -> bool:
    return (
        written.isprintable()
        and "&" not in written
        and "<" not in written
        and "  " not in written
        and is_normalized("NFC", written)
    )


def _visible(written: str) -> str:
    return normalize("NFC", written if written.isprintable() else _INVISIBLE.sub("", written))


def _unmarked(written: str) -> str:
    if not any(mark in written for mark in _MARKS):
        return written
    return _visible(unmarked(written))


def _paragraphs(plain: str) -> str:
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\n".join(line for line in lines if line)


def _may_hold_email(plain: str) -> bool:
    return "@" in plain or "(" in plain or "[" in plain
