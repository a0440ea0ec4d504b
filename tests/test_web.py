"""Everything served: what a browser and a program get, and what happens to those who ask too much."""

import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pyoxigraph as ox
import pytest
import structlog
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from harvester import canonical, iri
from harvester.errors import Problem
from harvester.layout import Layout
from harvester.ledger import Judged, Ledger, Listed, pack
from harvester.ledger.decisions import WHOLE, Suppression, fingerprint, suppress
from harvester.ledger.why import why
from harvester.model import Federation, Finding, Outcome, Publisher, Severity, Source, State
from harvester.profile import description, full, marked
from harvester.publish.publication import Publication
from harvester.triplestore import Query, QueryPool
from harvester.web import Serving, create_app, negotiation, texts

BASE = "http://localhost:8000/"
FEDERATION = Federation(base=BASE, contact="mailto:contact@example.org")
NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGE = "https://alpha.example/fiches/jardin"
SLOW = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i"
VOCAB = iri.graph(BASE, "vocab")
LONG = f"SELECT * WHERE {{ GRAPH <{VOCAB}> {{ ?a ?b ?c }} GRAPH <{VOCAB}> {{ ?d ?e ?f }} }}"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s <http://purl.org/dc/terms/isPartOf> ?o }"

ALPHA = Source(
    "alpha", "Alpha", "table", ("https://alpha.example",), "ODbL-1.0", publisher=Publisher("Les <b>Alpha</b>")
)
BETA = Source("beta", "Beta", "table", ("https://beta.example",), "unknown")


def triples(source, ref, name, *more):
    node = f"<{iri.record(BASE, source, ref)}>"
    lines = [
        f"{node} <{full('rdf:type')}> <{full('archipel:Initiative')}> .",
        f"{node} <{full('dcterms:isPartOf')}> <{iri.source(BASE, source)}> .",
        f"{node} <{full('dcterms:license')}> <{iri.concept('licences', 'ODbL-1.0')}> .",
        f"{node} <{full('rdfs:label')}> {canonical.string(name, 'fr')} .",
        *(f"{node} {rest} ." for rest in more),
    ]
    return canonical.lines(lines)


def published(source, ref, name, *more, page=None, findings=()):
    body = triples(source, ref, name, *more)
    return Judged(ref, ref.encode(), State.PUBLISHED, pack(body), name, page, findings)


GARDEN = published(
    "alpha", "jardin", "Le jardin partagé",
    f"<{full('archipel:topTheme')}> <{iri.concept('themes', 'alimentation')}>",
    f"<{full('dcterms:spatial')}> <{iri.territory('commune', '35238')}>",
    f'<{full("dcterms:description")}> "On y sème."@fr',
    page=PAGE, findings=[Finding(Severity.WARNING, "clean", "telephone")],
)  # fmt: skip
HOSTILE = published(
    "alpha", "x/<y>", "<script>alert(1)</script>",
    f"<{full('foaf:homepage')}> <javascript:alert(1)>",
    page="javascript:alert(2)",
)  # fmt: skip
REFUSED = Judged(
    "refusée", b"r", State.REJECTED, None, "R", "https://alpha.example/r",
    [Finding(Severity.VIOLATION, "label", "label")], "rejected by the shapes: give it a title",
)  # fmt: skip
IGNORED = Judged("ailleurs", b"i", State.IGNORED, reason="left out by `only`")
FINDINGS = {
    "findings": {"Warning clean": 3, "Violation label": 1},
    "issues": ["record 'refusée': no title"],
    "unmapped": {"logo <b>": 7},
    "unaligned": [["alpha", "Bidules", 4]],
}


