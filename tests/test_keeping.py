"""An instance that lasts: copied and made again, kept small, looked after."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyoxigraph as ox
import pytest
from test_harvest import LISTING, gardens, serve, table
from typer.testing import CliRunner

from harvester.cli import app
from harvester.config import load
from harvester.fetch import RawStore
from harvester.harvest import Asked, From, Harvest, plans
from harvester.harvest.diary import Diary
from harvester.keeping import backup as backups
from harvester.keeping import leftovers, manifest, retention
from harvester.keeping import restore as restores
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import Suppression, exported, fingerprint
from harvester.ledger.tables import runs
from harvester.ledger.withdrawals import order
from harvester.model import Action, Decision, Outcome
from harvester.triplestore import Checkpoints, FileLock

NOW = datetime.now(UTC)


@pytest.fixture
def garden(federation, partners):
    """A federation harvested once and published."""
    serve(partners, gardens(30))
    federation.declare(table(partners.url + LISTING))
    federation.run("jardins")
    federation.publish()
    return federation


def copied(garden, to: Path) -> manifest.Manifest:
    instance = backups.Instance(garden.config, "http://localhost:8000/", garden.layout, garden.ledger())
    return backups.backup(instance, to, NOW)


def said(garden, *asked: str, store: Path | None = None):
    """A command on this federation."""
    place = ["--config", str(garden.config), "--store", str(store or garden.layout.root)]
    return CliRunner().invoke(app, [*asked, *place])


def restored(garden, folder: Path, *, newer: Path | None = None) -> int:
    """What the command does, without publishing."""
    configuration = load(garden.config)
    made = restores.checked(folder)
    restores.refuse_occupied(garden.layout)
    work = restores.Restoring(folder, made, garden.layout, configuration.federation, plans(configuration)[0])
    return work.run(newer)


def lose(garden) -> None:
    """The disk is gone."""
    shutil.rmtree(garden.layout.root)


def live(ledger: Ledger) -> int:
    return ledger.counts()["jardins"]["live"]


# Backup and restore


def test_backup_of_a_running_instance_is_made_again_and_goes_on(garden, partners, tmp_path):
    ending = threading.Event()
    nights = []

    def harvest() -> None:
        while not ending.is_set():
            serve(partners, gardens(30, name=f"Jardin {{}} de la nuit {len(nights)}"))
            nights.append(garden.run("jardins").outcome)
            garden.publish()

    at_work = threading.Thread(target=harvest)
    at_work.start()
    try:
        while len(nights) < 2:
            ending.wait(0.05)
        made = {copied(garden, tmp_path / f"copy-{n}").run: tmp_path / f"copy-{n}" for n in range(4)}
    finally:
        ending.set()
        at_work.join()

    assert set(nights) == {Outcome.DONE}
    for run, folder in made.items():  # each is one whole night, whatever was written meanwhile
        restores.checked(folder)
        copy = Ledger.open(Layout(folder).ledger, base="http://localhost:8000/")
        assert (copy.last_run(), live(copy)) == (run, 30)
        raw = RawStore(Layout(folder).raw)
        assert all(raw.has(one["body"]) for one in copy.last_complete("jardins").answers)
        copy.close()

    last = copied(garden, tmp_path / "last")
    before = garden.dump()
    lose(garden)
    told = said(garden, "restore", str(tmp_path / "last"))

    assert told.exit_code == 0, told.output
    assert f"up to run {last.run}" in told.output
    assert garden.dump() == before
    asked = len(partners.requests)
    assert garden.run("jardins").outcome == Outcome.UNCHANGED
    assert [seen.status for seen in partners.requests[asked:] if seen.path == LISTING] == [304]


def test_backup_holds_what_people_wrote_and_the_diary_and_nothing_that_can_be_made_anew(garden, tmp_path):
    (garden.config.parent / "corrections").mkdir()
    correction = garden.config.parent / "corrections" / "jardins.csv"
    correction.write_text("ref,field,seen,value,who,when,why\n", encoding="utf-8")

    made = copied(garden, tmp_path / "copy")

    assert {name.partition("/")[0] for name in made.files} == {
        "alignments", "corrections", "ledger.sqlite", "raw", "runs", "sources.toml", "suppressions.jsonl",
    }  # fmt: skip
    assert {name for name in made.files if name.startswith("runs/")} == {
        "runs/jardins/1.json", "runs/jardins/1.jsonl.zst",
    }  # fmt: skip
    assert oct((tmp_path / "copy").stat().st_mode)[-3:] == "700"

    correction.unlink()
    garden.config.unlink()
    assert restores.put_back_written(tmp_path / "copy", made, garden.config) == ()
    assert correction.is_file()
    garden.config.write_text("[federation]\n", encoding="utf-8")
    assert restores.put_back_written(tmp_path / "copy", made, garden.config) == (str(garden.config),)


def test_backup_into_a_folder_that_holds_something_is_refused(garden, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "letter.txt").write_text("mine")

    told = said(garden, "backup", str(tmp_path / "copy"))

    assert (told.exit_code, "holds something already; give a new folder" in told.stderr) == (2, True)


def test_folder_without_manifest_or_with_one_damaged_file_is_no_backup(garden, tmp_path):
    copied(garden, tmp_path / "copy")
    body = next((tmp_path / "copy" / "raw").rglob("*.zst"))
    lose(garden)

    body.write_bytes(body.read_bytes()[:-1] + b"x")
    told = said(garden, "restore", str(tmp_path / "copy"))
    assert (told.exit_code, f"{body.name}: other content" in told.stderr) == (2, True)

    (tmp_path / "copy" / "manifest.json").unlink()
    told = said(garden, "restore", str(tmp_path / "copy"))
    assert (told.exit_code, "it is not a backup" in told.stderr) == (2, True)
    assert not garden.layout.ledger.exists()


def test_restore_refuses_a_store_that_holds_something(garden, tmp_path):
    copied(garden, tmp_path / "copy")

    told = said(garden, "restore", str(tmp_path / "copy"))

    assert (told.exit_code, "holds ledger.sqlite, raw, runs, oxigraph" in told.stderr) == (2, True)


def test_restore_killed_on_its_way_begins_again(garden, tmp_path):
    copied(garden, tmp_path / "copy")
    before = garden.dump()
    (garden.layout.root / "restoring" / "runs").mkdir(parents=True)
    for left in (garden.layout.ledger, garden.layout.published):
        left.unlink()

    assert restored(garden, tmp_path / "copy") == 0

    assert garden.dump() == before
    assert not (garden.layout.root / "restoring").exists()


def test_what_was_withdrawn_since_the_backup_leaves_it_before_anything_is_published(garden, tmp_path):
    copied(garden, tmp_path / "copy")
    since = Suppression(fingerprint("jardins", "j3"), "", NOW)
    order(garden.ledger(), [since])
    (tmp_path / "newer.jsonl").write_text("".join(exported(garden.ledger())), encoding="utf-8")
    lose(garden)

    assert restored(garden, tmp_path / "copy", newer=tmp_path / "newer.jsonl") == 1

    assert live(garden.ledger()) == 29
    assert garden.ledger().record("jardins", "j3").state == "withdrawn"
    assert b'Jardin 3"' not in garden.dump()
    kept = [RawStore(garden.layout.raw).read(digest) for digest in RawStore(garden.layout.raw).digests()]
    assert kept == []


def test_store_restored_under_another_base_is_refused_and_stays_empty(garden, tmp_path):
    copied(garden, tmp_path / "copy")
    lose(garden)
    garden.config.write_text('[federation]\nbase = "https://ailleurs.example.org/"\n', encoding="utf-8")

    told = said(garden, "restore", str(tmp_path / "copy"))

    assert (told.exit_code, "minted under 'http://localhost:8000/'" in told.stderr) == (2, True)
    assert not garden.layout.ledger.exists()


# Retention


FIRST = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
SHORT = 'retention = { raw = "5d", runs = "35d" }\n'


def night(garden, number: float, asked: Asked | None = None):
    """The run of a night, and its publication."""
    plan, federation = garden.plan("jardins"), load(garden.config).federation
    moment = FIRST + timedelta(days=number)
    ledger = garden.ledger()
    try:
        return Harvest(plan, federation, garden.layout, ledger, asked or Asked(), now=lambda: moment).run()
    finally:
        ledger.close()


def pruned(garden, number: float, *, dry: bool = False) -> retention.Freed:
    federation = load(garden.config).federation
    return retention.prune(
        garden.ledger(), garden.layout, federation, FIRST + timedelta(days=number, hours=3), dry=dry
    )


def short(federation, partners, **more: str) -> None:
    """A federation that soon forgets."""
    federation.declare(table(partners.url + LISTING, **more))
    text = federation.config.read_text(encoding="utf-8")
    federation.config.write_text(text.replace("[source", SHORT + "\n[source"), encoding="utf-8")


def bodies(garden) -> set[str]:
    return set(RawStore(garden.layout.raw).digests())


def test_store_stays_as_large_as_it_was_night_after_night(federation, partners):
    short(federation, partners)
    sizes = {}
    for number in range(24):
        records = gardens(20)
        records[number % 20]["texte"] = f"Un jardin changé la nuit {number}."
        serve(partners, records)
        assert night(federation, number).outcome == Outcome.DONE
        pruned(federation, number)
        folders = (federation.layout.raw, federation.layout.runs)
        sizes[number] = [len(bodies(federation)), *map(leftovers.size, folders)]

    assert sizes[23][0] == sizes[8][0] == 5
    assert sizes[23][1] < 1.1 * sizes[8][1]
    assert len(Diary(federation.layout.runs, "jardins").kept()) == 5
    assert (
        len(federation.ledger().runs("jardins")) == 24
    )  # each changed something, and is named by its changes


def test_nights_without_a_change_leave_rows_only_as_long_as_runs_are_kept(federation, partners):
    short(federation, partners)
    serve(partners, gardens(5))
    for number in range(50):
        night(federation, number)
    before = federation.dump()

    freed = pruned(federation, 49)

    rows = [row.id for row in federation.ledger().runs("jardins", limit=1000)]
    assert rows == [*range(50, 15, -1), 1]  # thirty-five days of them, and the one that the changes name
    assert freed.runs == 14
    assert Diary(federation.layout.runs, "jardins").summaries() == rows
    assert federation.dump() == before
    first = federation.ledger().run(1)
    assert (first.answers, first.counts["created"], "fields" in first.findings) == (None, 5, True)


def test_every_night_that_is_kept_can_be_told_again_and_older_ones_say_that_they_are_not(
    federation, partners
):
    short(federation, partners)
    told = {}
    for number in range(12):
        serve(partners, gardens(20, name=f"Jardin {{}} {number}"))
        report = night(federation, number)
        told[report.run] = records_in(federation.dump())
    pruned(federation, 11)

    for origin in From:
        for run in (8, 12):
            report = night(federation, 11.5, Asked(origin=origin, of=run))
            assert report.outcome.succeeded, report.message
            assert records_in(federation.dump()) == told[run]
        gone = night(federation, 11.6, Asked(origin=origin, of=3))
        assert gone.outcome == Outcome.DEFERRED
        assert "kept" in gone.message


def records_in(dump: bytes) -> list[bytes]:
    return [line for line in dump.splitlines() if line.endswith(b"/graph/source/jardins> .")]


def test_last_complete_reading_is_kept_however_old_it_is(federation, partners):
    short(federation, partners)
    serve(partners, gardens(5))
    night(federation, 0)
    partners.misbehave(LISTING, "status:503")
    for number in range(1, 100, 3):
        assert night(federation, number).outcome == Outcome.DEFERRED
        pruned(federation, number)

    assert len(bodies(federation)) == 1
    assert night(federation, 100, Asked(origin=From.RAW)).outcome == Outcome.UNCHANGED
    assert night(federation, 100, Asked(origin=From.RECORDS)).outcome == Outcome.UNCHANGED
    partners.behave()
    assert night(federation, 101).outcome == Outcome.UNCHANGED
    assert partners.requests[-1].status == 304


def test_held_run_keeps_what_it_read_until_a_person_decides(federation, partners):
    short(federation, partners)
    serve(partners, gardens(50))
    night(federation, 0)
    serve(partners, gardens(10))
    waiting = night(federation, 1).run
    partners.misbehave(LISTING, "status:503")
    for number in range(2, 30):
        night(federation, number)
    pruned(federation, 29)

    assert Diary(federation.layout.runs, "jardins").holds(waiting)
    assert len(bodies(federation)) == 2
    decision = Decision(Action.RELEASE, "jardins", "Ada", "fusion", FIRST + timedelta(days=29), run=waiting)
    assert night(federation, 29.5, Asked(release=decision)).outcome == Outcome.DONE


def test_answers_of_a_run_under_way_stay(federation, partners):
    short(federation, partners)
    serve(partners, gardens(5))
    night(federation, 0)
    raw, lock = RawStore(federation.layout.raw), FileLock(federation.layout.source_lock("jardins"))
    with raw.writer() as before:
        before.write(b"of a run that failed")
    os.utime(raw.path(before.digest), (1, 1))
    assert lock.acquire()
    with raw.writer() as under_way:
        under_way.write(b"of a run under way")
    half = raw.writer()
    half.write(b"of a run under way, not at its end")

    freed = pruned(federation, 50)
    assert (freed.answers, freed.leftovers) == (1, 0)
    assert raw.has(under_way.digest)
    assert not raw.has(before.digest)
    half.close()
    assert raw.has(half.digest)

    lock.release()
    time.sleep(0.02)
    assert pruned(federation, 50).answers == 2


def test_dry_run_says_what_would_go_and_drops_nothing(federation, partners):
    short(federation, partners)
    for number in range(10):
        serve(partners, gardens(5, name=f"Jardin {{}} {number}"))
        night(federation, number)
    (federation.layout.runs / "jardins" / "1.partial").write_text("killed")
    os.utime(federation.layout.runs / "jardins" / "1.partial", (1, 1))
    before = sorted((str(path), path.stat().st_size) for path in federation.layout.root.rglob("*.zst"))

    would = pruned(federation, 9, dry=True)

    assert sorted((str(p), p.stat().st_size) for p in federation.layout.root.rglob("*.zst")) == before
    assert would == pruned(federation, 9)
    assert (would.answers, would.records, would.leftovers) == (5, 5, 1)
    assert not pruned(federation, 9)


def test_command_says_what_it_freed_and_a_run_does_it_once_a_day(garden):
    old = garden.layout.runs / "jardins" / "1.partial"
    old.write_text("killed")
    os.utime(old, (1, 1))

    told = said(garden, "prune", "--json")

    assert json.loads(told.stdout) == {
        "answers": 0, "records": 0, "summaries": 0, "runs": 0, "leftovers": 1, "bytes": 6,
    }  # fmt: skip
    assert "forgotten: nothing" in said(garden, "prune").stdout
    federation, ledger = load(garden.config).federation, garden.ledger()
    again = [NOW + timedelta(hours=2), NOW + timedelta(days=2), NOW - timedelta(days=99)]
    did = [
        retention.prune_when_due(ledger, garden.layout, federation, moment) is not None for moment in again
    ]
    assert did == [False, True, True]


# Doctor


def examined_by_doctor(garden, *asked: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """What the doctor says, by what it is about, but of this machine's own disk."""
    told = said(garden, "doctor", "--json", *asked)
    assert told.stdout, (told.stderr, told.exception)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(told.stdout)["found"]:
        if one["about"] != "disk":
            found.setdefault(one["about"], []).append((one["state"], one["text"]))
    return told.exit_code, found


