"""What is published is mirrored to another store, whatever that store does meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pyoxigraph as ox
import pytest
from conftest import HEAD, ROOT
from mirrors import BASE, LAND, mirroring
from test_harvest import LISTING, gardens, serve, table
from test_keeping import said
from test_schedule import until
from withdrawn import few_territories

from harvester import iri
from harvester.canonical import in_graph
from harvester.config import load
from harvester.errors import ConfigError
from harvester.fetch import remote as remotes
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.mirror import Follower, mirrored, note, wanted
from harvester.mirror import mirror as mirrors
from harvester.model import Federation as Configured
from harvester.publish import publication
from harvester.triplestore import Checkpoints

GARDENS = iri.source_graph(BASE, "jardins")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """A store with one commune: all of them take ten seconds to load."""
    layout = Layout(tmp_path_factory.mktemp("furnished"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "territory_triples", few_territories)
        publication.Publication(layout, Configured(), Ledger.open(layout.ledger, base=BASE)).close()
    return layout.oxigraph


@pytest.fixture
def other():
    with mirroring() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Waits between two attempts are a test of their own."""
    monkeypatch.setattr(remotes.Remote, "__init__", _impatient(remotes.Remote.__init__))


def _impatient(opened):
    def open_(self, at, *, agent):
        opened(self, at, agent=agent, timeout_s=1, attempts=2, backoff_s=0.01)

    return open_


@pytest.fixture
def garden(federation, partners, other):
    """A federation with a mirror, and one source of thirty gardens, harvested and published here."""
    serve(partners, gardens(30))
    declare(federation, partners, other)
    federation.run("jardins")
    federation.publish()
    return federation


def declare(federation, partners, other, *, auth: str = ""):
    toml = HEAD + other.toml(auth=auth) + table(partners.url + LISTING)
    federation.config.write_text(toml, encoding="utf-8")


def night(garden, partners, records):
    """What the partner lists now is harvested and published here."""
    serve(partners, records)
    report = garden.run("jardins")
    garden.publish()
    return report


def mirror(garden, *, anew=False):
    federation = load(garden.config).federation
    done = mirrored(federation.mirror, garden.layout, federation, garden.ledger(), anew=anew)
    assert done is not None
    return done


def here(garden) -> bytes:
    """What readers are given here, but positions and territories: sorted N-Quads."""
    store = ox.Store.read_only(str(Checkpoints(garden.layout.checkpoints).current()))
    own = (iri.graph(BASE, "position"), LAND)
    named = [graph for graph in store.named_graphs() if graph.value not in own]
    dumps = [
        in_graph(store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=graph) or b"", graph.value)
        for graph in named
    ]
    return b"".join(sorted(line for quads in dumps for line in quads.splitlines(keepends=True)))


def test_the_first_time_every_graph_is_put_there(garden, other):
    done = mirror(garden)

    assert (done.trouble, done.change) == (None, garden.ledger().position())
    assert other.held() == here(garden)
    assert {iri.graph(BASE, name) for name in ("prov", "vocab", "report/jardins")} < other.marks().keys()


def test_nothing_new_costs_one_question(garden, other):
    mirror(garden)
    other.writes.clear()

    assert mirror(garden).trouble is None
    assert other.writes == []


def test_a_changed_night_sends_what_changed_and_no_more(garden, partners, other):
    mirror(garden)
    other.writes.clear()

    night(garden, partners, [*gardens(29), gardens(31)[30], {**gardens(1)[0], "id": "j29", "nom": "Verger"}])

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)
    updates = [size for kind, size in other.writes if kind == "update"]
    assert max(updates) < 40, "thirty gardens are some five hundred triples"


def test_a_store_that_takes_little_at_once_is_given_little_and_that_is_remembered(garden, partners, other):
    other.most = 40

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)
    refused = [size for _, size in other.writes if size > 40]
    assert 0 < len(refused) < 30
    other.writes.clear()

    night(garden, partners, gardens(30, name="Verger {}"))

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)
    assert [size for kind, size in other.writes if kind == "POST" and size > 40] == []
    assert other.begun() == set()


