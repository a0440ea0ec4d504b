"""Room: recognising an agenda of OpenAgenda.

In: an address of its API, its page, or a page that shows it. Out: a proposal for the agenda, without the key:
whoever adds it keeps one in the environment.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members

API = "https://api.openagenda.com/v2/agendas/"
ASKED = re.compile(r"(https?://[^?#]+/v2/agendas/)(\d+)(?:/events)?/?(?:[?#]|\Z)")
WRITTEN = re.compile(r"https?://[\w.:-]+/v2/agendas/")
NUMBERED = re.compile(r"/agendas/(\d+)")
KEY = 'headers: a key of OpenAgenda, from the environment: headers = { key = { env = "OPENAGENDA_KEY" } }'


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An agenda whose API answered, or that a page names."""
    asked = ASKED.match(seen.url)
    if asked and {"uid", "total"} & members(seen).keys():
        return _answering(asked[1] + asked[2], seen, look)
    number = NUMBERED.search(f"{seen.url} {seen.text}") if seen.says("openagenda") else None
    if number is None:
        return None
    api = WRITTEN.search(seen.text)
    return Proposal(
        Certainty.SHAPE,
        f"{api[0] if api else API}{number[1]}",
        title=seen.title,
        keys={"kind": "event"},
        unknown=[KEY],
    )


def _answering(agenda: str, seen: Seen, look: Look) -> Proposal:
    """What the API says of an agenda, asked with the key that the address came with."""
    key = parse_qs(urlsplit(seen.url).query).get("key", [])[:1]
    given = f"?{urlencode({'key': key[0]})}" if key else ""
    about, listed = members(look(agenda + given)), members(look(f"{agenda}/events{given}"))
    title, total = about.get("title"), listed.get("total")
    return Proposal(
        Certainty.NAMED,
        agenda,
        title=title if isinstance(title, str) else None,
        count=total if isinstance(total, int) else None,
        keys={"kind": "event"},
        unknown=[KEY],
    )
