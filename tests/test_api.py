"""The API: what a program gets, how it follows, and that nothing it can ask is answered wrongly."""

import shutil
import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance
from test_web import ALPHA, BASE, BETA, BROWSER, FEDERATION, NIGHT, PAGE, commit, published, served

from harvester import canonical, iri, items
from harvester.index import Asked, Cursor, part
from harvester.layout import Layout
from harvester.ledger import Judged, Ledger
from harvester.ledger.decisions import WHOLE, Suppression, fingerprint, suppress
from harvester.ledger.redaction import Redaction, redact
from harvester.model import Finding, Severity, State
from harvester.profile import full
from harvester.publish.publication import Publication
from harvester.triplestore import QueryPool
from harvester.web import Serving, create_app, openapi, texts
from harvester.web.api_asked import read, written
from harvester.web.api_page import EXAMPLES


def concept(term, scheme, name):
    return f"<{full(term)}> <{iri.concept(scheme, name)}>"


GARDEN = published(
    "alpha", "jardin",  "Le jardin partagé",
    concept("pair:hasTopic", "themes", "alimentation"), concept("archipel:topTheme", "themes", "alimentation"),
    f"<{full('rdfs:label')}> {canonical.string('The shared garden', 'en')}",
    f"<{full('dcterms:spatial')}> <{iri.territory('commune', '35238')}>",
    f"<{full('archipel:inTerritory')}> <{iri.territory('departement', '35')}>",
    f'<{full("dcterms:description")}> "On y sème."@fr',
    f"<{full('dcterms:source')}> <{PAGE}>",
    f"<{full('pair:hasLocation')}> <{iri.record(BASE, 'alpha', 'jardin')}#lieu> .\n"
    f"<{iri.record(BASE, 'alpha', 'jardin')}#lieu> <{full('wgs:lat')}> {canonical.typed('48.11', 'decimal')} .\n"
    f"<{iri.record(BASE, 'alpha', 'jardin')}#lieu> <{full('wgs:long')}> {canonical.typed('-1.68', 'decimal')}",
    page=PAGE,
)  # fmt: skip
WORKSHOP = published("alpha", "x/<y>", "L'atelier", concept("pair:hasTopic", "themes", "energie-climat"))
LEAVING = published("alpha", "parti", "Le café", concept("pair:hasTopic", "themes", "alimentation"))
REFUSED = Judged(
    "refusée", b"r", State.REJECTED, None, "R", "https://alpha.example/r",
    [Finding(Severity.VIOLATION, "label", "label")], "rejected by the shapes: give it a title",
)  # fmt: skip


@pytest.fixture(scope="module")
def serving(tmp_path_factory, furnished):
    layout = Layout(tmp_path_factory.mktemp("store"))
    shutil.copytree(furnished, layout.oxigraph)
    ledger = Ledger.open(layout.ledger, base=BASE)
    commit(ledger, ALPHA, [GARDEN, WORKSHOP, REFUSED, LEAVING], NIGHT)
    for day in (1, 2):  # missing, then withdrawn
        commit(ledger, ALPHA, [GARDEN, WORKSHOP, REFUSED], NIGHT + timedelta(days=day))
    commit(ledger, BETA, [published("beta", "secret", "Sans licence")], NIGHT)
    publication = Publication(layout, FEDERATION, ledger)
    pool = QueryPool(publication.refresh(), workers=1, timeout_s=20)
    publication.close()
    yield Serving(
        federation=FEDERATION, ledger=ledger, pool=pool, layout=layout, next_run=lambda _source: None,
        running=dict, problems=list, configured=lambda: ["alpha", "beta"], now=lambda: NIGHT + timedelta(days=2),
    )  # fmt: skip
    pool.close()
    ledger.close()


@pytest.fixture(scope="module")
def client(serving):
    with served(serving) as found:
        yield found


def refs(answer, within="records"):
    return [one["ref"] for one in answer.json()[within]]