@pytest.mark.parametrize("refusal", [400, 413, 500])
def test_each_way_to_say_too_much_is_understood(garden, other, refusal):
    other.most, other.refusal = 200, refusal

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


@pytest.mark.parametrize("fate", ["cut", "done", 503])
@pytest.mark.parametrize("moment", [0, 3])
def test_a_write_that_fails_once_is_sent_again(garden, partners, other, fate, moment):
    mirror(garden)
    night(garden, partners, gardens(20, name="Verger {}") + gardens(30)[20:])
    other.most, other.fates = 50, ["done well"] * moment + [fate]

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


@pytest.mark.parametrize("moment", [0, 2, 5])
def test_a_patch_broken_in_its_middle_is_done_again_whole_after_another_night(
    garden, partners, other, moment
):
    mirror(garden)
    other.most = 50
    night(garden, partners, gardens(30, name="Verger {}"))
    other.fates = ["done well"] * moment + ["done", "done"]  # more often than it is tried
    broken = mirror(garden)
    assert broken.trouble
    assert "cut" in broken.trouble
    other.fates = []

    night(garden, partners, gardens(30, name="Potager {}"))

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


@pytest.mark.parametrize("moment", [0, 3])
def test_killed_in_the_middle_the_next_start_goes_on(garden, partners, other, moment):
    mirror(garden)
    night(garden, partners, gardens(30, name="Verger {}"))
    other.most, other.fates = 40, ["done well"] * moment + ["wait"]
    command = [
        sys.executable,
        "-m",
        "harvester",
        "run",
        "--config",
        garden.config,
        "--store",
        garden.layout.root,
    ]
    run = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    assert other.arrived.wait(30)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    other.waiting.set()

    garden.publish()

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)
    assert other.begun() == set()


def test_a_mirror_that_is_down_is_behind_and_catches_up(garden, partners, other):
    mirror(garden)
    other.down = True
    night(garden, partners, gardens(30, name="Verger {}"))

    first, second = mirror(garden), mirror(garden)

    assert (
        first.trouble
        == f"mirror at '{other.url}/query': answered 503 twice; it stays behind, and is brought up later"
    )
    assert (second.since, second.behind(garden.ledger().position())) == (first.since, 30)
    other.down = False
    done = mirror(garden)
    assert (done.trouble, done.since, done.behind(garden.ledger().position())) == (None, None, 0)
    assert other.held() == here(garden)


def test_a_mirror_that_is_not_there_keeps_no_run_from_ending_well(garden, other, partners):
    other.down = True
    serve(partners, gardens(31))

    ran = said(garden, "run")

    assert ran.exit_code == 0
    assert "stays behind" in ran.output
    assert b"Jardin 30" in here(garden)


def test_no_answer_in_time_sends_less_the_next_time(garden, partners, other):
    mirror(garden)
    night(garden, partners, gardens(30, name="Verger {}"))
    other.fates = ["done well"] * 3 + ["wait"]  # a small graph goes first

    late = mirror(garden)

    assert late.trouble
    assert "no answer within 1 s" in late.trouble
    assert note(garden.layout).sizes["update"] == 60
    other.waiting.set()
    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_user_and_password_come_from_the_environment(garden, partners, other, kind, monkeypatch):
    other.user = ("archipel", "pass:word é", kind)
    monkeypatch.setenv("MIRROR", "archipel:pass:word é")
    declare(garden, partners, other, auth="MIRROR")

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


@pytest.mark.parametrize("secret", ["archipel:wrong", "no colon", ""])
def test_a_wrong_password_is_told_and_never_shown(garden, partners, other, secret, monkeypatch):
    other.user = ("archipel", "word", "digest")
    monkeypatch.setenv("MIRROR", secret)
    declare(garden, partners, other, auth="MIRROR")

    done = mirror(garden)

    assert done.trouble
    assert "MIRROR" in done.trouble
    assert "wrong" not in garden.layout.mirror.read_text(encoding="utf-8")


def test_without_a_user_a_refusal_says_how_to_name_one(garden, other):
    other.user = ("archipel", "word", "basic")

    done = mirror(garden)

    assert done.trouble
    assert "answered 401" in done.trouble
    assert "auth = { env" in done.trouble