def commit(ledger, source, judged, at, *, listed=Listed.COMPLETE):
    ledger.describe(source.id, description(source), at)
    counts = {"read": len(judged), "kept": len(judged), "rejected": 0}
    run = {
        "source": source.id,
        "started_at": at,
        "ended_at": at + timedelta(seconds=42),
        "recipe": "r",
        "answers": [],
        "counts": counts,
        "findings": FINDINGS,
    }
    with ledger.draft(source.id) as draft:
        draft.see([one.ref for one in judged])
        draft.stage(judged)

        def mark(ref, body, name):
            return marked(body, iri.record(BASE, source.id, ref), name, at)

        draft.commit(
            run,
            settle=lambda _tally: (Outcome.DONE, "done"),
            mark=mark,
            grace=timedelta(0),
            listing=listed,
        )


def failed_run(ledger, source, at):
    run = {"source": source.id, "started_at": at, "ended_at": at, "outcome": Outcome.DEFERRED}
    ledger.log({**run, "message": "time-out", "counts": {}, "findings": {}})


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    layout = Layout(tmp_path_factory.mktemp("store"))
    ledger = Ledger.open(layout.ledger, base=BASE)
    leaving = published("alpha", "parti", "Le café")
    commit(ledger, ALPHA, [GARDEN, HOSTILE, REFUSED, IGNORED, leaving], NIGHT)
    for day in (1, 2):  # missing, then withdrawn
        commit(ledger, ALPHA, [GARDEN, HOSTILE, REFUSED, IGNORED], NIGHT + timedelta(days=day))
    commit(ledger, BETA, [published("beta", "secret", "Sans licence")], NIGHT)
    for hour in (1, 2, 3):
        failed_run(ledger, BETA, NIGHT + timedelta(hours=hour))
    publication = Publication(layout, FEDERATION, ledger)
    checkpoint = publication.refresh()
    publication.close()
    pool = QueryPool(checkpoint, workers=2, timeout_s=20)
    yield Serving(
        federation=FEDERATION,
        ledger=ledger,
        pool=pool,
        layout=layout,
        next_run=lambda source: NIGHT + timedelta(days=3) if source == "alpha" else None,
        running=dict,
        problems=lambda: [Problem("sources.toml", 7, "gamma", "no connector 'yeswki'")],
        configured=lambda: ["alpha"],  # beta has left the file
        now=lambda: NIGHT + timedelta(days=5),
    )
    pool.close()
    ledger.close()


@pytest.fixture(scope="module")
def hasty(serving):
    """The same with one worker, and two seconds for each query: its start counts, on a busy machine too."""
    pool = QueryPool(next(iter(serving.layout.checkpoints.glob("0*"))), workers=1, timeout_s=2)
    yield replace(serving, pool=pool)
    pool.close()


@contextmanager
def served(serving):
    """The application on a real server; yields a client that speaks like a browser."""
    config = uvicorn.Config(create_app(serving), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"accept": BROWSER}, timeout=30
        ) as found:
            yield found
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client(serving):
    with served(serving) as found:
        yield found


# --- Texts and data ---------------------------------------------------------------------------------


def test_every_text_exists_in_both_languages():
    assert {key: {"fr", "en"} for key in texts.texts()} == {
        key: set(said) for key, said in texts.texts().items()
    }
    assert [key for key, said in texts.texts().items() if not all(said.values())] == []


def test_every_text_used_exists():
    folder = texts.FILE.parent
    code = "".join(
        file.read_text(encoding="utf-8") for file in (*folder.glob("*.py"), *folder.rglob("*.html"))
    )
    used = set(re.findall(r"""(?:\bt|\bsay)\(\s*f?['"]([a-z-]+\.[\w-]*\w)['"]""", code))
    assert len(used) > 80
    assert set() == used - set(texts.texts())
    states = {f"{group}.{state}" for group in ("state", "remedy", "problem") for state in State}
    words = {f"outcome.{one}" for one in Outcome} | {f"severity.{one}" for one in Severity} | states
    assert set() == words - set(texts.texts())


def test_every_refusal_of_the_endpoint_is_explained():
    code = (texts.FILE.parent / "sparql.py").read_text(encoding="utf-8")
    assert set() == set(re.findall(r'kind="([a-z-]+)"', code)) - set(texts.group("refusal"))


