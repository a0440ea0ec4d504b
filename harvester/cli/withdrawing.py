"""Room: the commands by which a record, or a field of it, is withdrawn on request, and reinstated."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from harvester import iri, items
from harvester.cli.harvesting import publish
from harvester.cli.house import (
    CONFIG,
    FAILED,
    STORE,
    Config,
    House,
    Json,
    Store,
    Verbose,
    house,
    out,
    say_json,
    stop,
)
from harvester.errors import StoreError, suggestion
from harvester.harvest import traces
from harvester.harvest.withdrawal import Withdrawal, finish
from harvester.ledger.alike import Alike, elsewhere
from harvester.ledger.decisions import WHOLE, Suppression, fingerprint, suppression_list
from harvester.ledger.why import why
from harvester.ledger.withdrawals import order
from harvester.ledger.withdrawals import reinstate as lifted
from harvester.model import Action, Decision

Asked = Annotated[
    list[str] | None,
    typer.Argument(help="IRI of a record, address of its page at the partner, or SOURCE REF"),
]
FieldOf = Annotated[str | None, typer.Option("--field", help="only this item field; else the whole record")]
Reason = Annotated[
    str, typer.Option("--reason", help="why, in one sentence that repeats nothing of it; it is public")
]
By = Annotated[str | None, typer.Option("--by", help="who decides; the user of this machine when not said")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask before")]
Shown = Annotated[bool, typer.Option("--list", help="what is kept out and why, without the data, instead")]

_WITH_THE_RECORD = ("ref", "name", "kind")


@dataclass(frozen=True, slots=True)
class Target:
    """A record somebody wants withdrawn, or one of its fields; `WHOLE` for the record."""

    source: str
    ref: str
    field: str
    address: str

    def __str__(self) -> str:
        return f"{self.source} '{self.ref}'" + (f", field '{self.field}'" if self.field else "")

    def told(self) -> dict[str, str]:
        """What a program is told of it."""
        return {"source": self.source, "ref": self.ref, "field": self.field, "iri": self.address}

    def suppression(self) -> Suppression:
        """Its line on the list."""
        return Suppression(fingerprint(self.source, self.ref), self.field, datetime.now(UTC))

    def decision(self, action: Action, reason: str, by: str | None) -> Decision:
        """Who decided it, and why."""
        who, now = by or getpass.getuser(), datetime.now(UTC)
        return Decision(action, self.source, who, reason.strip(), now, ref=self.ref, field=self.field or None)


def withdraw(  # noqa: PLR0913, PLR0917  # each is an option of the command
    asked: Asked = None,
    field: FieldOf = None,
    reason: Reason = "",
    by: By = None,
    yes: Yes = False,
    shown: Shown = False,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Withdraw a record or a field of it on request, from everything; without more, finish what was begun."""
    with house(config, store, verbose=verbose) as opened:
        work = _work(opened)
        if shown:
            _show_list(opened, json=json)
        elif not asked:
            done = _finish(work)
            _say({"finished": done}, f"finished: {done}" if done else "nothing was left to finish", json=json)
        else:
            target = _target(opened, " ".join(asked), field)
            _refuse(work, target, reason)
            same = _show(work, target, quiet=json)
            if not yes:
                _confirm(target)
            new = order(opened.ledger, [target.suppression()], target.decision(Action.WITHDRAW, reason, by))
            _finish(work)
            told = {**target.told(), "new": new, "elsewhere": [asdict(one) for one in same]}
            _say(told, f"{target}: withdrawn{'' if new else ' already'}", json=json)
            for line in () if json else _corrected(work, target):
                out.print(line, markup=False)