def states(found: dict[str, list[tuple[str, str]]]) -> set[str]:
    return {state for findings in found.values() for state, _ in findings}


def test_doctor_finds_a_sound_store_sound(garden):
    code, found = examined_by_doctor(garden, "--deep")

    assert (code, states(found)) == (0, {"good"}), found
    assert set(found) == {
        "folders", "locks", "leftovers", "ledger", "clock", "withdrawals", "answers", "published",
    }  # fmt: skip
    assert "all can be written" in said(garden, "doctor").stdout


def test_doctor_drops_what_killed_processes_left_and_leaves_what_is_at_work(garden):
    layout = garden.layout
    old = [
        layout.raw / ".partial-x",
        layout.runs / "jardins" / "77.partial",
        layout.root / "published.new",
        layout.checkpoints / "current.new",
        layout.root / "ledger-schema-2.partial",
    ]
    for path in old:
        path.write_text("half")
        os.utime(path, (1, 1))
    (layout.checkpoints / "00000099").mkdir()
    with FileLock(layout.source_lock("jardins")), RawStore(layout.raw).writer() as live:
        live.write(b"at work")
        code, found = examined_by_doctor(garden)
        assert found["locks"][0][0] == "told"
        assert "'jardins' is at work since" in found["locks"][0][1]

    assert (code, found["leftovers"][0][0]) == (0, "mended")
    assert not any(path.exists() for path in old)
    assert not (layout.checkpoints / "00000099").exists()
    assert RawStore(layout.raw).has(live.digest)
    assert examined_by_doctor(garden)[1]["leftovers"] == [("good", "nothing unfinished lies about")]