def test_a_source_harvested_while_it_is_sent_is_put_anew(garden, partners, other, monkeypatch):
    stored, nights = remotes.Remote._stored, [gardens(30, name="Verger {}")]

    def meanwhile(self, method, graph, ntriples):
        stored(self, method, graph, ntriples)
        if graph == GARDENS and nights:
            night(garden, partners, nights.pop())

    monkeypatch.setattr(remotes.Remote, "_stored", meanwhile)

    assert "'jardins' changed while it was sent" in str(mirror(garden).trouble)
    assert GARDENS not in other.marks()
    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


def test_what_the_store_says_is_told_without_the_values_it_quotes(garden, other):
    other.most, other.refusal = 0, 400

    done = mirror(garden)

    assert done.trouble
    assert "a single triple is refused: answered 400 (too many triples)" in done.trouble


def test_a_graph_that_is_refused_keeps_no_other_back(garden, other, monkeypatch):
    post = remotes.Remote._stored

    def picky(self, method, graph, ntriples):
        if graph == iri.graph(BASE, "vocab"):
            raise remotes.TooMuch("answered 400 (I do not like it)", answered=True)
        post(self, method, graph, ntriples)

    monkeypatch.setattr(remotes.Remote, "_stored", picky)

    assert "single triple" in str(mirror(garden).trouble)
    assert other.triples(GARDENS).count(b"Jardin") > 0


@pytest.fixture
def few(monkeypatch):
    """One commune: all of them take ten seconds to load, and these tests load them again."""
    monkeypatch.setattr(publication, "territory_triples", few_territories)
    monkeypatch.setattr(wanted, "territory_triples", few_territories)


@pytest.mark.usefixtures("few")
def test_what_was_forgotten_on_request_is_forgotten_there_too(garden, other):
    mirror(garden)
    assert b"Jardin 7" in other.triples(GARDENS)

    done = said(
        garden, "withdraw", "jardins j7", "--reason", "la personne le demande", "--by", "Ada", "--yes"
    )

    assert done.exit_code == 0, done.output
    assert b"Jardin 7" not in other.held()
    assert other.held() == here(garden)


@pytest.mark.usefixtures("few")
def test_a_withdrawal_says_that_a_mirror_that_is_down_still_holds_it(garden, other):
    mirror(garden)
    other.down = True

    done = said(
        garden, "withdraw", "jardins j7", "--reason", "la personne le demande", "--by", "Ada", "--yes"
    )

    assert "stays behind" in done.output
    other.down = False
    assert mirror(garden).trouble is None
    assert b"Jardin 7" not in other.held()


def test_a_ledger_of_before_makes_what_is_ahead_anew(garden, partners, other):
    copy = garden.layout.ledger.read_bytes()
    night(garden, partners, gardens(30, name="Verger {}"))
    mirror(garden)
    for leftover in garden.layout.root.glob("ledger.sqlite-*"):
        leftover.unlink()
    garden.layout.ledger.write_bytes(copy)
    garden.publish()

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


def test_a_mirror_emptied_by_somebody_is_filled_again(garden, other):
    mirror(garden)
    other.store.clear()
    other._hold_territories()

    assert mirror(garden).trouble is None
    assert other.held() == here(garden)


def test_a_source_whose_licence_is_not_known_any_more_leaves_the_mirror(garden, partners, other):
    mirror(garden)
    declare(garden, partners, other)
    text = garden.config.read_text(encoding="utf-8").replace("etalab-2.0", "unknown")
    garden.config.write_text(text, encoding="utf-8")
    garden.run("jardins")
    garden.publish()

    assert mirror(garden).trouble is None
    assert GARDENS not in other.marks()
    assert other.triples(GARDENS) == b""


@pytest.mark.usefixtures("few")
def test_rebuild_makes_the_mirror_anew(garden, other):
    mirror(garden)
    other.store.update(f'INSERT DATA {{ GRAPH <{GARDENS}> {{ <urn:x> <urn:y> "by hand" }} }}')
    other.writes.clear()

    done = said(garden, "rebuild", "--mirror")

    assert done.exit_code == 0, done.output
    assert "mirror made anew up to change 30" in done.output
    assert other.triples(LAND) == few_territories()
    other.store.remove_graph(ox.NamedNode(LAND))
    assert other.held() == here(garden)


