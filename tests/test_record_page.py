"""The page of a record: its life, what points at it, what machines read in it, where its headers lead."""

import json
import re
import shutil
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph
from test_web import ALPHA, BASE, BROWSER, FEDERATION, NIGHT, PAGE, commit, published, served

from harvester import canonical, iri
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.redaction import Redaction, redact
from harvester.profile import full
from harvester.publish.publication import Publication
from harvester.triplestore import QueryPool
from harvester.web import Serving, embedded, negotiation
from harvester.web.negotiation import GRAPHS, HTML

EVIL = "</script><script>alert(1)</script><!-- & \u2028 'x'"


def said(term, text, language="fr"):
    return f"<{full(term)}> {canonical.string(text, language)}"


def garden(*more):
    return published("alpha", "jardin", "Le jardin", *more, page=PAGE)


POINTING = published(
    "alpha", "réseau/a b", "Le réseau", f"<{full('pair:hasPart')}> <{iri.record(BASE, 'alpha', 'jardin')}>",
    f"<{full('pair:partnerOf')}> <{iri.record(BASE, 'alpha', 'parti')}>",
)  # fmt: skip


@pytest.fixture(scope="module")
def serving(tmp_path_factory, furnished):
    layout = Layout(tmp_path_factory.mktemp("store"))
    shutil.copytree(furnished, layout.oxigraph)
    ledger = Ledger.open(layout.ledger, base=BASE)
    hostile = published("alpha", "hostile", EVIL, said("dcterms:description", EVIL))
    gone = published("alpha", "oubliée", "Jeanne", said("dcterms:description", "secret"))
    commit(ledger, ALPHA, [garden(), POINTING, hostile, gone], NIGHT)
    changed = garden(said("dcterms:description", "On y sème."), said("schema:slogan", "Semons"))
    kept = published("alpha", "oubliée", "Jeanne", said("dcterms:description", "autre"))
    commit(ledger, ALPHA, [changed, POINTING, hostile, kept], NIGHT + timedelta(days=1))
    for day in (2, 3):
        commit(ledger, ALPHA, [POINTING, hostile, kept], NIGHT + timedelta(days=day))
    commit(ledger, ALPHA, [changed, POINTING, hostile, kept], NIGHT + timedelta(days=4))
    publication = Publication(layout, FEDERATION, ledger)
    pool = QueryPool(publication.refresh(), workers=1, timeout_s=20)
    publication.close()
    yield Serving(
        federation=FEDERATION, ledger=ledger, pool=pool, layout=layout, next_run=lambda _source: None,
        running=dict, problems=list, configured=lambda: ["alpha"], now=lambda: NIGHT + timedelta(days=5),
    )  # fmt: skip
    pool.close()
    ledger.close()


@pytest.fixture(scope="module")
def client(serving):
    with served(serving) as found:
        yield found


def blocks(page):
    return re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)


def test_the_history_tells_each_change_its_date_and_what_changed(client):
    page = client.get("/id/alpha/jardin?lang=en").text
    history = page.partition('<th scope="row">Changes</th>')[2].partition("</td>")[0]
    assert [" ".join(unescape(re.sub("<[^>]+>", "", one)).split()) for one in history.split("<br>")] == [
        "created 2026-11-24 03:00",
        "withdrawn 2026-11-23 03:00 (removed by its source: it is no longer listed)",
        "updated 2026-11-22 03:00 what changed: Missing from the source since",
        "updated 2026-11-21 03:00 what changed: Description, Slogan",
        "created 2026-11-20 03:00",
    ]


def test_what_points_at_a_record_is_on_its_page(client):
    page = client.get("/id/alpha/jardin?lang=en").text
    inverse = page.partition('<h2 id="inverse">')[2].partition("</ul>")[0]
    assert 'href="/id/alpha/r%C3%A9seau/a%20b?lang=en"' in inverse
    assert "Le réseau" in inverse
    assert 'id="inverse"' not in client.get("/id/alpha/hostile").text


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # its own reader calls what it deprecates
def test_the_page_holds_the_very_triples_that_programs_get(client):
    triples, _schema = blocks(client.get("/id/alpha/hostile").text)
    inside = Graph().parse(data=triples, format="json-ld")
    served_as = Graph().parse(data=client.get("/id/alpha/hostile?format=ntriples").text, format="nt")
    assert set(inside) == set(served_as)
    assert len(served_as) >= 5


def test_a_reader_of_schema_org_finds_name_licence_and_credit(client):
    _triples, schema = (json.loads(one) for one in blocks(client.get("/id/alpha/jardin").text))
    assert ("Project", "Le jardin", "On y sème.") == (schema["@type"], schema["name"], schema["description"])
    assert ("https://opendatacommons.org/licenses/odbl/1-0/", "Les <b>Alpha</b>, ODbL-1.0") == (
        schema["license"],
        schema["creditText"],
    )


@given(st.text())
def test_nothing_in_a_block_of_data_ends_it(text):
    block = embedded.safe(json.dumps({"name": text}, ensure_ascii=False))
    assert not set(block) & set("<>&\u2028\u2029")
    assert {"name": text} == json.loads(block)