# --- Pages ------------------------------------------------------------------------------------------


PAGES = ["/", "/sources", "/sources/alpha", "/sources/beta", "/id/alpha/jardin", "/id/alpha/x/<y>",
         "/sources/alpha/report", "/sources/beta/report", "/why?url=alpha parti",
         "/why", f"/why?url={PAGE}", "/vocab/", "/vocab/themes", "/vocab/themes/alimentation", "/vocab/ns",
         "/vocab/territoire/commune/35238", "/sparql"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_opens_in_both_languages(client, path, language):
    answer = client.get(path, headers={"accept-language": language})
    assert (200, language) == (answer.status_code, answer.headers["content-language"])
    assert f'<html lang="{language}">' in answer.text
    assert re.search(r"default-src '(self|none)'", answer.headers["content-security-policy"])
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "<script" not in without_data(answer.text)
    assert not re.search(r"\sstyle=|\son\w+=", answer.text)
    assert "Accept" in answer.headers["vary"]


def without_data(text):
    """The page without its own files and its blocks of data, in which nothing may stand that ends them."""
    text = re.sub(r'<script src="/static/[\w./-]+\.js(\?lang=\w+)?" defer></script>', "", text)
    return re.sub(r'<script type="application/ld\+json">[^<>&]*</script>', "", text)


def test_a_language_asked_by_name_wins_and_stays(client):
    text = client.get("/?lang=en", headers={"accept-language": "fr"}).text
    assert '<html lang="en">' in text
    assert 'href="/sources?lang=en"' in text


def test_hostile_titles_are_escaped_and_javascript_is_never_a_link(client):
    for path in ("/id/alpha/x/<y>", "/sources/alpha", "/why?url=alpha x/<y>", "/why?url=<script>x"):
        text = without_data(client.get(path).text)
        assert "<script" not in text
        assert "<b>" not in text
        assert 'href="javascript' not in text


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{7*7}}{0.__class__}"


@pytest.fixture
def evil(tmp_path):
    """A source in which everything that a partner, a run or a person may word is hostile; it is held."""
    layout = Layout(tmp_path)
    ledger = Ledger.open(layout.ledger, base=BASE)
    source = replace(
        ALPHA, title=EVIL, urls=("javascript:alert(3)",), publisher=Publisher(EVIL, "data:text/html,x"),
        robots_ignored=EVIL, permission="javascript:alert(4)",
    )  # fmt: skip
    found = [
        Finding(Severity.WARNING, "clean", "name", EVIL),
        Finding(Severity.VIOLATION, "label", "label", EVIL),
    ]
    said = f"<{full('dcterms:description')}> {canonical.string(EVIL)}"
    judged = [published("alpha", EVIL, EVIL, said, page="javascript:alert(5)", findings=found)]
    refused = [Finding(Severity.VIOLATION, "unread", "record")]
    judged.append(Judged("r", b"r", State.REJECTED, None, EVIL, EVIL, refused, EVIL))
    commit(ledger, source, judged, NIGHT, listed=Listed.PARTIAL)
    ledger.describe("alpha", {**description(source), "fields": {"name": [EVIL]}}, NIGHT)
    held = {
        "source": "alpha",
        "started_at": NIGHT,
        "ended_at": NIGHT,
        "outcome": Outcome.HELD,
        "cause": "guard",
    }
    told = {"would_go": [[EVIL, EVIL]], "renamed": [[EVIL, EVIL]]}
    ledger.log({**held, "message": EVIL, "counts": {EVIL: 1}, "findings": told})
    publication = Publication(layout, FEDERATION, ledger)
    pool = QueryPool(publication.refresh(), workers=1, timeout_s=20)
    publication.close()
    words = {"next_run": lambda _source: None, "running": dict, "configured": lambda: ["alpha"]}
    yield Serving(
        federation=replace(FEDERATION, title=EVIL, contact="javascript:alert(6)"), ledger=ledger, pool=pool,
        layout=layout, problems=lambda: [Problem("sources.toml", 7, "alpha", EVIL)], **words,
    )  # fmt: skip
    pool.close()
    ledger.close()