def turned(address):
    """An address that the API gave, asked of the server of the test."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_a_record_says_what_it_is_where_it_is_and_whose_it_is(client):
    told = client.get("/api/records?kind=initiative&theme=alimentation").json()["records"]
    assert told == [
        {
            "id": f"{BASE}id/alpha/jardin",
            "source": "alpha",
            "ref": "jardin",
            "kind": "initiative",
            "kinds": ["initiative"],
            "name": "Le jardin partagé",
            "description": "On y sème.",
            "page": PAGE,
            "theme": [{"id": iri.concept("themes", "alimentation"), "label": "Alimentation et agriculture"}],
            "point": {"lat": 48.11, "lon": -1.68},
            "territories": [
                {
                    "id": iri.territory("commune", "35238"),
                    "level": "commune",
                    "code": "35238",
                    "name": "Rennes",
                },
                {
                    "id": iri.territory("departement", "35"),
                    "level": "departement",
                    "code": "35",
                    "name": "Ille-et-Vilaine",
                },
            ],
            "licence": {
                "id": iri.concept("licences", "ODbL-1.0"),
                "notation": "ODbL-1.0",
                "url": "https://opendatacommons.org/licenses/odbl/1-0/",
            },
            "credit": "Les <b>Alpha</b>, ODbL-1.0",
            "change": 1,
            "changed": "2026-11-20T02:00:42+00:00",
        }
    ]


def test_the_same_stands_in_geojson_on_the_map(client):
    answer = client.get("/api/records.geojson")
    told = answer.json()
    assert (answer.headers["content-type"], told["type"]) == ("application/geo+json", "FeatureCollection")
    garden, workshop = told["features"]
    assert garden["geometry"] == {"type": "Point", "coordinates": [-1.68, 48.11]}
    assert garden["properties"]["credit"] == "Les <b>Alpha</b>, ODbL-1.0"
    assert (workshop["geometry"], workshop["id"]) == (None, f"{BASE}id/alpha/x/%3Cy%3E")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["jardin", "x/<y>"]),
        ("insee=35238", ["jardin"]),
        ("territory=departement/35", ["jardin"]),
        ("territory=departement/34", []),
        ("insee=34172&territory=departement/35", ["jardin"]),
        ("theme=energie-climat&theme=alimentation", ["jardin", "x/<y>"]),
        ("theme=energie-climat&insee=35238", []),
        ("bbox=-2,48,-1,49", ["jardin"]),
        ("bbox=-2,48,-1.69,49", []),
        ("kind=event", []),
        ("source=alpha", ["jardin", "x/<y>"]),
        ("source=beta", []),
        ("exclude_source=alpha", []),
    ],
)
def test_each_parameter_chooses(client, asked, found):
    answer = client.get(f"/api/records?{asked}")
    assert (200, found) == (answer.status_code, refs(answer))


@pytest.mark.parametrize(
    ("asked", "name", "value", "expected"),
    [
        ("bbox=1,2,3", "bbox", "1,2,3", "west,south,east,north"),
        ("bbox=0,50,1,40", "bbox", "0,50,1,40", "south not above north"),
        ("bbox=0,0,181,1", "bbox", "0,0,181,1", "degrees"),
        ("insee=99999", "insee", "99999", "INSEE code"),
        ("insee=Rennes", "insee", "Rennes", "INSEE code"),
        ("territory=planet/1", "territory", "planet/1", "departement"),
        ("theme=alimentations", "theme", "alimentations", "did you mean 'alimentation'?"),
        ("kind=chose", "kind", "chose", "organisation"),
        ("source=alfa", "source", "alfa", "did you mean 'alpha'?"),
        ("exclude_source=gamma", "exclude_source", "gamma", "known: alpha, beta"),
        ("since=hier", "since", "hier", "with its offset"),
        ("since=2026-11-20T02:00:00", "since", "2026-11-20T02:00:00", "with its offset"),
        ("since=20261120", "since", "20261120", "with its offset"),
        ("cursor=%00", "cursor", "\x00", "a cursor that this API gave"),
        ("cursor=W10", "cursor", "W10", "a cursor that this API gave"),
        ("limit=0", "limit", "0", "1000 at most"),
        ("limit=1001", "limit", "1001", "1000 at most"),
        ("limit=many", "limit", "many", "1000 at most"),
        ("lang=de", "lang", "de", "fr or en"),
        ("them=eau", "them", "eau", "no such parameter"),
    ],
)
def test_a_wrong_parameter_is_told_with_its_value(client, asked, name, value, expected):
    answer = client.get(f"/api/records?{asked}", headers={"accept-language": "en", "accept": BROWSER})
    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    told = answer.json()
    (fault,) = told["errors"]
    assert ("parameters", "query", name, value) == (told["kind"], fault["in"], fault["name"], fault["value"])
    assert expected in fault["expected"]


def test_all_that_is_wrong_is_told_at_once(client):
    told = client.get("/api/records?limit=0&kind=chose&bbox=x").json()
    assert {"limit", "bbox"} <= {one["name"] for one in told["errors"]}
    told = client.get("/api/records?theme=x&kind=chose").json()
    assert {"theme", "kind"} == {one["name"] for one in told["errors"]}


def test_a_cursor_and_a_time_do_not_go_together(client):
    follow = client.get("/api/records").json()["follow"]
    told = client.get(turned(follow) + "&since=2026-11-20T02:00:00Z").json()
    assert [one["name"] for one in told["errors"]] == ["since"]


def test_parts_lead_to_the_next_until_the_last(client):
    first = client.get("/api/records?limit=1&lang=en")
    second = client.get(turned(first.json()["next"]))
    assert (["jardin"], ["x/<y>"], None) == (refs(first), refs(second), second.json()["next"])
    assert first.json()["records"][0]["name"] == "The shared garden"
    assert f'<{first.json()["next"]}>; rel="next"' in first.headers["link"]
    assert first.json()["follow"] == second.json()["follow"]


def test_what_left_since_is_told_with_its_reason(client):
    at = (NIGHT + timedelta(days=1)).isoformat().replace("+", "%2B")
    answer = client.get(f"/api/records?since={at}")
    (left,) = answer.json()["gone"]
    assert ("parti", "removed", f"{BASE}id/alpha/parti") == (left["ref"], left["reason"], left["id"])
    assert [] == refs(answer)
    assert ["parti"] == refs(client.get(f"/api/records.geojson?since={at}&theme=energie-climat"), "gone")


def test_a_position_that_was_never_published_says_begin_again(client):
    answer = client.get(f"/api/records?cursor={written(Cursor(9999, following=True))}")
    assert (410, "cursor") == (answer.status_code, answer.json()["kind"])


def test_one_record_or_why_it_is_not_here(client):
    assert client.get("/api/records/alpha/x/<y>").json()["name"] == "L'atelier"
    for path, status, reason in (
        ("alpha/parti", 410, "removed"),
        ("alpha/refusée", 404, "rejected"),
        ("alpha/inconnue", 404, None),
        ("beta/secret", 404, None),
    ):
        answer = client.get(f"/api/records/{path}", headers={"accept": BROWSER})
        assert (status, reason) == (answer.status_code, answer.json().get("reason")), path


def test_sources_tell_licence_credit_and_freshness(client):
    alpha, beta = client.get("/api/sources").json()["sources"]
    assert ("alpha", 2, True, "Les <b>Alpha</b>, ODbL-1.0") == tuple(
        alpha[name] for name in ("id", "published", "publishable", "credit")
    )
    assert ("beta", 0, False) == tuple(beta[name] for name in ("id", "published", "publishable"))
    assert alpha["last_success"] == (NIGHT + timedelta(days=2, seconds=42)).isoformat()


def test_a_record_forgotten_meanwhile_is_not_told_and_who_follows_hears_of_it(tmp_path, furnished):
    layout = Layout(tmp_path)
    shutil.copytree(furnished, layout.oxigraph)
    ledger = Ledger.open(layout.ledger, base=BASE)
    commit(ledger, ALPHA, [published("alpha", "jeanne", "Jeanne")], NIGHT)
    publication = Publication(layout, FEDERATION, ledger)
    publication.refresh()
    publication.close()
    redact(ledger, [Redaction("alpha", "jeanne", whole=True)], ["alpha"], tells=lambda _said: True, now=NIGHT)
    pool = QueryPool(None, workers=1)
    with ledger.writing() as connection:
        suppress(connection, Suppression(fingerprint("alpha", "jeanne"), WHOLE, NIGHT))
    serving = Serving(FEDERATION, ledger, pool, layout, lambda _s: None, dict, list, lambda: ["alpha"])
    with served(serving) as client:
        assert [] == refs(client.get("/api/records"))
        (gone,) = client.get("/api/records?since=2000-01-01T00:00:00Z").json()["gone"]
        assert ("jeanne", "withdrawn") == (gone["ref"], gone["reason"])
        assert client.get("/api/records/alpha/jeanne").status_code == 410
    pool.close()
    ledger.close()


def test_nothing_published_yet_is_told_as_such(tmp_path, serving):
    with served(replace(serving, layout=Layout(tmp_path))) as client:
        answer = client.get("/api/records")
    assert (503, "starting", "30") == (
        answer.status_code,
        answer.json()["kind"],
        answer.headers["retry-after"],
    )


def test_a_cursor_is_read_as_it_was_written():
    for cursor in (Cursor(7), Cursor(7, 3), Cursor(7, 3, following=True)):
        assert cursor == read(written(cursor))


# --- OpenAPI ----------------------------------------------------------------------------------------


def test_the_description_is_that_of_the_routes(client):
    told = client.get("/api/openapi.json").json()
    assert set(told["paths"]) == {
        "/api/records",
        "/api/records.geojson",
        "/api/records/{source}/{ref}",
        "/api/sources",
    }
    parameters = told["paths"]["/api/records"]["get"]["parameters"]
    assert {one["name"] for one in parameters} - {"lang"} >= set(texts.group("api-parameter")) - {
        "ref",
        "lang",
    }
    assert all(one["description"] for one in parameters)
    assert told["openapi"].startswith("3.1")


def test_every_field_of_a_record_is_described():
    described = openapi.document("Essai", BASE, ["alpha"])["components"]["schemas"]["Record"]["properties"]
    assert {"name", "theme", "start", "sdg", "licence", "credit"} <= set(described)
    assert described["theme"]["description"] == items.FIELDS["theme"].doc


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_tells_every_parameter_and_its_examples_work(client, language):
    page = client.get(f"/api?lang={language}").text
    assert "<script" not in page
    for name in texts.group("api-parameter"):
        assert f"<code>{name}</code>" in page
    for name, value in EXAMPLES.items():
        answer = client.get("/api/records", params={name: value})
        assert answer.status_code == 200, answer.text


def test_a_program_at_the_page_gets_the_description(client):
    assert client.get("/api", headers={"accept": "*/*"}).json()["info"]["version"] == "1.0.0"


def fuzzed(serving, calls):
    """Call every operation with what the description allows and does not; each answer must be as described."""
    app = create_app(serving)
    config = SchemathesisConfig.from_dict({"generation": {"database": "none"}})
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, config=config)
    quiet = settings(
        max_examples=calls, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        derandomize=True,
    )  # fmt: skip
    made = 0
    for operation in (one.ok() for one in schema.get_all_operations()):

        def call(case):
            nonlocal made
            made += 1
            case.call_and_validate(excluded_checks=[positive_data_acceptance])  # a commune may not exist

        modes = list(schemathesis.GenerationMode)
        if not operation.query:
            modes.remove(schemathesis.GenerationMode.NEGATIVE)  # there is nothing to ask wrongly
        for mode in modes:
            quiet(given(case=operation.as_strategy(generation_mode=mode))(call))()
    return made


def test_no_call_is_answered_otherwise_than_described(serving):
    assert fuzzed(serving, 35) >= 150


@pytest.mark.slow
def test_no_call_of_twenty_thousand_is_answered_otherwise_than_described(serving):
    assert fuzzed(serving, 4000) >= 20_000


@pytest.mark.slow
def test_a_page_of_a_hundred_is_quick(serving):
    began = time.process_time()
    for _ in range(50):
        part(serving.layout.index, Asked(), None, 100)
    assert time.process_time() - began < 1