def test_lock_file_without_a_living_holder_is_nothing(garden):
    garden.layout.writer_lock.touch()

    code, found = examined_by_doctor(garden)

    assert (code, found["locks"][0][0]) == (0, "good")
    assert "a lock file without a living holder is nothing" in found["locks"][0][1]


@pytest.mark.parametrize(
    ("harm", "said_of_it"),
    [
        ("behind", "'jardins' was at change 30; brought up to 31"),
        ("ahead", "'jardins' was at change 31, ahead of the ledger (30); loaded anew"),
        ("note", "published.json could not be read; written anew"),
        ("engine", "made anew from the ledger"),
        ("checkpoint", "could not be read"),
        ("other", "'jardins' said something else than the ledger; loaded anew"),
    ],
)
def test_doctor_brings_what_is_published_to_the_ledger(garden, partners, tmp_path, harm, said_of_it):
    damage(garden, partners, tmp_path, harm)

    code, found = examined_by_doctor(garden, *(["--deep"] if harm == "other" else []))

    assert code == 0
    assert [text for state, text in found["published"] if state == "mended" and said_of_it in text], found
    assert garden.dump() == garden.dump(Layout(tmp_path / "anew"))
    assert examined_by_doctor(garden)[1]["published"][0][0] == "good"


def damage(garden, partners, tmp_path, harm: str) -> None:
    layout = garden.layout
    if harm in ("behind", "ahead"):
        copied(garden, tmp_path / "before")
        records = gardens(30)
        records[0]["texte"] = "Un jardin agrandi."
        serve(partners, records)
        garden.run("jardins")
    if harm == "ahead":
        garden.publish()
        shutil.copy(Layout(tmp_path / "before").ledger, layout.ledger)
        shutil.rmtree(layout.raw)
        shutil.copytree(Layout(tmp_path / "before").raw, layout.raw)
    elif harm == "note":
        layout.published.write_text("{half")
    elif harm == "engine":
        (layout.oxigraph / "CURRENT").write_text("MANIFEST-none\n")
    elif harm == "checkpoint":
        (Checkpoints(layout.checkpoints).current() / "CURRENT").unlink()
    elif harm == "other":
        store = ox.Store(str(layout.oxigraph))
        store.update(
            "DELETE WHERE { GRAPH <http://localhost:8000/graph/source/jardins> "
            "{ <http://localhost:8000/id/jardins/j3> ?p ?o } }"
        )
        store.flush()