def test_nothing_that_others_worded_is_ever_run_by_a_browser(evil):
    record = iri.record(BASE, "alpha", EVIL).removeprefix(BASE)
    whys = [f"/why?url={EVIL}", f"/why?url=alpha {EVIL}", "/why?url=alpha r", "/why?url=https://x.example/"]
    with served(evil) as client:
        for path in (
            "/",
            "/sources",
            "/sources/alpha",
            "/sources/alpha/report",
            f"/{record}",
            "/id/alpha/r",
            *whys,
        ):
            text = without_data(client.get(path).text)
            assert "<script" not in text, path
            assert not re.search(r"""(?:href|src|action)\s*=\s*["']?(?:javascript|data):""", text), path
            assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', text)), path
            assert "class &#39;str" not in text, path
            assert "alert" in text or path.startswith("/why?url=https"), path


def test_a_held_source_says_what_would_go_and_how_it_is_let_through(evil):
    with served(evil) as client:
        text = client.get("/sources/alpha?lang=en").text
    assert "A harvest has been held since" in text
    assert "harvester release alpha --reason" in text
    assert "harvester discard alpha --reason" in text


def test_home_tells_figures_and_sources(client):
    text = client.get("/").text
    assert "<dd>2</dd></div>" in text
    assert "Les &lt;b&gt;Alpha&lt;/b&gt;, ODbL-1.0" in text
    assert 'http-equiv="refresh"' not in text


def test_a_harvest_under_way_is_told_and_the_page_reloads(serving):
    with served(replace(serving, running=lambda: {"alpha": 1200})) as client:
        text = client.get("/").text
    assert '<meta http-equiv="refresh" content="5">' in text
    assert "fiches lues : 1\N{NARROW NO-BREAK SPACE}200" in text


def test_sources_show_what_is_wrong(client):
    text = client.get("/sources?lang=en").text
    assert "sources.toml:7: source &#39;gamma&#39;: no connector &#39;yeswki&#39;" in text
    assert "data may be old" in text
    assert "gone from the configuration" in text


def test_a_source_tells_findings_in_words(client):
    text = client.get("/sources/alpha").text
    assert "Donnez un titre à la fiche" in text
    assert "Vérifiez la valeur de ce champ" in text
    assert "logo &lt;b&gt;" in text
    assert "Bidules" in text
    assert 'href="/id/alpha/jardin"' in text


def test_an_unknown_source_is_told_in_words(client):
    answer = client.get("/sources/nulle")
    assert answer.status_code == 404
    assert "Il n&#39;y a pas de source « nulle »" in answer.text


def test_a_record_tells_who_says_what(client):
    text = client.get("/id/alpha/jardin").text
    assert "Le jardin partagé" in text
    assert "Alimentation et agriculture" in text
    assert "Rennes (commune)" in text
    assert f'href="{PAGE}"' in text
    assert "https://opendatacommons.org/licenses/odbl/1-0/" in text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/id/alpha/parti", 410, "a été retirée le 22/11/2026 : retirée par la source"),
        ("/id/alpha/refusée", 404, "Donnez un titre"),
        ("/id/alpha/ailleurs", 404, "laissée de côté"),
        ("/id/alpha/inconnue", 404, "jamais été vue"),
        ("/sources/nulle/report", 404, "nulle"),
        ("/id/beta/secret", 404, "licence"),
        ("/vocab/territoire/commune/nulle", 404, "territoire/commune/nulle"),
        ("/vocab/themes/nul", 404, "themes/nul"),
        ("/rien", 404, "n&#39;existe pas"),
    ],
)
def test_what_is_not_here_says_why(client, path, status, words):
    page = client.get(path)
    assert status == page.status_code
    assert words in page.text
    told = client.get(path, headers={"accept": "text/turtle"})
    assert (status, "application/problem+json") == (told.status_code, told.headers["content-type"])


