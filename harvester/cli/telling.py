"""Room: stories and reports -> lines of text for a terminal. Nothing is asked nor printed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester import shapes
from harvester.cli.house import House
from harvester.ledger.exits import Exit, Why
from harvester.ledger.stories import Step, Story
from harvester.model import State

if TYPE_CHECKING:
    from harvester.web.reported import First, Report, Told

LANGUAGES = ("fr", "en")
"""The languages that reports speak."""

_WHY: Mapping[Why, tuple[str, str]] = {
    Why.REMOVED: ("removed by the source", "put it back on line there; it regains its address"),
    Why.UNREACHABLE: ("source unreachable", "nothing: each round tries again; if it lasts, ask the partner"),
    Why.REFUSED: ("the source refuses us", "ask the partner to let us read its public records"),
    Why.REJECTED: ("rejected by the shapes", "mend it at the source as said above"),
    Why.WITHDRAWN: ("withdrawn on request", "`harvester reinstate` takes that back"),
    Why.PAST: ("the event is over", "nothing: it stays published as past"),
    Why.RENAMED: ("the same record stands under another ref", "follow the new address"),
    Why.MOVED: ("its source has another id", "follow it there"),
    Why.RETURNING: ("a withdrawal was limited or lifted", "wait for the next harvest, or `harvester run`"),
    Why.IGNORED: ("left out by `only`", "change `only` in sources.toml if it belongs here"),
    Why.CLOSED: ("its source was closed", "declare the source again if it should be taken again"),
    Why.ORPHANED: ("its source left sources.toml", "declare it again, or `harvester source remove`"),
    Why.DISABLED: ("its source is disabled", "set `enabled = true`, or leave it"),
    Why.HELD: ("its source has a held run", "`harvester release` or `harvester discard`"),
    Why.BROKEN: ("the answer of its source could not be read", "read the message; mend options or mapping"),
    Why.UNLICENSED: ("the licence of its source is not known", "state `licence` once the partner told it"),
}
"""Why -> what it means, and what an operator can do about it."""


def declared(opened: House) -> set[str]:
    """The sources that the configuration names, those with a problem too."""
    return {*opened.plans, *(problem.source for problem in opened.problems if problem.source)}


def story(told: Story) -> Iterator[str]:
    """What became of a record, step by step, and what to do about it."""
    yield f"{told.name or told.ref}  ({told.source} '{told.ref}')"
    yield f"  {told.state}{', published' if told.live else ', not published'}"
    for name in ("first_seen", "last_seen", "missing_since", "leaves", "stale_since"):
        at: datetime | None = getattr(told, name)
        if at is not None:
            yield f"  {name.replace('_', ' ')} {_moment(at)}"
    if told.passed:
        yield f"  {' → '.join(_way(told))}"
    for finding in told.findings:
        value = f" (found: {finding.value})" if finding.value else ""
        yield f"  {finding.severity}: {shapes.message(finding)}{value}"
    if told.reason:
        yield f"  {told.reason}"
    if told.suppressed:
        yield f"  fields withdrawn on request: {', '.join(told.suppressed)}"
    yield from (f"  {line}" for line in _exits(told.exits))
    if told.page:
        yield f"  mend it at {told.page}"
    for change in told.history:
        yield f"  change {change.change}: {change.operation} on {_moment(change.at)}"


def unseen(near: Mapping[str, Sequence[Exit]]) -> str:
    """The end of a message about a page never seen; `near` are the sources of its host."""
    if not near:
        return "no source is read from there; look at /sources for what is harvested"
    told = [f"{source} ({'; '.join(_exits(exits))})" if exits else source for source, exits in near.items()]
    return f"its host is read by {', '.join(told)}: is it in that listing?"


def report(told: Report, language: str) -> Iterator[str]:
    """The report of a source: what to mend first, then record by record, then the load."""
    yield f"{told.title}: {_counted(told.counts)}"
    if told.stale_since:
        yield f"stale since {_moment(told.stale_since)}; last success {_moment(told.last_success)}"
    yield "" if told.first else "nothing to mend"
    yield from (_first(one, language) for one in told.first)
    for record in told.records:
        yield from ("", *_record(record, language))
    if told.next is not None:
        yield from ("", f"{told.total - told.next} more records: --offset {told.next}")
    yield ""
    for one in told.unaligned:
        yield f"not aligned: {one['scheme']}: '{one['category']}' ({one['records']} records)"
    for one in told.drift:
        gone, new = ", ".join(one["gone_fields"]), ", ".join(one["new_fields"])
        yield f"drift on {_moment(one['at'])}: fields gone: {gone or '-'}; new: {new or '-'}"
    load = ", ".join(f"{name} {value:,.0f}" for name, value in told.load.items())
    yield f"load over {told.days} days: {load}"
    for run in told.runs[:5]:
        cause = f" ({run['cause']})" if run["cause"] else ""
        yield f"run {run['id']} {_moment(run['started_at'])} {run['outcome']}{cause} {run['message'] or ''}"


def mirror(told: Mapping[str, Any]) -> str:
    """How the mirror stands, in one line."""
    if told["trouble"] or told["behind"]:
        since = f" since {told['since']}" if told["since"] else ""
        why = f"; {told['trouble']}" if told["trouble"] else ""
        return f"mirror: {told['behind']} changes behind{since}{why}"
    return f"mirror: holds every change, up to {told['change']}"


def plain(row: Mapping[str, object]) -> dict[str, object]:
    """A row for a program; times as ISO 8601."""
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in row.items()}


def cell(value: object) -> str:
    """A value in a table; times to the minute."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def _way(told: Story) -> Iterator[str]:
    yield from told.passed
    if len(told.passed) < len(Step):
        yield f"[stopped before: {list(Step)[len(told.passed)]}]"


def _exits(exits: Sequence[Exit]) -> Iterator[str]:
    for one in exits:
        means, remedy = _WHY[one.why]
        since = f" since {_moment(one.since)}" if one.since else ""
        yield f"{means}{since}{f': {one.said}' if one.said else ''}; {remedy}"


def _first(one: First, language: str) -> str:
    brings = f"{one.gained} records gained" if one.gained else f"in {one.records} records"
    where = f" [{', '.join(one.source_fields)}]" if one.source_fields else ""
    return f"{one.severity:<9} {brings:<20} {one.message[language]}{where}"


def _record(told: Told, language: str) -> Iterator[str]:
    stale = ", an older version is published" if told.live and told.state == State.REJECTED else ""
    yield f"{told.name or told.ref}  ('{told.ref}', {told.state}{stale})"
    for one in told.remarks:
        found = f" found: {one.value};" if one.value else ""
        wanted = f" expected: {one.expected[language]}" if one.expected[language] else ""
        where = f" [{', '.join(one.source_fields)}]" if one.source_fields else ""
        yield f"  {one.severity}: {one.message[language]}{where}{found}{wanted}"
    if told.page:
        yield f"  mend it at {told.page}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {state}" for state, n in counts.items()) or "no record yet"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"