def test_rebuild_of_a_mirror_needs_one(federation, partners):
    federation.declare(table(partners.url + LISTING))

    done = said(federation, "rebuild", "--mirror")

    assert (done.exit_code, "no mirror is configured" in done.output) == (2, True)


def test_a_follower_brings_it_up_after_each_publication_and_when_it_is_there_again(
    garden, partners, other, monkeypatch
):
    monkeypatch.setattr("harvester.mirror.follower._LOOK_EVERY_S", 0.02)
    monkeypatch.setattr("harvester.mirror.follower._FIRST_PAUSE_S", 0.05)
    federation = load(garden.config).federation
    follower = Follower(federation.mirror, garden.layout, federation, garden.ledger())
    follower.start()
    try:
        until(lambda: other.held() == here(garden))
        other.down = True
        night(garden, partners, gardens(30, name="Verger {}"))
        until(lambda: note(garden.layout).trouble is not None)
        other.down = False
        until(lambda: other.held() == here(garden) and note(garden.layout).trouble is None)
    finally:
        follower.stop()


def test_two_never_mirror_at_once(garden):
    federation = load(garden.config).federation
    with mirrors._alone(garden.layout) as mine:
        assert mine
        assert mirrored(federation.mirror, garden.layout, federation, garden.ledger()) is None


def test_a_note_that_cannot_be_read_counts_as_none(garden):
    mirror(garden)
    garden.layout.mirror.write_text("{", encoding="utf-8")

    assert note(garden.layout).change == -1
    assert mirror(garden).change == garden.ledger().position()


@pytest.mark.parametrize(
    ("said_", "told"),
    [
        ('"remote"', "expected \"embedded\", or a table"),
        ('{ query = "http://ada:pw@h/q", update = "http://h/u", graph_store = "http://h/g" }', "//…@h/q"),
        ('{ query = "http://h/q", update = "http://h/u" }', "no 'graph_store'"),
        ('{ query = "http://h/q", update = "http://h/u", graph_store = "http://h/g", auth = "ada:pw" }', "auth is not a table"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_table_is_told_without_a_password(federation, said_, told):
    federation.config.write_text(f"[federation]\ntriplestore = {said_}\n", encoding="utf-8")

    with pytest.raises(ConfigError) as error:
        load(federation.config)

    assert told in str(error.value)
    assert "pw" not in str(error.value)


def test_status_and_readiness_tell_how_far_it_is_behind(garden, partners, other):
    assert mirror(garden).trouble is None
    assert "mirror: holds every change, up to 30" in said(garden, "status").output
    other.down = True
    night(garden, partners, gardens(30, name="Verger {}"))
    mirror(garden)

    told = json.loads(said(garden, "status", "--json").stdout)["mirror"]

    assert (told["change"], told["behind"], "answered 503" in told["trouble"]) == (30, 30, True)
    assert "mirror: 30 changes behind since 20" in said(garden, "status").output


def test_doctor_brings_a_mirror_up_that_was_behind(garden, partners, other):
    mirror(garden)
    night(garden, partners, gardens(30, name="Verger {}"))

    assert "mended   mirror: was 30 changes behind; brought up to 60" in said(garden, "doctor").output
    assert "good     mirror: holds every change, up to 60" in said(garden, "doctor").output
    other.down = True
    night(garden, partners, gardens(30, name="Potager {}"))
    wrong = said(garden, "doctor")
    assert (wrong.exit_code, "wrong    mirror: 30 changes behind; " in wrong.output) == (1, True)


@pytest.mark.usefixtures("few")
def test_doctor_looking_deep_puts_a_graph_anew_that_holds_more_or_less_than_was_sent(garden, other):
    mirror(garden, anew=True)
    other.store.update(f'INSERT DATA {{ GRAPH <{GARDENS}> {{ <urn:x> <urn:y> "by hand" }} }}')

    mended = said(garden, "doctor", "--deep").output

    assert f"mended   mirror: <{GARDENS}> held " in mended
    assert b"by hand" not in other.held()
    assert "counts as many triples in every graph as were sent" in said(garden, "doctor", "--deep").output