def test_a_program_is_told_the_reason_the_date_and_the_remedy(client):
    told = client.get(
        "/id/alpha/parti", headers={"accept": "application/json", "accept-language": "en"}
    ).json()
    assert (told["status"], told["kind"], told["reason"]) == (410, "withdrawn", "removed")
    assert datetime.fromisoformat(told["since"]) == NIGHT + timedelta(days=2, seconds=42)
    assert "put it back" in told["remedy"]
    refused = client.get("/id/alpha/refusée", headers={"accept": "application/json"}).json()
    assert (refused["status"], refused["reason"]) == (404, "rejected")


def test_a_record_says_how_to_report_it_and_how_to_have_it_withdrawn(client):
    text = client.get("/id/alpha/jardin?lang=en").text
    letters = re.findall(r'href="(mailto:[^"]+)"', text)
    subjects = [unquote(one.partition("subject=")[2]) for one in letters if "subject=" in one]
    assert [one.split(BASE)[0] for one in subjects] == [
        "Problem with the record ",
        "Request to withdraw the record ",
    ]
    assert all(one.endswith(f"{BASE}id/alpha/jardin") for one in subjects)
    assert "Last seen at its source" in text
    assert f'href="/why?url={quote(BASE, safe="")}id%2Falpha%2Fjardin&amp;lang=en"' in text


def test_a_record_withdrawn_on_request_is_gone_and_nothing_of_it_is_told(tmp_path):
    layout = Layout(tmp_path)
    ledger = Ledger.open(layout.ledger, base=BASE)
    commit(ledger, ALPHA, [published("alpha", "jeanne", "Jeanne Dupont", page=PAGE)], NIGHT)
    with ledger.writing() as connection:
        suppress(connection, Suppression(fingerprint("alpha", "jeanne"), WHOLE, NIGHT))
    (story,) = why(ledger, "alpha jeanne", base=BASE)
    assert (story.state, story.name, story.page) == (State.WITHDRAWN, None, None)
    assert [one.why for one in story.exits] == ["withdrawn"]
    ledger.close()


def test_stale_orphaned_disabled_and_closed_sources_are_visibly_so(serving):
    def page(**changed):
        with served(replace(serving, **changed)) as client:
            return client.get("/sources/beta?lang=en").text

    assert "Nothing new from this source since 2026-11-20" in page()
    assert "no longer in the configuration" in page()
    assert "Nothing new from this source" not in page(now=lambda: NIGHT + timedelta(days=1))
    assert "did not succeed" in page(configured=lambda: ["alpha", "beta"])


# --- Linked data ------------------------------------------------------------------------------------


FORMATS = [("turtle", "text/turtle"), ("jsonld", "application/ld+json"),
           ("ntriples", "application/n-triples"), ("rdfxml", "application/rdf+xml")]  # fmt: skip
LINKED = ["/id/alpha/jardin", "/sources/alpha", "/vocab/themes", "/vocab/ns", "/vocab/"]
PARSED = {"turtle": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD,
          "ntriples": ox.RdfFormat.N_TRIPLES, "rdfxml": ox.RdfFormat.RDF_XML}  # fmt: skip


def lines(body, name="ntriples"):
    return sorted(str(quad.triple) for quad in ox.parse(body, format=PARSED[name]))


@pytest.mark.parametrize(("name", "media"), FORMATS)
@pytest.mark.parametrize(
    "path", ["/id/alpha/jardin", "/sources/alpha", "/vocab/themes", "/vocab/ns", "/vocab/"]
)
def test_linked_data_is_the_same_in_every_format(client, path, name, media):
    plain = client.get(path, headers={"accept": "application/n-triples"})
    by_accept = client.get(path, headers={"accept": f"text/html;q=0.2, {media}"})
    by_name = client.get(path, params={"format": name})
    assert lines(plain.content) == lines(by_accept.content, name)
    assert by_accept.content == by_name.content
    assert by_accept.headers["content-type"].startswith(media)
    assert len(lines(plain.content)) > 3


