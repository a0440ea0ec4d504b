"""Room: finding one's way among kept answers, and naming them in messages.

In: the answers of a run. Out: the one that was asked, the words to complain with. Reads no body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urljoin, urlsplit

from harvester.errors import SourceChanged
from harvester.model import Answer, Source

MOST_DIGITS = 19

SNIPPET = 60
"""Characters of a partner's text repeated in a message: enough to recognise it, not to republish it."""


def where(answer: Answer, source: Source | None = None) -> str:
    """How a message names this answer: `gogocarto 'presdecheznous': https://…`."""
    return f"{source.connector} '{source.id}': {answer.url}" if source else answer.url


def asked(answers: Sequence[Answer], url: str, source: Source) -> Answer:
    """The answer to `url`.

    Raises:
        SourceChanged: that address was never answered.
    """
    found = find(answers, url)
    if found is None:
        raise SourceChanged(f"{source.connector} '{source.id}': no answer kept for '{url}'; harvest again")
    return found


def replay(answers: Sequence[Answer], source: Source) -> Callable[[str], Answer]:
    """A way to ask again what was asked: the kept answer to an address, SourceChanged when there is none.

    A walk that is given the client asks the partner; given this, it goes the same way through what was kept.
    """
    kept = {answer.url: answer for answer in reversed(answers)}

    def ask(url: str) -> Answer:
        return kept[url] if url in kept else asked((), url, source)

    return ask


def distinct(answers: Sequence[Answer], source: Source) -> None:
    """Return when each address gave an answer of its own.

    Raises:
        SourceChanged: two of them gave the same: a cache that does not look at the address.
    """
    known: dict[str, str] = {}
    for answer in answers:
        if (other := known.setdefault(answer.body, answer.url)) != answer.url:
            raise SourceChanged(
                f"{where(answer, source)}: the same answer as '{other}'; ask the site, or declare one of them"
            )


def whole(base: str, address: str) -> str:
    """An address written at another, whole; as it is written when it is none."""
    try:
        return urljoin(base, address)
    except ValueError:  # "http://[" and the like
        return address


def host(address: str) -> str:
    """The host of an address, with its port; "" for what is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:  # "http://[" and the like
        return ""


def number(said: object) -> int | None:
    """A count as a header or a page writes it, of 18 digits at most; None for anything else."""
    written = str(said).strip() if isinstance(said, str) else ""
    return int(written) if written.isdecimal() and len(written) < MOST_DIGITS else None


def find(answers: Sequence[Answer], *urls: str) -> Answer | None:
    """The first answer to one of `urls`, or None."""
    return next((answer for answer in answers if answer.url in urls), None)


def snippet(text: str) -> str:
    """The start of `text` on one line, quoted."""
    line = " ".join(text.split())
    return f"'{line[:SNIPPET]}…'" if len(line) > SNIPPET else f"'{line}'"
