"""A ledger made by any earlier version is opened, copied, brought up to date, and goes on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from test_harvest import LISTING, gardens, serve, table

from harvester.config import load
from harvester.fetch import RawStore
from harvester.harvest import Harvest
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import held
from harvester.ledger.tables import SCHEMA_VERSION, metadata
from harvester.model import Outcome

LEDGERS = ROOT / "tests" / "ledgers"
THEN = "http://127.0.0.1:8018"
AFTER = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SHORT = {"id": "x", "nom": "X", "texte": "Un nom trop court.", "code": "34150", "ville": "Aniane"}
VERSIONS = sorted(int(path.stem.removeprefix("schema-")) for path in LEDGERS.glob("*.sql"))


@pytest.fixture(params=VERSIONS)
def old(request, federation, partners):
    """A federation whose ledger was made by an earlier version; its partner says what it last said."""
    serve(partners, listing())
    federation.declare(table(partners.url + LISTING))
    sql = (LEDGERS / f"schema-{request.param}.sql").read_text(encoding="utf-8")
    federation.layout.root.mkdir(exist_ok=True)
    with closing(sqlite3.connect(federation.layout.ledger)) as ledger:
        ledger.executescript(sql.replace(THEN, partners.url))
    with RawStore(federation.layout.raw).writer() as kept:
        kept.write(json.dumps(listing()).encode())
    federation.version = request.param
    return federation


def listing() -> list[dict[str, object]]:
    records = gardens(8)
    records[3]["texte"] = "Un jardin agrandi."
    return [*records, SHORT]


def night(federation, days: float):
    moment, configured = AFTER + timedelta(days=days), load(federation.config).federation
    ledger = federation.ledger()
    plan = federation.plan("jardins")
    report = Harvest(plan, configured, federation.layout, ledger, now=lambda: moment).run()
    ledger.close()
    return report


def told(ledger: Ledger) -> dict[str, tuple[object, ...]]:
    """What must not change: where each record stands, since when."""
    rows = {ref: ledger.record("jardins", ref) for ref in [*(f"j{n}" for n in range(9)), "x"]}
    return {ref: (row.state, row.live, row.first_seen, row.missing_since) for ref, row in rows.items()}


def test_there_is_a_ledger_of_every_earlier_version():
    assert [*VERSIONS, SCHEMA_VERSION] == list(range(1, SCHEMA_VERSION + 1))


def test_old_ledger_is_copied_before_it_is_brought_up_to_date(old):
    old.ledger().close()

    copy = old.layout.root / f"ledger-schema-{old.version}.sqlite"
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (str(old.version),)
        assert kept.execute("SELECT count(*) FROM records").fetchone() == (10,)
    with closing(sqlite3.connect(old.layout.ledger)) as ledger:
        now = ledger.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        assert now == (str(SCHEMA_VERSION),)
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(old.layout.root.glob("*.partial"))


def test_upgraded_ledger_has_the_tables_and_indexes_of_a_new_one(old, tmp_path):
    old.ledger().close()
    Ledger.open(tmp_path / "new.sqlite", base="http://localhost:8000/").close()

    assert shape(old.layout.ledger) == shape(tmp_path / "new.sqlite")
    assert set(metadata.tables) <= {name for name, _ in shape(old.layout.ledger)}


def shape(path: Path) -> set[tuple[str, frozenset[str]]]:
    """Tables with their columns, indexes with theirs."""
    with closing(sqlite3.connect(path)) as ledger:
        names = ledger.execute(
            "SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
        ).fetchall()
        columns = {"table": "table_info", "index": "index_info"}
        return {
            (name, frozenset(str(row[1 if kind == "table" else 2]) for row in rows))
            for name, kind in names
            for rows in [ledger.execute(f"PRAGMA {columns[kind]}({name})").fetchall()]
        }


def test_next_night_goes_on_and_only_the_recipe_is_another(old, partners, tmp_path):
    before = told(old.ledger())
    assert before["j8"][0] == "missing"

    first = night(old, 0)

    assert partners.requests[-1].status == 304
    assert first.outcome == Outcome.DONE_ISSUES
    assert (first.counts["created"], first.counts["withdrawn"], first.counts["missing"]) == (0, 0, 1)
    assert told(old.ledger()) == before
    assert held(old.ledger(), "jardins") is None
    assert night(old, 1).outcome == Outcome.UNCHANGED
    assert old.dump() == old.dump(Layout(tmp_path / "anew"))


def test_grace_that_began_before_the_upgrade_runs_on(old):
    night(old, 0)
    assert night(old, 5).counts["withdrawn"] == 0

    assert night(old, 8).counts["withdrawn"] == 1
    assert old.ledger().record("jardins", "j8").reason == "removed by the source"


def test_upgrade_killed_on_its_way_begins_again(old):
    (old.layout.root / f"ledger-schema-{old.version}.partial").write_bytes(b"half a copy")

    old.ledger().close()

    copy = old.layout.root / f"ledger-schema-{old.version}.sqlite"
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