def test_a_record_is_served_as_published_with_its_links(client):
    answer = client.get("/id/alpha/jardin", headers={"accept": "application/n-triples"})
    assert GARDEN.triples == pack(answer.content)
    assert f'<{PAGE}>; rel="via"' in answer.headers["link"]
    assert 'rel="license"' in answer.headers["link"]
    assert answer.headers["vary"].startswith("Accept, Accept-Language")


def test_no_suitable_format_is_refused_by_name(client):
    assert client.get("/id/alpha/jardin", headers={"accept": "image/png"}).status_code == 406
    assert client.get("/id/alpha/jardin?format=docx").status_code == 406


def test_the_source_describes_its_provenance(client):
    text = client.get("/sources/alpha?format=turtle").text
    assert "prov:used" in text
    assert "dcterms:license" in text
    assert "sources/beta" not in text


# --- why --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [PAGE, PAGE + "/", PAGE.replace("https", "http"), BASE + "id/alpha/jardin",
     BASE + "id/alpha/jardin?lang=en#lieu", "alpha jardin", " alpha  jardin "],
)  # fmt: skip
def test_why_finds_a_record_by_whatever_is_at_hand(serving, asked):
    (story,) = why(serving.ledger, asked, base=BASE)
    assert (story.source, story.ref, story.state, story.live) == ("alpha", "jardin", State.PUBLISHED, True)
    assert [step.operation for step in story.history] == ["create"]


def test_why_tells_the_whole_life_of_a_withdrawn_record(serving):
    (story,) = why(serving.ledger, "alpha parti", base=BASE)
    assert [step.operation for step in story.history] == ["create", "update", "withdraw"]
    assert (story.state, story.live, story.reason) == (State.WITHDRAWN, False, "removed by the source")


def test_why_of_the_unknown_is_never_seen(serving, client):
    assert why(serving.ledger, "https://nowhere.example/", base=BASE) == ()
    assert "Never seen" in client.get("/why?lang=en&url=https://nowhere.example/").text


# --- SPARQL -----------------------------------------------------------------------------------------


def ask(client, query, accept="application/sparql-results+json", **params):
    return client.get("/sparql", params={"query": query, **params}, headers={"accept": accept})


def test_rows_come_by_get_by_form_and_by_body(client):
    told = ask(client, COUNT).json()
    accept = {"accept": "application/sparql-results+json"}
    form = client.post("/sparql", data={"query": COUNT}, headers=accept)
    body = {**accept, "content-type": "application/sparql-query"}
    direct = client.post("/sparql", content=COUNT, headers=body)
    assert told["results"]["bindings"][0]["n"]["value"] == "2"
    assert (told, told) == (form.json(), direct.json())


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("application/json", "application/sparql-results+json"),
    ],
)
def test_the_answer_has_the_format_liked_best(client, accept, media):
    assert media == ask(client, COUNT, accept).headers["content-type"]


def test_triples_have_a_graph_format(client):
    answer = ask(client, "CONSTRUCT WHERE { ?s a ?c }", "application/n-triples")
    assert answer.headers["content-type"] == "application/n-triples"
    assert len(lines(answer.content)) > 3


def test_the_default_graph_may_be_chosen(client):
    graph = iri.source_graph(BASE, "alpha")
    rows = "SELECT (COUNT(*) AS ?n) WHERE { ?s a ?c }"
    told = ask(client, rows, **{"default-graph-uri": graph}).json()
    assert told["results"]["bindings"][0]["n"]["value"] == "2"