def reinstate(  # noqa: PLR0913, PLR0917  # each is an option of the command
    asked: Annotated[list[str], typer.Argument(help="IRI of a record, or SOURCE REF")],
    reason: Reason,
    field: FieldOf = None,
    by: By = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Let a record or a field withdrawn on request come again, with the next harvest, under its address."""
    with house(config, store, verbose=verbose) as opened:
        target = _target(opened, " ".join(asked), field)
        if not reason.strip():
            stop("--reason is empty; say why in one sentence, it is public")
        _finish(_work(opened))
        if not lifted(opened.ledger, target.suppression(), target.decision(Action.REINSTATE, reason, by)):
            stop(
                f"{target}: not withdrawn on request; `harvester withdraw --list` shows what is", code=FAILED
            )
        _say(target.told(), f"{target}: comes again with the next harvest of {target.source}", json=json)


def _work(opened: House) -> Withdrawal:
    return Withdrawal(
        opened.plans, opened.federation, opened.layout, opened.ledger, publish=lambda: publish(opened)
    )


def _finish(work: Withdrawal) -> int:
    try:
        return finish(work)
    except StoreError as error:
        stop(str(error), code=FAILED)


def _target(opened: House, asked: str, field: str | None) -> Target:
    base = opened.federation.base
    found = why(opened.ledger, asked, base=base)
    if len(found) > 1:
        several = [iri.record(base, one.source, one.ref) for one in found]
        stop(f"'{asked}' names {len(found)} records; name one of them:", *several)
    source, _, ref = asked.strip().partition(" ")
    named = (
        (found[0].source, found[0].ref)
        if found
        else iri.record_of(base, asked.strip()) or (source, ref.strip())
    )
    if not named[1] or named[0] not in {*opened.ledger.sources(), *opened.plans}:
        stop(f"'{asked}': no record is known by that; give its IRI, or SOURCE REF", code=FAILED)
    return Target(*named, field or WHOLE, iri.record(base, *named))


def _refuse(work: Withdrawal, target: Target, reason: str) -> None:
    """Whatever is asked wrongly ends the command before anything is done."""
    plan, field = work.plans.get(target.source), target.field
    if field in _WITH_THE_RECORD:
        stop(f"a record cannot be without its '{field}'; withdraw the whole record")
    if field and field not in items.FIELDS:
        stop(f"no item field '{field}'; {suggestion(field, items.FIELDS)}")
    if field and plan is None:
        stop(f"source '{target.source}' cannot be read any more; withdraw the whole record")
    if field and plan and not plan.mapper().heads(field):
        stop(
            f"nothing of source '{target.source}' fills '{field}'; `harvester why` shows what the record says"
        )
    if "name" in _beside(work, target):
        stop(f"source '{target.source}' says its name and its '{field}' in one; withdraw the whole record")
    if not reason.strip():
        stop("--reason is empty; say why in one sentence, it is public")
    fields = (field,) if field else (WHOLE,)
    if again := traces.repeated(reason, work.subject(target.source, target.ref).words(fields)):
        stop(f"--reason repeats '{again}' of what is to be withdrawn; it is public, say why without it")


def _show(work: Withdrawal, target: Target, *, quiet: bool) -> list[Alike]:
    """Show what is about to be withdrawn, and where else the same thing stands."""
    row = work.ledger.record(target.source, target.ref)
    if row is None:
        _print(quiet, f"{target}: never seen; it is kept out when it comes")
        return []
    same = elsewhere(work.ledger, row, traces.origins(work.ledger.triples(target.source, target.ref) or b""))
    _print(quiet, f"{target}: {row.name or 'no name'}, {row.state}", f"  {row.page or target.address}")
    if beside := sorted(_beside(work, target)):
        _print(quiet, f"  comes from the same field of the source, and goes with it: {', '.join(beside)}")
    for one in same:
        told = f"{one.source} '{one.ref}' {one.name or ''}".rstrip()
        _print(quiet, f"  also ({one.why}): {told}{'' if one.live else ', not published'}")
    if same:
        _print(quiet, "  what stands elsewhere stays there: withdraw it too if it should go")
    return same


def _print(quiet: bool, *lines: str) -> None:
    for line in () if quiet else lines:
        out.print(line, markup=False)


def _beside(work: Withdrawal, target: Target) -> Iterator[str]:
    """Item fields that the source fills from what fills this one."""
    if target.field:
        mapper = work.plans[target.source].mapper()
        lost = mapper.heads(target.field)
        yield from (name for name in items.FIELDS if name != target.field and mapper.heads(name) & lost)


def _confirm(target: Target) -> None:
    if not sys.stdin.isatty():
        stop(f"{target}: nobody can be asked here; add --yes when you are sure")
    typer.confirm("Withdraw it from everything that is kept here, for good?", abort=True)


def _corrected(work: Withdrawal, target: Target) -> Iterator[str]:
    """Lines of the corrections that still tell what was withdrawn: they are not under `store/`."""
    plan = work.plans.get(target.source)
    for one in plan.source.corrections if plan else ():
        if one.ref == target.ref and target.field in (WHOLE, one.field):
            yield f"{one.where} still tells of it; take the line out"


def _show_list(opened: House, *, json: bool) -> None:
    rows = suppression_list(opened.ledger)
    if json:
        say_json({"suppressions": [asdict(one) for one in rows]})
    for one in () if json else rows:
        what = one.field or "the whole record"
        out.print(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.hash}  {what}: {one.reason or '?'}", markup=False)


def _say(told: Any, sentence: str, *, json: bool) -> None:
    if json:
        say_json(told)
    else:
        out.print(sentence, markup=False)
