"""The questions of the vocabulary: well written, truly answered, shown by the endpoint, and fast."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import NAMESPACE_URL, uuid5

import founding_documents as founding
import httpx
import orjson
import pyoxigraph as ox
import pytest
import questions_examples as hand_made
import uvicorn
from conftest import ROOT, Federation
from questions_reference import ANSWERS, Data, Row

from demo.server import Partners
from harvester import canonical, iri, territory, vocab
from harvester.config import load
from harvester.harvest import Asked, plans, run_source
from harvester.ledger import Ledger
from harvester.model import Expect, Outcome, Source
from harvester.profile import full
from harvester.profile.adopt import MAPPING
from harvester.triplestore import Checkpoints, Query, QueryPool, TripleStore
from harvester.web import Serving, create_app
from harvester.web.examples import Examples, shipped

BASE = hand_made.BASE
FOLDER = vocab.folder() / "questions"
HOME = f"{vocab.BASE}questions"
FILES = {int(path.name[:2]): path for path in sorted(FOLDER.glob("[0-9]*.ttl"))}

STUDY = [
    "Quelles initiatives existent dans la commune de code INSEE 34123, et selon quelles sources ?",
    "Quelles initiatives d'alimentation (sous-thèmes compris) en Occitanie ?",
    "Combien d'initiatives par grand thème dans l'Hérault ?",
    "Quels événements à venir dans mon département ?",
    "Qu'y a-t-il dans ce rectangle de carte ?",
    "À quels ODD les initiatives contribuent-elles ?",
    "Quelles initiatives de mon département cherchent un financement ?",
    "Quelles vidéos libres montrent des solutions pour l'acidification des océans ?",
    "Quelles fiches de sources différentes décrivent la même initiative ?",
    "Quelles communes se sont engagées sur le plus de mesures du Pacte ?",
    "Comment les listes participatives s'auto-évaluent-elles sur la Boussole, par critère ?",
    "D'où viennent les données, sous quelle licence, moissonnées quand, avec quels rejets ?",
    "Quels champs posent le plus de problèmes de qualité, par source ?",
    "Quel est le réseau de partenaires ?",
    "À quelle phase de vie en sont les initiatives d'Occitanie, doublons fusionnés ?",
]


@dataclass(frozen=True, slots=True)
class Question:
    """What a file says of one question."""

    address: str
    said: Mapping[str, Sequence[ox.NamedNode | ox.Literal]]

    def texts(self, term: str) -> dict[str, str]:
        return {one.language or "": one.value for one in self.said.get(full(term), ())}

    @property
    def query(self) -> str:
        return self.said[full("sh:select")][0].value


def question(number: int) -> Question:
    said: dict[str, list[ox.NamedNode | ox.Literal]] = {}
    quads = list(ox.parse(path=FILES[number]))
    for quad in quads:
        said.setdefault(quad.predicate.value, []).append(quad.object)
    (subject,) = {quad.subject.value for quad in quads}
    return Question(subject, said)


QUESTIONS = {number: question(number) for number in FILES}

each_question = pytest.mark.parametrize("number", QUESTIONS, ids=lambda number: FILES[number].stem)


# --- Written -----------------------------------------------------------------------------------------


def test_the_fifteen_questions_of_the_study_are_asked_in_its_words():
    assert [
        QUESTIONS[n].texts("rdfs:comment")["fr"][: len(asked)] for n, asked in enumerate(STUDY, 1)
    ] == STUDY


@each_question
def test_a_question_is_an_executable_in_both_languages_under_the_name_of_its_file(number):
    one = QUESTIONS[number]

    assert one.address == f"{HOME}/{FILES[number].stem[3:]}"
    assert {kind.value for kind in one.said[full("rdf:type")]} == {
        full("sh:SPARQLExecutable"),
        full("sh:SPARQLSelectExecutable"),
    }
    assert [set(one.texts(term)) for term in ("rdfs:label", "rdfs:comment")] == [{"fr", "en"}] * 2
    assert [len(one.said[full(term)]) for term in ("sh:select", "sh:prefixes", "schema:isPartOf")] == [1] * 3


@each_question
def test_a_question_declares_the_prefixes_it_uses_from_the_one_table(number):
    declared = dict(re.findall(r"^PREFIX ([\w-]+): <(.+)>$", QUESTIONS[number].query, re.MULTILINE))
    body = re.sub(r'^PREFIX .+$|#.*$|<[^>]*>|"[^"]*"', "", QUESTIONS[number].query, flags=re.MULTILINE)

    assert set(declared) == set(re.findall(r"(?<![\w?:-])([a-z][\w-]*):\w", body))
    assert declared.items() <= vocab.prefixes().items()
    assert list(declared) == sorted(declared)


def test_the_prefixes_declared_for_all_are_those_that_the_questions_use():
    held = ox.Store()
    held.load(path=FOLDER / "questions.ttl", format=ox.RdfFormat.TURTLE)
    nodes = [quad.object for quad in held.quads_for_pattern(ox.NamedNode(HOME), sh("declare"), None)]
    declared = {value(held, node, "sh:prefix"): value(held, node, "sh:namespace") for node in nodes}
    used = {
        name
        for one in QUESTIONS.values()
        for name in re.findall(r"^PREFIX ([\w-]+):", one.query, re.MULTILINE)
    }

    assert declared == {name: vocab.prefixes()[name] for name in used}
    assert {one.said[full("sh:prefixes")][0].value for one in QUESTIONS.values()} == {HOME}


def sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(full(f"sh:{name}"))


def value(held: ox.Store, subject: ox.NamedNode, term: str) -> str:
    (quad,) = held.quads_for_pattern(subject, ox.NamedNode(full(term)), None)
    return quad.object.value


@each_question
def test_a_question_holds_for_every_installation(number):
    body = re.sub(r"^PREFIX .+$", "", QUESTIONS[number].query, flags=re.MULTILINE)
    addresses = re.findall(r"<([^<>\s]+)>", body)

    assert [one for one in addresses if not one.startswith(iri.ROOT)] == []
    assert "graph/" not in body


@each_question
def test_every_concept_and_territory_that_a_question_names_exists(number):
    text = QUESTIONS[number].query
    named = [(*one.split("/")[-2:],) for one in re.findall(r"<([^<>\s]+)>", text) if "/territoire/" in one]
    concepts = re.findall(rf"\b({'|'.join(vocab.schemes())}):([\w-]+)", text)
    frameworks = re.findall(rf"<{vocab.BASE}([\w-]+)>", text)

    assert [one for one in named if territory.load().area(*one) is None] == []
    assert [one for one in concepts if one[1] not in vocab.scheme(one[0])] == []
    assert set(frameworks) <= set(vocab.schemes())


def test_every_group_has_its_questions_in_one_order_and_none_is_left_out():
    groups = shipped()
    places = [
        (one.said[full("schema:isPartOf")][0].value, one.said[full("schema:position")][0].value)
        for one in QUESTIONS.values()
    ]

    assert sorted(one.address for group in groups for one in group.examples) == sorted(
        one.address for one in QUESTIONS.values()
    )
    assert len(set(places)) == len(places)
    assert [set(group.titles) for group in groups] == [{"fr", "en"}] * len(groups)


# --- Answered ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Published:
    """A federation harvested and published: what answers, and what it was told."""

    pool: QueryPool
    federation: Federation
    data: Data

    def rows(self, number: int) -> list[Row]:
        """The rows of a question, in the order of the answer."""
        body = json.loads(b"".join(self.pool.ask(Query(QUESTIONS[number].query)).chunks))
        names = body["head"]["vars"]
        return [
            tuple(row[name]["value"] if name in row else None for name in names)
            for row in body["results"]["bindings"]
        ]


def declared(source: Source, url: str) -> Source:
    """A source whose records have our own field names, asked of a partner on loopback."""
    return replace(
        source, urls=(f"{url}/{source.id}.json",), map={"ref": "ref", **MAPPING, **source.map},
        allow_private=True, delay=timedelta(0), expect=Expect(1),
    )  # fmt: skip


def harvest(federation: Federation, sources: Mapping[str, tuple[Source, Sequence[object]]]) -> None:
    """Harvest sources from a partner that serves their rows."""
    root = federation.layout.root.parent / "partners"
    root.mkdir(exist_ok=True)
    with Partners(root) as partners:
        for name, (source, rows) in sources.items():
            partners.serve(f"/{name}.json", orjson.dumps(rows), "application/json")
            report = run_source(
                declared(source, partners.url), load(federation.config).federation, federation.layout, Asked()
            )
            assert report.outcome in (Outcome.DONE, Outcome.DONE_ISSUES), report


@contextmanager
def published(federation: Federation, links: Sequence[str]) -> Iterator[Published]:
    """Publish what is harvested, and the links; ends the workers."""
    federation.publish()
    told = canonical.lines(links)
    store = TripleStore(federation.layout.oxigraph, positions=iri.graph(BASE, "position"))
    store.replace(iri.graph(BASE, "links"), told)
    checkpoint = Checkpoints(federation.layout.checkpoints).make(store)
    store.close()
    ledger = federation.ledger()
    pool = QueryPool(checkpoint, workers=1)
    try:
        yield Published(pool, federation, Data(b"".join([told, *_payloads(ledger)]), ledger, BASE))
    finally:
        pool.close()
        ledger.close()


def _payloads(ledger: Ledger) -> Iterator[bytes]:
    for source in ledger.sources():
        yield from ledger.published(source)[1]


def link(subject: str, term: str, other: str) -> str:
    return f"<{subject}> <{full(term)}> <{other}> ."


def clustered(members: Sequence[str]) -> list[str]:
    """The members of a cluster, named as the study says: by the smallest of them."""
    cluster = f"{BASE}cluster/{uuid5(NAMESPACE_URL, min(members))}"
    return [link(one, "archipel:cluster", cluster) for one in members]


@pytest.fixture(scope="module")
def small(tmp_path_factory, furnished_whole) -> Iterator[Published]:
    """The federation made by hand."""
    federation = Federation(tmp_path_factory.mktemp("small"), furnished_whole)
    federation.declare("")
    sources = {
        name: (Source(name, name.capitalize().replace("-", " "), "table", (), "ODbL-1.0", kind=kind), rows)
        for name, (kind, rows) in hand_made.SOURCES.items()
    }
    harvest(federation, sources)
    links = [link(record(a), term, record(b)) for a, term, b in hand_made.CLOSE]
    links += [line for one in hand_made.CLUSTERS for line in clustered([record(ref) for ref in one])]
    with published(federation, links) as found:
        yield found


def record(name: str) -> str:
    source, _, ref = name.partition("/")
    return iri.record(BASE, source, ref)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, furnished_whole) -> Iterator[Published]:
    """The demonstration and the founding documents, with links between their records."""
    federation = Federation(tmp_path_factory.mktemp("whole"), furnished_whole)
    demo = (ROOT / "demo" / "sources.toml").read_text(encoding="utf-8")
    with Partners(ROOT / "demo" / "partners") as partners:
        federation.config.write_text(demo.replace("http://127.0.0.1:8018", partners.url), encoding="utf-8")
        usable, _ = plans(load(federation.config))
        for name, plan in usable.items():
            if plan.source.enabled:
                assert federation.run(name).outcome in (Outcome.DONE, Outcome.DONE_ISSUES)
    rows = {name: [] for name in founding.sources()}
    for example in founding.examples():
        rows[example.source.id].append(example.record.value)
    harvest(federation, {name: (source, rows[name]) for name, source in founding.sources().items()})
    with published(federation, whole_links(federation)) as found:
        yield found


def whole_links(federation: Federation) -> list[str]:
    """Made-up pairs across three sources, and those of one phase in one région as clusters."""
    ledger = federation.ledger()
    lines: list[str] = []
    for a, b in zip(subjects(ledger, "pwa")[:25], subjects(ledger, "presdecheznous-compact"), strict=False):
        lines += [link(a, "skos:closeMatch", b), *clustered([a, b])]
    ledger.close()
    pair = [record(f"cgdd-2019/{ref}") for ref in ("amap", "hameau")]
    return [*lines, link(*pair[:1], "owl:sameAs", pair[1]), *clustered(pair)]


def subjects(ledger: Ledger, source: str) -> list[str]:
    """The records of a source, sorted."""
    payloads = b"".join(ledger.published(source)[1]).decode().splitlines()
    found = {line.split(" ", 1)[0].strip("<>") for line in payloads}
    return sorted(one for one in found if "#" not in one)


_ROOTS = (f"{BASE}id/", BASE, vocab.BASE, f"{iri.ROOT}territoire/")


def short(cell: str | None) -> str | None:
    """An IRI as the rows written by hand have it."""
    if cell is None:
        return None
    cell = cell.replace(full("sdg:"), "sdg/")
    root = next((one for one in _ROOTS if cell.startswith(one)), "")
    return re.sub(r"(#[a-z]+)-[0-9a-f]+$", r"\1", cell.removeprefix(root))


def tidy(number: int, rows: Sequence[Row]) -> list[Row]:
    """Rows sorted; the names of a place and the two ends of a pair too, which come in any order."""
    place = {2: 2, 11: 2}.get(number)
    found = [
        tuple(
            "|".join(sorted(cell.split(", "))) if i == place and cell else cell for i, cell in enumerate(row)
        )
        for row in rows
    ]
    if number == 14:
        found = [row if row[0] < row[2] else (*row[2:], *row[:2]) for row in found]
    return sorted(found, key=str)


@pytest.mark.parametrize("number", hand_made.ROWS)
def test_a_question_gives_the_rows_written_by_hand(small, number):
    rows = [tuple(short(cell) for cell in row) for row in small.rows(number)]
    rows = [(row[0], row[2]) for row in rows] if number == 6 else rows

    assert tidy(number, rows) == sorted(hand_made.ROWS[number], key=str)


@pytest.mark.parametrize("number", ANSWERS)
def test_a_question_answers_what_python_finds_in_the_ledger(whole, number):
    rows = tidy(number, whole.rows(number))

    assert rows == sorted(ANSWERS[number](whole.data), key=str)
    assert rows


@pytest.mark.parametrize("number", ANSWERS)
def test_python_finds_the_rows_written_by_hand_too(small, number):
    assert sorted(ANSWERS[number](small.data), key=str) == tidy(number, small.rows(number))


def test_any_hundred_records_of_a_theme_are_records_of_it_with_their_places(whole):
    rows = whole.rows(18)
    theme, data = iri.concept("themes", "alimentation"), whole.data

    assert len({row[0] for row in rows}) == len(rows) == 100
    assert [row for row in rows if theme not in data.all(row[0], "archipel:topTheme")] == []
    assert [(data.one(row[0], "rdfs:label"), data.places(row[0])) for row in rows] == [
        (row[1], "|".join(sorted((row[2] or "").split(", ")))) for row in rows
    ]


@pytest.mark.parametrize("number", [3, 6, 10, 13, 16, 19])
def test_the_greatest_counts_come_first(whole, number):
    counts = [int(row[-1]) for row in whole.rows(number)]

    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 1


@pytest.mark.parametrize("number", [4, 20])
def test_the_next_events_come_first(small, number):
    starts = [row[2] for row in small.rows(number)]

    assert starts == sorted(starts)
    assert len(starts) > 3


def test_phases_come_in_the_order_of_a_life(whole):
    assert [short(row[0]).removeprefix("phases/") for row in whole.rows(15)] == [
        "emergence", "mise-en-oeuvre", "developpement", "perennisation", "essaimage",
    ]  # fmt: skip


def test_a_night_without_change_keeps_the_figures_of_the_last_reading(tmp_path, furnished):
    federation = Federation(tmp_path, furnished)
    federation.declare("")
    rows = [{"ref": "a", "name": "Aube"}, {"ref": "b", "name": "X"}]
    harvest(federation, {"nuits": (Source("nuits", "Nuits", "table", (), "ODbL-1.0"), rows)})
    ledger = federation.ledger()
    night = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    for outcome, after in ((Outcome.UNCHANGED, 0), (Outcome.DEFERRED, 1)):
        at = night + timedelta(days=after)
        run = {"source": "nuits", "started_at": at, "ended_at": at, "outcome": outcome, "message": ""}
        ledger.log({**run, "counts": {}, "findings": {}})
    ledger.close()
    with published(federation, []) as found:
        ((_, title, _, _, confirmed, read, kept, rejected),) = found.rows(12)

    assert (title, confirmed, kept, rejected) == ("Nuits", night.strftime("%Y-%m-%dT%H:%M:%SZ"), "1", "1")
    assert read < confirmed


# --- Shown -------------------------------------------------------------------------------------------


def serving(found: Published, pool: QueryPool) -> Serving:
    return Serving(
        federation=load(found.federation.config).federation,
        ledger=found.data.ledger,
        pool=pool,
        layout=found.federation.layout,
        next_run=lambda _source: None,
        running=dict,
        problems=list,
        configured=list,
    )


@contextmanager
def served(found: Published, pool: QueryPool) -> Iterator[httpx.Client]:
    """The application on a real server, over a pool; yields a client that speaks like a browser."""
    app = create_app(serving(found, pool))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"accept": "text/html"}, timeout=30
        ) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client(small) -> Iterator[httpx.Client]:
    with served(small, small.pool) as found:
        yield found


def links(page: str) -> dict[str, httpx.URL]:
    """The questions listed on a page: title -> link to the editor."""
    found = re.findall(r'<li><a href="([^"]*[?&]query=[^"]+)">([^<]+)</a>', page)
    return {unescape(title): httpx.URL(unescape(href)) for href, title in found}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_endpoint_lists_every_question_by_group_in_the_language_of_the_visit(client, language):
    page = client.get("/sparql", headers={"accept-language": language}).text
    headings = [unescape(one) for one in re.findall(r"<h3>([^<]+)</h3>", page)]

    assert headings == [group.titles[language] for group in shipped()]
    assert list(links(page)) == [one.titles[language] for group in shipped() for one in group.examples]


@each_question
def test_every_question_opens_in_the_editor_and_is_answered(client, number):
    title = QUESTIONS[number].texts("rdfs:label")["fr"]
    page = client.get(links(client.get("/sparql?lang=fr").text)[title]).text
    shown = unescape(page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])

    assert shown.strip() == QUESTIONS[number].query.strip()
    assert 'id="results"' in page
    assert 'id="refused"' not in page


@each_question
def test_every_question_is_answered_over_http_as_a_program_asks(client, small, number):
    answer = client.post("/sparql", data={"query": QUESTIONS[number].query}, headers={"accept": "text/csv"})

    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 1 + len(small.rows(number))


def test_the_form_begins_with_a_question_that_every_federation_can_answer(client, small):
    page = client.get("/sparql").text

    assert QUESTIONS[16].query.strip() in unescape(page)
    assert small.rows(16)


def test_the_home_page_shows_the_first_question_of_each_group(client):
    assert list(links(client.get("/?lang=en").text)) == [
        group.examples[0].titles["en"] for group in shipped()
    ]


def test_before_anything_is_published_the_questions_are_shown_all_the_same(small):
    pool = QueryPool(None)
    with served(small, pool) as client:
        page = client.get("/sparql?lang=fr").text
    pool.close()

    assert len(links(page)) == len(QUESTIONS)


def test_the_endpoint_shows_what_is_published_of_the_questions(small, tmp_path):
    text = FILES[16].read_text(encoding="utf-8").replace("Combien de fiches par source", "Une question d'ici")
    (tmp_path / "changed.ttl").write_text(text, encoding="utf-8")
    store = TripleStore(tmp_path / "store", positions=iri.graph(BASE, "position"))
    triples = [
        quad.triple
        for path in (tmp_path / "changed.ttl", FOLDER / "questions.ttl")
        for quad in ox.parse(path=path)
    ]
    store.replace(iri.graph(BASE, "vocab"), ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES))
    pool = QueryPool(Checkpoints(tmp_path / "checkpoints").make(store), workers=1)
    store.close()
    with served(small, pool) as client:
        wait_for(lambda: list(links(client.get("/sparql?lang=fr").text)) == ["Une question d'ici"])
        page = client.get("/sparql?lang=fr").text
    pool.close()

    assert [unescape(one) for one in re.findall(r"<h3>([^<]+)</h3>", page)] == [
        "Les sources et leurs données"
    ]


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_questions_are_asked_of_the_store_once_per_checkpoint(small):
    examples = Examples(serving(small, small.pool))
    wait_for(lambda: examples.groups() is not shipped())

    assert examples.groups() is examples.groups()
    assert examples.groups() == shipped()


# --- Explained ---------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    """The code blocks of the how-to in one language."""
    page = (ROOT / "docs" / "howto" / "ask-a-question.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_python_of_the_how_to_prints_what_the_page_shows(whole):
    (code,), (shown,) = blocks("python"), blocks("text")
    with served(whole, whole.pool) as client:
        here = code.replace("http://127.0.0.1:8000", str(client.base_url))
        ended = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, check=True)

    assert sorted(ended.stdout.splitlines()) == sorted(shown.splitlines())


def test_the_query_of_the_how_to_gives_the_food_of_the_charente(whole):
    (query,) = blocks("sparql")
    body = json.loads(b"".join(whole.pool.ask(Query(query)).chunks))
    theme, data = iri.concept("themes", "alimentation"), whole.data
    found = (
        data.one(one, "rdfs:label")
        for one in data.initiatives(iri.territory("departement", "16"))
        if theme in data.all(one, "pair:hasTopic")
    )

    assert [row["nom"]["value"] for row in body["results"]["bindings"]] == sorted(found)
    assert len(body["results"]["bindings"]) == 8


# --- Fast --------------------------------------------------------------------------------------------


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "questions.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_the_benchmark_measures_every_question():
    ended = benchmark("80", "--sources", "6", "--json")
    told = json.loads(ended.stdout)

    assert {one["question"] for one in told["questions"]} == {
        one.address.rpartition("/")[2] for one in QUESTIONS.values()
    }
    assert ended.returncode == int(any(one["verdict"] == "missed" for one in told["questions"]))
    assert {one["verdict"] for one in told["questions"]} <= {"holds", "missed"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_question_is_answered_within_a_second_at_30_000_initiatives():
    told = json.loads(benchmark("30000", "--json").stdout)

    assert [one for one in told["questions"] if one["verdict"] == "missed"] == [], told