def test_headers_lead_to_licence_source_context_and_formats(client):
    links = client.get("/id/alpha/jardin").headers["link"]
    assert '<https://opendatacommons.org/licenses/odbl/1-0/>; rel="license"' in links
    assert f'<{PAGE}>; rel="via"' in links
    context = f'<{BASE}vocab/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    assert context in links
    for name, types in GRAPHS.items():
        assert f'</id/alpha/jardin?format={name}>; rel="alternate"; type="{types[0]}"' in links


@pytest.mark.parametrize(
    "path", ["/id/alpha/jardin", "/vocab/themes/alimentation", "/vocab/ns", "/sources/alpha"]
)
def test_every_address_that_negotiates_says_so_and_leads_to_its_licence(client, path):
    for accept in (BROWSER, "text/turtle"):
        answer = client.get(path, headers={"accept": accept})
        assert answer.status_code == 200
        assert {"Accept", "Accept-Language"} <= set(re.split(r",\s*", answer.headers["vary"])), path
        assert 'rel="license"' in answer.headers["link"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/turtle;q=0.5, application/ld+json;q=0.6", "application/ld+json"),
        ("TEXT/TURTLE;Q=1.0", "text/turtle"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "application/ld+json"),
        ("text/turtle;charset=utf-8", "text/turtle"),
        ("text/html;q=0, */*", "text/turtle"),
        ("text/*;q=0.1, application/n-triples;q=0.2", "application/n-triples"),
        ("*/*;q=0.1, text/turtle;q=0", "application/ld+json"),
        ("image/png, */*;q=0.01", "text/turtle"),
        (",, ,text/turtle,,", "text/turtle"),
        ("text/turtle;q=nan, application/rdf+xml;q=0.001", "application/rdf+xml"),
        ("application/xhtml+xml, text/turtle;q=0.9", "text/html"),
        ("", "text/turtle"),
    ],
)
def test_odd_accept_headers_are_read_as_the_standard_says(client, accept, media):
    answer = client.get("/id/alpha/jardin", headers={"accept": accept})
    assert (200, media) == (answer.status_code, answer.headers["content-type"].partition(";")[0])


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/turtle;q=0", "text/turtle;q=2"])
def test_what_suits_nobody_is_said_not_to_be_there(client, accept):
    assert client.get("/id/alpha/jardin", headers={"accept": accept}).status_code == 406


@given(st.text(alphabet='*/;=q.01, textml+urd"a', max_size=60))
def test_no_accept_header_is_an_error(accept):
    assert negotiation.preferred(accept, {**GRAPHS, **HTML}) in {None, *GRAPHS, *HTML}


def test_a_forgotten_version_tells_nothing_of_what_changed(tmp_path):
    layout = Layout(tmp_path)
    ledger = Ledger.open(layout.ledger, base=BASE)
    commit(ledger, ALPHA, [garden(said("schema:slogan", "Semons"))], NIGHT)
    commit(ledger, ALPHA, [garden()], NIGHT + timedelta(days=1))
    version = garden(said("dcterms:description", "x"))
    one = Redaction("alpha", "jardin", whole=False, version=version)
    redact(ledger, [one], ["alpha"], tells=lambda _said: False, now=NIGHT + timedelta(days=2))
    pool = QueryPool(None, workers=1)
    serving = Serving(FEDERATION, ledger, pool, layout, lambda _s: None, dict, list, lambda: ["alpha"])
    with served(serving) as client:
        page = client.get("/id/alpha/jardin?lang=en").text
    assert "<h1" in page
    assert "what changed" not in page
    pool.close()
    ledger.close()


def test_a_run_has_its_page_and_its_triples(client):
    page = client.get("/run/alpha/1?lang=en")
    assert (200, True) == (page.status_code, "Harvest 1 of “Alpha”" in page.text)
    triples = Graph().parse(data=client.get("/run/alpha/1?format=ntriples").text, format="nt")
    assert {f"{BASE}run/alpha/1"} == {str(one) for one in triples.subjects()}
    assert f'<{BASE}sources/alpha>; rel="about"' in page.headers["link"]
    for path in ("/run/alpha/999", "/run/beta/1", f"/run/alpha/{10**30}"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    ("graph", "leads"),
    [
        ("source/alpha", "/sources/alpha"),
        ("report/alpha", "/sources/alpha/report"),
        ("prov", "/sources"),
        ("vocab", "/vocab/"),
        ("territoire", "/vocab/territoire"),
    ],
)
def test_a_graph_leads_to_what_it_holds(client, graph, leads):
    answer = client.get(f"/graph/{graph}?lang=en", follow_redirects=False)
    assert (303, f"{leads}?lang=en") == (answer.status_code, answer.headers["location"])
    assert client.get(f"/graph/{graph}", follow_redirects=True).status_code == 200


@pytest.mark.parametrize("graph", ["source/nulle", "nul", "source/", "report", "vocab/x"])
def test_a_graph_that_is_not_there_is_told_as_such(client, graph):
    assert client.get(f"/graph/{graph}").status_code == 404
