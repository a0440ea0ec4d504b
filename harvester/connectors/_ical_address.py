"""Room: recognising a calendar, by its text or by the page that shows it.

In: a calendar, the page on which Nextcloud or Google show one, or any page that links to one. Out: a proposal
with how many events it holds. Parses no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen

SHOWN = (
    (r"(https?://[^?#]+/calendar)/embed\?(?:[^#]*?&)?src=([^&#]+)", r"\1/ical/\2/public/basic.ics"),
    (
        r"(https?://[^?#]+?)(?:/index\.php)?/apps/calendar/(?:p|embed)/([\w-]+)",
        r"\1/remote.php/dav/public-calendars/\2?export",
    ),
)
"""Pages of Google and of Nextcloud that show a public calendar, and where its text is."""

MOST = 10
"""Calendars of a page that are named: the page of an agenda may offer each of its events as one."""

FILE = re.compile(r"\.ics(?:[?#]|\Z)|[?&]ical=1\b", re.IGNORECASE)
SUBSCRIBED = re.compile(r"webcals?:", re.IGNORECASE)
FOLDED = re.compile(r"\r?\n[ \t]")
NAME = re.compile(r"^(?:X-WR-CALNAME|NAME)(?:;[^:\r\n]*)?:(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
ESCAPED = re.compile(r"\\([\\;,])")
EVENT = re.compile(r"^BEGIN:VEVENT\b", re.MULTILINE | re.IGNORECASE)
EXCEPTION = re.compile(r"^RECURRENCE-ID[;:]", re.MULTILINE | re.IGNORECASE)
RECURRING = re.compile(r"^RRULE[;:]", re.MULTILINE | re.IGNORECASE)


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A calendar, the one that a page is made to show, or the first that a page links to."""
    shown = _text_of(seen.url)
    others = [] if _is_calendar(seen) else [shown] if shown else list(_linked(seen))
    at = look(others[0], accept="text/calendar, */*;q=0.5") if others else seen
    if at is None or not _is_calendar(at):
        return None
    text = FOLDED.sub("", at.text)
    before, *written = EVENT.split(text)
    named = NAME.search(before)
    events = [one for one in written if not EXCEPTION.search(one)]
    recurring = sum(1 for event in events if RECURRING.search(event))
    return Proposal(
        Certainty.FORMAT if shown or not others else Certainty.READABLE,
        at.url,
        title=ESCAPED.sub(r"\1", named[1]).strip() if named else seen.title,
        licence=seen.licence,
        keys={"kind": "event"},
        learned=[
            f"{len(events)} events, of which {recurring} recur",
            *(f"another calendar of the page: {address}" for address in others[1:MOST]),
        ],
    )


def _is_calendar(seen: Seen) -> bool:
    return seen.text[:1024].lstrip("\ufeff \t\r\n").upper().startswith("BEGIN:VCALENDAR")


def _linked(seen: Seen) -> Iterator[str]:
    """The calendars that a page links to, subscribes to or frames."""
    declared = seen.links("link[type='text/calendar']")
    for address in dict.fromkeys([*declared, *seen.links("a[href], iframe[src]")]):
        if address in declared or SUBSCRIBED.match(address) or FILE.search(address):
            yield SUBSCRIBED.sub(f"{seen.root.partition(':')[0]}:", address, count=1)
        elif shown := _text_of(address):
            yield shown


def _text_of(address: str) -> str | None:
    """Where the text of a calendar is that this page is made to show; None for any other page."""
    found = ((re.match(page, address), text) for page, text in SHOWN)
    return next((match.expand(text) for match, text in found if match), None)