def test_doctor_says_who_is_behind_while_a_server_holds_the_store(garden, partners):
    with FileLock(garden.layout.writer_lock):
        assert examined_by_doctor(garden)[1]["published"] == [("good", "a server publishes, up to run 1")]
        serve(partners, gardens(29))
        garden.run("jardins")
        assert examined_by_doctor(garden)[1]["published"] == [("told", "a server publishes run 2")]
        with garden.ledger().writing() as connection:
            connection.execute(runs.update().where(runs.c.id == 2).values(ended_at=NOW - timedelta(hours=1)))

        code, found = examined_by_doctor(garden)

    assert (code, found["published"][0][0]) == (1, "wrong")
    assert "has published run 1, and not yet run 2; look at its log" in found["published"][0][1]


def test_doctor_explains_a_ledger_that_is_damaged_and_touches_nothing(garden):
    pages = bytearray(garden.layout.ledger.read_bytes())
    pages[8192:12288] = os.urandom(4096)
    garden.layout.ledger.write_bytes(pages)

    code, found = examined_by_doctor(garden)

    assert (code, found["ledger"][0][0]) == (1, "wrong")
    assert "restore` the last backup" in found["ledger"][0][1]
    assert garden.layout.ledger.read_bytes() == pages
    assert "published" not in found


