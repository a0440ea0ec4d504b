"""Room: marked-up text in, plain text out.

HTML and the marks of YesWiki, MediaWiki and Markdown are taken away; what starts a new line there
starts one here. An HTML parser is called only for what needs one. It never shortens nor scrubs.
"""

from __future__ import annotations

import re
from html import unescape

BREAKS = (
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul",
)  # fmt: skip
"""The elements that start and end a line."""

UNSEEN = ("script", "style", "template", "noscript", "title", "ref")
"""The elements whose content is not read by a visitor (`ref` is a MediaWiki footnote)."""

WIKI: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("{{", re.compile(r"\{\{[^{}]*\}\}"), ""),
    ('""', re.compile(r'(?<!=)""'), ""),
    ("[[", re.compile(r"(?i)\[\[(?:fichier|file|image|catégorie|category):[^\[\]]*\]\]"), ""),
    ("[[", re.compile(r"\[\[[^\[\]|]*\|([^\[\]]*)\]\]"), r"\1"),
    (
        "[[",
        re.compile(r"\[\[(?:https?://[^\s\[\]]++|(?=[A-Z]\w*[a-z0-9][A-Z])\w++)\s++([^\[\]]+)\]\]"),
        r"\1",
    ),
    ("[[", re.compile(r"\[\[([^\[\]]*)\]\]"), r"\1"),
    ("](", re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s\"[^\"\n]*\")?\)"), r"\1"),
    ("[http", re.compile(r"\[https?://[^\s\[\]]+\s([^\[\]]+)\]"), r"\1"),
    ("**", re.compile(r"\*\*([^*\n]+)\*\*"), r"\1"),
    ("__", re.compile(r"(?<!\w)__([^_\n]+)__(?!\w)"), r"\1"),
    ("''", re.compile(r"'{2,5}((?:[^'\n]|'(?!'))+)'{2,5}"), r"\1"),
    ("//", re.compile(r"(?<![:/\w])//([^/\n]+)//(?![/\w])"), r"\1"),
    ("==", re.compile(r"(?m)^[ \t]{0,9}={2,6}(?!=)|(?<!=)={2,6}[ \t]{0,9}$"), ""),
    ("#", re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+"), ""),
)
"""Marks of wikis and Markdown: a text that must be there, what is looked for, what is left of it."""

_ROUNDS = 4  # text escaped more than three times over is noise; the bound keeps hostile input cheap
_TAG = re.compile(r"""</?([a-zA-Z][\w:-]*+)(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")
_LOOKS_LIKE_TAG = re.compile(r"</?[a-zA-Z]|<[!?]")
_NEEDS_PARSER = re.compile(rf"<(?:{'|'.join(UNSEEN)}|[!?])", re.IGNORECASE)
_COMMENT = re.compile(r"<!--[^<>]*-->")  # as WordPress writes between paragraphs: not worth a parser
_PROLOGUE = re.compile(r"<\?[^<>]*>")
_BREAKS = frozenset(BREAKS)


def unmarked(marked: str) -> str:
    """The text a visitor would read; lines end where the markup ends them. May be empty."""
    return _rounds(marked, wiki=True)


def untagged(marked: str) -> str:
    """The same for a text that holds HTML only, such as a name."""
    return _rounds(marked, wiki=False)


def _rounds(marked: str, *, wiki: bool) -> str:
    for _ in range(_ROUNDS):
        plain = _unhtml(_unwiki(marked) if wiki else marked)
        if plain == marked:
            break
        marked = plain
    return marked


def _unwiki(marked: str) -> str:
    for token, pattern, left in WIKI:
        if token in marked:
            marked = pattern.sub(left, marked)
    return marked


def _unhtml(marked: str) -> str:
    if "<" in marked and _LOOKS_LIKE_TAG.search(marked):
        marked = _without_tags(marked)
    return unescape(marked) if "&" in marked else marked


def _without_tags(marked: str) -> str:
    marked = _COMMENT.sub("", marked)
    if _NEEDS_PARSER.search(marked):
        return _parsed(marked)
    plain = _TAG.sub(_line_or_nothing, marked)
    return _parsed(marked) if _LOOKS_LIKE_TAG.search(plain) else plain


def _line_or_nothing(tag: re.Match[str]) -> str:
    return "\n" if tag[1].lower() in _BREAKS else ""


def _parsed(marked: str) -> str:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_PROLOGUE.sub("", marked), "lxml")
    for element in soup(UNSEEN):
        element.decompose()
    for element in soup(BREAKS):
        element.insert_before("\n")
        element.insert_after("\n")
    return soup.get_text()