def test_a_record_without_licence_is_not_in_the_store(client):
    told = ask(client, f"ASK {{ <{iri.record(BASE, 'beta', 'secret')}> ?p ?o }}").json()
    assert False is told["boolean"]


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("SELECT * WHERE { ?s ?p }", 400, "syntax"),
        ("DELETE WHERE { ?s ?p ?o }", 403, "update"),
        ("SELECT * WHERE { SERVICE <http://x.example/> { ?s ?p ?o } }", 403, "service"),
    ],
)
def test_what_must_not_run_is_refused_as_a_problem(client, query, status, kind):
    answer = ask(client, query)
    told = answer.json()
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (status, kind) == (told["status"], told["kind"])
    assert {"type", "title", "status", "detail", "kind"} == set(told) - {"line", "column"}
    page = ask(client, query, BROWSER)
    assert (status, True) == (page.status_code, "notice bad" in page.text)


def test_a_syntax_error_says_where(client):
    assert re.search(r"1:\d+", ask(client, "SELECT * WHERE { ?s ?p }").json()["detail"])


def test_updates_and_foreign_bodies_are_refused(client):
    accept = {"accept": "application/json"}
    update = {**accept, "content-type": "application/sparql-update"}
    assert client.post("/sparql", content="CLEAR ALL", headers=update).status_code == 403
    assert client.post("/sparql", data={"update": "CLEAR ALL"}, headers=accept).status_code == 403
    assert client.post("/sparql", json={"query": COUNT}, headers=accept).status_code == 415
    assert client.post("/sparql", data={"queri": "x"}, headers=accept).status_code == 400
    assert client.post("/sparql", data={"query": "#" * (1 << 21)}, headers=accept).status_code == 413
    assert ask(client, COUNT, format="docx").status_code == 406
    assert client.put("/sparql").status_code == 405


def test_time_up_is_a_503_with_when_to_come_back(hasty):
    with served(hasty) as client:
        began = time.monotonic()
        answer = ask(client, SLOW)
    assert time.monotonic() - began < 3
    told = answer.status_code, answer.json()["kind"], answer.headers["retry-after"]
    assert told == (503, "timeout", "30")


def read_whole(client, query):
    with client.stream("GET", "/sparql", params={"query": query, "format": "json"}) as answer:
        assert answer.status_code == 200
        return b"".join(answer.iter_bytes())


def test_an_answer_cut_after_it_began_breaks_the_transfer(hasty):
    with served(hasty) as client, pytest.raises(httpx.RemoteProtocolError):
        read_whole(client, LONG)


def test_workers_come_back_when_askers_leave(hasty):
    with served(hasty) as client:
        for _ in range(3):
            with client.stream("GET", "/sparql", params={"query": LONG, "format": "json"}) as answer:
                assert answer.status_code == 200
        answer = ask(client, COUNT)
    assert b'"2"' in answer.content


def test_a_worker_is_freed_when_nobody_reads_its_answer(hasty):
    for _ in range(3):
        hasty.pool.ask(Query(COUNT))  # one worker only: a lost one would be missed
    assert b'"2"' in b"".join(hasty.pool.ask(Query(COUNT)).chunks)