def test_damaged_or_missing_answers_are_asked_for_again(garden, partners):
    raw = RawStore(garden.layout.raw)
    (digest,) = raw.digests()
    raw.path(digest).write_bytes(b"rotten")

    code, found = examined_by_doctor(garden)
    assert (code, found["answers"]) == (
        0,
        [("mended", "1 damaged were dropped; the next run asks again: jardins")],
    )
    assert examined_by_doctor(garden)[1]["answers"] == [
        ("told", "1 are gone; the next run asks again: jardins")
    ]
    assert garden.run("jardins").outcome == Outcome.UNCHANGED
    assert partners.requests[-1].status == 200
    assert examined_by_doctor(garden)[1]["answers"] == [("good", "1 of 1 looked at, all are whole")]


def test_clock_that_is_behind_needs_a_person(garden):
    with garden.ledger().writing() as connection:
        connection.execute(runs.update().values(ended_at=NOW + timedelta(days=400)))

    code, found = examined_by_doctor(garden)

    assert (code, found["clock"][0][0]) == (1, "wrong")
    assert "behind now, or ahead then; set it" in found["clock"][0][1]


def test_held_run_whose_records_are_gone_needs_a_person(garden, partners):
    serve(partners, gardens(3))
    number = garden.run("jardins").run
    assert examined_by_doctor(garden)[1]["held"][0][0] == "told"
    Diary(garden.layout.runs, "jardins").forget(number)

    code, found = examined_by_doctor(garden)

    assert (code, found["held"][0][0]) == (1, "wrong")


def test_folder_that_cannot_be_written_needs_a_person(garden):
    shutil.rmtree(garden.layout.raw)
    garden.layout.raw.write_text("in the way")

    code, found = examined_by_doctor(garden)

    assert (code, found["folders"][0][0]) == (1, "wrong")
    text = "raw: Not a directory; nothing committed is lost; move away what stands there"
    assert text in found["folders"][0][1]


def test_doctor_of_a_store_that_was_never_harvested_makes_nothing(federation, tmp_path):
    federation.declare("")

    told = said(federation, "doctor", store=tmp_path / "new")

    assert told.exit_code in {0, 1}  # 1 when this machine's own disk is nearly full
    assert "nothing was harvested" in told.stdout
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "writer.lock"]


def test_withdrawal_that_was_interrupted_is_carried_out(garden):
    order(garden.ledger(), [Suppression(fingerprint("jardins", "j3"), "", NOW)])

    code, found = examined_by_doctor(garden)

    assert code == 0
    assert found["withdrawals"] == [("mended", "1 that were interrupted are carried out")]
    assert b'Jardin 3"' not in garden.dump()
