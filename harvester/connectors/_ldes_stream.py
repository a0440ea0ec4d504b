"""Room: an event stream → its first page and what it says of itself, then all pages that lead from there.

In: how a page is had, by its address. Out: pages, each once. Whether a page may be passed over is decided by
the caller, from what relations say of its times. Asks for nothing itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from harvester.connectors._answers import where
from harvester.connectors._ldes_pages import LDES, TREE, Page, Path, path
from harvester.connectors._things import addresses, same_page, text
from harvester.errors import SourceChanged
from harvester.model import IRI, Answer, Source
from harvester.rdf import Thing, Value

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
AS = "https://www.w3.org/ns/activitystreams#"
DELETES = frozenset({AS + "Delete", AS + "Remove", AS + "Tombstone"})
MARKS = frozenset({AS + name for name in ("Create", "Add", "Update", "Announce")} | DELETES)
"""Classes of activities: they say what happened to a thing, not what it is."""

_LIMITS = (
    *(LDES + one for one in ("startingFrom", "fullLogDuration", "versionDuration", "versionDeleteDuration")),
    *(LDES + "pointInTime", TREE + "value"),
)
"""What policies of today, and of before 2025, limit a view by."""

Ask = Callable[[str, Answer | None], Page]
"""(address, the answer that led there, None at the beginning) → a page."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a stream says of itself: paths in its members, and how it tells that a thing is no more.

    `lacks` says why the stream may no longer hold a thing that is still there; None when it holds all.
    """

    iri: IRI | None
    version_of: Path | None
    time: Path | None
    version_time: Path | None
    sequence: Path | None
    deleted_at: Path
    deletes: frozenset[str]
    lacks: str | None


def opened(source: Source, ask: Ask) -> tuple[Sequence[Page], Stream]:
    """The page that the address leads to and, when it is another, the first page of the view; the stream.

    Raises:
        SourceChanged: the address is no event stream, nor a page of one, or leaves a choice.
    """
    entry = ask(source.url, None)
    here = [view for view in entry.views if same_page(view.page, source.url)]
    own = [view for view in entry.views if view.stream and same_page(view.stream, source.url)]
    found = here or own or entry.views
    place = where(entry.answer, source)
    if not found:
        raise SourceChanged(
            f"{place}: no `tree:view` in it; give the address of an event stream, or of its first page"
        )
    if len(found) > 1:
        choice = ", ".join(f"'{view.page}'" for view in found[:5])
        raise SourceChanged(f"{place}: {len(found)} views, {choice}; give the address of one in `url`")
    pages = [entry] if here else [entry, ask(found[0].page.partition("#")[0], None)]
    return pages, _stream(found[0].stream, found[0].page, pages)


def below(
    first: Page, stream: Stream, *, ask: Ask, passes: Callable[[str, datetime | None], bool]
) -> Iterator[Page]:
    """All pages that the first one leads to, each once, the nearest first.

    `passes` is asked whether a page may be left out: all that it leads to is older than the moment given,
    None when nothing is known of that. What is proven of a page once holds whatever else leads to it.
    """
    met = {first.answer.url.partition("#")[0]}
    waiting = deque([(first.answer, first.follows)])  # never pages themselves: they are large
    while waiting:
        leader, follows = waiting.popleft()
        for address, bounds in follows.items():
            known = (one.before for one in bounds if one.path == stream.time)
            if address in met:
                continue
            met.add(address)
            if not passes(address, min(known, default=None)):
                found = ask(address, leader)
                waiting.append((found.answer, found.follows))
                yield found


def _stream(iri: IRI | None, view: str, pages: Sequence[Page]) -> Stream:
    """What the pages say of a stream, the first of them first."""
    about = [page.things[iri] for page in pages if iri and iri in page.things]

    def told(*names: str) -> Path | None:
        values = (thing.said.get(IRI(LDES + name), ()) for name in names for thing in about)
        return next(filter(None, map(path, values)), None)

    deletes = {one for thing in about for one in addresses(thing, LDES + "versionDeleteObject")}
    return Stream(
        iri,
        told("versionOfPath", "versionOf"),
        told("timestampPath"),
        told("versionTimestampPath"),
        told("versionSequencePath", "sequencePath"),
        told("versionDeletePath") or (TYPE,),
        DELETES | deletes,
        _lacks(_policies(iri, view, pages)),
    )


def _policies(iri: IRI | None, view: str, pages: Sequence[Page]) -> list[Thing]:
    """The retention policies of a view: its own, those of its descriptions, and of the stream itself."""
    things: dict[IRI, Thing] = {
        name: thing for page in reversed(pages) for name, thing in page.things.items()
    }
    own = [thing for name in (iri, IRI(view)) if name and (thing := things.get(name))]
    told = [value for thing in own for value in thing.said.get(IRI(TREE + "viewDescription"), ())]
    told += [thing for thing in things.values() if view in addresses(thing, TREE + "rootNode")]
    described = [*own, *_described(told, things)]
    values = [value for thing in described for value in thing.said.get(IRI(LDES + "retentionPolicy"), ())]
    return list(_described(values, things))


def _described(values: Sequence[Value], things: Mapping[IRI, Thing]) -> Iterator[Thing]:
    for value in values:
        found = value if isinstance(value, Thing) else things.get(IRI(str(value)))
        yield found or Thing(IRI(str(value)), (), {})


def _lacks(policies: Sequence[Thing]) -> str | None:
    """Why the newest version of a thing may be gone from the view; None when it never is.

    A version stays while one rule keeps it, but for what is older than a fixed moment.
    """
    limits = {
        term.rpartition("#")[2]: value for one in policies for term in _LIMITS if (value := text(one, term))
    }
    if not policies or ("startingFrom" not in limits and any(map(_keeps_newest, policies))):
        return None
    return ", ".join(f"{name} '{value}'" for name, value in limits.items()) or "a policy that we do not know"


def _keeps_newest(policy: Thing) -> bool:
    """True for a rule that keeps the newest version of each thing for ever."""
    counted = text(policy, LDES + "versionAmount") and not text(policy, LDES + "versionDuration")
    return bool(counted) or LDES + "LatestVersionSubset" in policy.classes