def test_head_has_the_headers_and_no_body(client):
    answer = client.head("/id/alpha/jardin", headers={"accept": "text/turtle"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/turtle")


def test_any_site_may_ask(client):
    answer = client.get("/sparql", params={"query": COUNT}, headers={"origin": "https://x.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {"origin": "https://x.example", "access-control-request-method": "POST"}
    assert client.options("/sparql", headers=asked).status_code == 200


def test_a_bare_get_describes_the_service_without_blank_nodes(client):
    body = client.get("/sparql", headers={"accept": "application/n-triples"}).content
    assert b"UnionDefaultGraph" in body
    assert b"_:" not in body
    assert client.get("/sparql", headers={"accept": "*/*"}).headers["content-type"].startswith("text/turtle")


def test_a_browser_sees_rows_triples_and_booleans(client):
    rows = ask(
        client,
        "SELECT ?s ?l WHERE { ?s <http://purl.org/dc/terms/isPartOf> ?o OPTIONAL { ?s <x:y> ?l } }",
        BROWSER,
    )
    assert 'href="/id/alpha/jardin"' in rows.text
    assert "Lignes : 2" in rows.text
    assert "Oui" in ask(client, "ASK {}", BROWSER).text
    assert "&lt;http" in ask(client, "CONSTRUCT WHERE { ?s a ?c } LIMIT 3", BROWSER).text


def test_a_long_answer_is_shown_cut_and_says_so(client):
    text = ask(client, "SELECT ?s WHERE { ?s ?p ?o }", BROWSER).text
    assert text.count("<tr><td") == 1000
    assert "Seul le début" in text


def test_a_short_answer_of_empty_rows_is_counted_well(client):
    text = ask(client, "SELECT ?x WHERE { { BIND(1 AS ?y) } UNION { BIND(2 AS ?y) } }", BROWSER).text
    assert text.count("<tr><td") == 2


# --- Health, faults ---------------------------------------------------------------------------------


def test_health_and_readiness(serving, client, tmp_path):
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["published"] == ready.json()["ledger"]
    with served(replace(serving, layout=Layout(tmp_path))) as empty:
        assert empty.get("/readyz").status_code == 503


def test_small_files_are_served(client):
    assert "Disallow: /sparql" in client.get("/robots.txt").text
    assert client.get("/favicon.svg").headers["content-type"] == "image/svg+xml"
    assert client.get("/static/style.css").headers["content-type"].startswith("text/css")


def test_our_own_fault_shows_no_internals(serving):
    def broken():
        raise RuntimeError("secret path")

    with structlog.testing.capture_logs() as logged, served(replace(serving, problems=broken)) as client:
        answer = client.get("/sources")
    assert [line["event"] for line in logged] == ["request failed by our fault"]
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


# --- Negotiation ------------------------------------------------------------------------------------


@given(st.text())
def test_any_accept_header_is_read_without_error(header):
    assert negotiation.preferred(header, negotiation.GRAPHS) in {None, *negotiation.GRAPHS}
    assert negotiation.language(header) in negotiation.LANGUAGES


@given(
    st.permutations([("text/turtle", 0.9), ("application/ld+json", 0.8), ("*/*", 0.1), ("text/html", 0.3)])
)
def test_the_order_of_an_accept_header_does_not_matter(ranges):
    header = ", ".join(f"{media};q={quality}" for media, quality in ranges)
    assert negotiation.preferred(header, negotiation.GRAPHS) == "turtle"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "turtle"),
        ("application/rdf+xml, */*;q=0.1", "rdfxml"),
        ("text/*;q=0.2, application/n-triples", "ntriples"),
        ("text/turtle;q=0, application/ld+json;q=0.1", "jsonld"),
        ("image/png", None),
        ("text/turtle;q=x", None),
    ],
)
def test_the_best_quality_wins_and_zero_forbids(accept, expected):
    assert expected == negotiation.preferred(accept, negotiation.GRAPHS)


@pytest.mark.parametrize(
    ("accepted", "asked", "expected"),
    [
        ("en-GB,fr;q=0.5", None, "en"),
        ("de", None, "fr"),
        (None, None, "fr"),
        ("fr", "en", "en"),
        ("en", "xx", "en"),
    ],
)
def test_french_unless_english_is_liked_better(accepted, asked, expected):
    assert expected == negotiation.language(accepted, asked)


def test_shipped_files_need_no_foreign_host():
    folder = Path(texts.FILE).parent
    sheets = [file.read_text(encoding="utf-8") for file in folder.rglob("*.css")]
    assert [sheet for sheet in sheets if "@import" in sheet] == []
    led = [one for sheet in sheets for one in re.findall(r"""url\(['"]?([^)'"]+)""", sheet)]
    assert [one for one in led if one.startswith(("http:", "https:", "//"))] == []
