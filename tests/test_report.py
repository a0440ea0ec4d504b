"""The report of a source, for the people who write its records: what to mend, what to begin with, the load we caused."""

from __future__ import annotations

import csv
import io
import json
import re

import pyoxigraph as ox
import pytest
from nights import MAP, Nights, at, record, records
from test_web import BROWSER, served
from test_why import run

from harvester import shapes
from harvester.config import load
from harvester.items import FieldType
from harvester.ledger.exits import Why
from harvester.ledger.faults import faulty, ranking
from harvester.ledger.faults import load as load_of
from harvester.ledger.redaction import AGAIN, REQUESTED, UNSAID
from harvester.ledger.stories import Step
from harvester.model import Cause, Finding, Severity, State
from harvester.profile import full
from harvester.triplestore import Checkpoints, QueryPool
from harvester.web import Serving, texts
from harvester.web.expected import expected, item_fields, value_found
from harvester.web.report_files import COLUMNS, neutral

SH = "http://www.w3.org/ns/shacl#"
REPORT = "/sources/jardins/report"


@pytest.fixture
def nights(federation, partners) -> Nights:
    """One source, declared, of which nothing was read yet."""
    found = Nights(federation, partners)
    found.declare()
    return found


@pytest.fixture
def asked(nights):
    """Ask the pages of what was harvested so far: a function of a path."""
    opened = []

    def get(path, accept=BROWSER, **params):
        if not opened:
            opened.append(_served(nights))
        return next(opened[0]).get(path, params=params, headers={"accept": accept})

    yield get
    for server in opened:
        server.close()


def _served(nights):
    federation = nights.federation
    federation.publish()
    ledger = federation.ledger()
    pool = QueryPool(Checkpoints(federation.layout.checkpoints).current(), workers=1, timeout_s=20)
    serving = Serving(
        federation=load(federation.config).federation,
        ledger=ledger,
        pool=pool,
        layout=federation.layout,
        next_run=lambda _source: None,
        running=dict,
        problems=list,
        configured=lambda: load(federation.config).sources,
        now=lambda: at(2),
    )
    try:
        with served(serving) as client:
            while True:
                yield client
    finally:
        pool.close()
        ledger.close()


FAULTY = [
    record(0),
    record(1, nom=""),  # no title: mending it brings the record in
    record(2, nom="X"),  # too short
    record(3, nom="X", texte="Y" * 3),
    record(4, site="pas une adresse"),
    record(5, ville="", code=""),  # no place
]


# --- what to mend first ------------------------------------------------------------------------------


def test_what_brings_most_records_comes_first_then_what_is_gravest(nights):
    nights.night(0, FAULTY)

    found = ranking(nights.federation.ledger(), "jardins")

    assert [(one.code, one.gained, one.rejected) for one in found[:2]] == [("label", 2, 2), ("no-name", 1, 1)]
    assert [one.severity for one in found] == sorted(
        (one.severity for one in found), key=list(Severity).index
    )
    assert all(one.gained == 0 for one in found[2:])


def test_record_with_two_blocking_faults_is_gained_by_neither_alone(nights):
    nights.night(0, [record(0), record(1, nom="contact@example.org " + "X" * 200), record(2, nom="X")])

    found = {one.code: (one.rejected, one.gained) for one in ranking(nights.federation.ledger(), "jardins")}

    assert found["label"] == (2, 1)
    assert found["privacy-title"] == (1, 0)


def test_record_that_left_its_listing_is_not_to_be_mended_any_more(nights):
    nights.night(0, FAULTY)
    nights.night(1, FAULTY[:1])
    ledger = nights.federation.ledger()

    assert [row.ref for row in faulty(ledger, "jardins", code=None, limit=10, offset=0)] == ["j0"]
    assert {one.code for one in ranking(ledger, "jardins")} & {"no-name", "label"} == set()


def test_load_of_thirty_nights_is_summed_and_older_ones_are_not(nights):
    nights.night(0, records(range(3)))
    for day in (31, 32):
        nights.night(day)

    ledger = nights.federation.ledger()
    found, whole = load_of(ledger, "jardins", at(2)), load_of(ledger, "jardins", at(0))

    assert (found["runs"], whole["runs"]) == (2, 3)
    assert whole["requests"] > found["requests"] >= 2
    assert found["not_modified"] == 2


# --- as JSON, CSV, Turtle ----------------------------------------------------------------------------


def test_json_tells_each_record_its_source_field_what_was_found_and_what_is_expected(nights, asked):
    nights.night(0, FAULTY)

    told = asked(f"{REPORT}.json").json()

    assert [one["ref"] for one in told["records"][:3]] == ["j1", "j2", "j3"]  # the rejected first
    short = next(one for one in told["records"] if one["ref"] == "j2")["remarks"][0]
    assert (short["code"], short["source_fields"]) == ("label", ["nom"])
    assert short["message"]["fr"].startswith("Donnez un titre")
    assert "longueur minimale 2" in short["expected"]["fr"]
    assert "minimum length 2" in short["expected"]["en"]
    site = next(one for one in told["records"] if one["ref"] == "j4")
    remark = next(one for one in site["remarks"] if one["code"] == "clean")
    assert (remark["source_fields"], remark["value"]) == (["site"], "pas une adresse")
    assert "https://" in remark["expected"]["fr"]
    assert site["page"] == "https://jardins.example/fiche/4"
    assert told["first"][0]["gained"] == 2
    assert told["counts"] == {"published": 3, "rejected": 3}
    assert told["load"]["requests"] >= 1
    assert (told["runs"][0]["outcome"], told["next"]) == ("done-issues", None)


def test_csv_has_a_line_for_each_remark_and_its_charset(nights, asked):
    nights.night(0, FAULTY)

    answer = asked(f"{REPORT}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["ref"] == "j1"
    assert rows[0]["message_fr"] == "Donnez un titre à la fiche."
    assert len(rows) == sum(len(one["remarks"]) for one in asked(f"{REPORT}.json").json()["records"])


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_cell_that_a_spreadsheet_would_run_is_made_a_text(first):
    assert neutral(f"{first}SUM(A1)") == f"'{first}SUM(A1)"


def test_no_cell_of_a_hostile_source_begins_a_formula(nights, asked):
    nights.night(
        0, [record(0, id='=HYPERLINK("http://x")', nom="@SUM(1)", site="+1+1"), record(1, nom="-2+3")]
    )

    rows = csv.reader(io.StringIO(asked(f"{REPORT}.csv").text, newline=""))

    assert [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell] == []


def test_turtle_holds_validation_results_without_blank_nodes(nights, asked):
    nights.night(0, FAULTY)

    answer = asked(f"{REPORT}.ttl")
    store = ox.Store()
    store.load(answer.content, format=ox.RdfFormat.TURTLE)

    results = list(store.quads_for_pattern(None, ox.NamedNode(full("sh:focusNode")), None))
    assert answer.headers["content-type"].startswith("text/turtle")
    assert {quad.object.value.rpartition("/")[2] for quad in results} == {f"j{n}" for n in range(6)}
    assert not any(isinstance(quad.subject, ox.BlankNode) for quad in store)
    for quad in results:
        said = list(store.quads_for_pattern(quad.subject, ox.NamedNode(SH + "resultMessage"), None))
        assert {one.object.language for one in said} == {"fr", "en"}
        assert list(store.quads_for_pattern(quad.subject, ox.NamedNode(SH + "resultSeverity"), None))


def test_big_report_comes_in_parts_that_name_the_next(nights, asked):
    nights.night(0, [record(n, nom="X") for n in range(25)])
    whole = asked(f"{REPORT}.json").json()

    seen, path = [], f"{REPORT}.json?limit=10"
    while path:
        answer = asked(path)
        seen += [one["ref"] for one in answer.json()["records"]]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        path = link and link[1]

    assert seen == [one["ref"] for one in whole["records"]]
    assert (len(seen), whole["total"]) == (25, 25)
    page = asked(REPORT, limit=10).text
    assert page.count('<article class="story">') == 10
    assert f'rel="next" href="{REPORT}?limit=10&amp;offset=10"' in page


def test_only_the_records_with_one_finding_are_told_when_asked(nights, asked):
    nights.night(0, FAULTY)

    told = asked(f"{REPORT}.json", finding="label").json()

    assert ([one["ref"] for one in told["records"]], told["total"]) == (["j2", "j3"], 2)
    assert asked(f"{REPORT}.json", finding="nulle").json()["records"] == []


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 100000}, {"limit": "x"}, {"offset": -1}, {"offset": 1 << 70}]
)
def test_parts_out_of_bounds_are_refused(nights, asked, wrong):
    nights.night(0, records(range(1)))

    assert asked(f"{REPORT}.json", **wrong).status_code == 422


def test_record_with_endless_findings_is_told_in_part(nights, asked):
    nights.declare(mapping=MAP + ', keywords = "mots"')
    nights.night(0, [record(0, mots=[f"{n} " + "m" * 250 for n in range(500)])])

    (told,) = asked(f"{REPORT}.json").json()["records"]

    assert len(told["remarks"]) == 100
    assert told["more"] >= 400


def test_report_of_no_source_is_a_404_in_words_and_for_programs(nights, asked):
    nights.night(0, records(range(1)))

    assert "nulle" in asked("/sources/nulle/report").text
    answer = asked("/sources/nulle/report.json", accept="application/json")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert asked("/sources/jardins/report.xls").status_code == 404


# --- what is never told ------------------------------------------------------------------------------


PERSONAL = ("jeanne.dupont@example.net", "06 12 34 56 78")


def test_personal_values_are_never_repeated_anywhere(nights, asked):
    email, mobile = PERSONAL
    own = ', email = "mail", telephone = "tel", start = "debut", registration = "siret"'
    nights.declare(mapping=MAP + own, more='kind = "event"\n')
    nights.night(
        0,
        [
            record(0, site=email, mail=email, tel=mobile, debut=f"appeler {mobile}"),
            record(1, nom=f"Écrire à {email}", texte=f"ou appeler {mobile}", ville=f"{mobile} {email}"),
            record(2, code=email, siret=email),
        ],
    )

    paths = [f"{REPORT}{end}" for end in ("", ".json", ".csv", ".ttl")]
    paths += [
        "/sources/jardins",
        "/id/jardins/j0",
        "/id/jardins/j2",
        "/why?url=jardins j0",
        "/why?url=jardins j2",
    ]
    for path in paths:
        text = asked(path).text
        assert [value for value in PERSONAL if value in text] == [], path
    said = run(nights, "report", "jardins").stdout + run(nights, "why", "jardins", "j0").stdout
    assert [value for value in PERSONAL if value in said] == []


def test_source_without_known_licence_has_counts_only_for_the_public(nights, asked):
    config = nights.federation.config
    nights.night(0, FAULTY)
    config.write_text(config.read_text("utf-8").replace('"etalab-2.0"', '"unknown"'), encoding="utf-8")
    nights.night(1, FAULTY)

    told = asked(f"{REPORT}.json").json()

    assert (told["withheld"], told["records"], told["first"][0]["gained"]) == (True, [], 2)
    assert "n&#39;est pas connue" in asked(REPORT).text
    assert "Jardin" not in asked(f"{REPORT}.csv").text
    assert "j2" in run(nights, "report", "jardins").stdout  # whoever runs the server sees it all


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}{0.__class__}"


def test_nothing_harvested_is_ever_shown_unescaped(nights, asked):
    own = ', image = "image", keywords = "mots", start = "debut"'
    nights.declare(mapping=MAP + own, more='kind = "event"\n')
    hostile = {
        "texte": HOSTILE, "ville": HOSTILE, "mots": [HOSTILE], "site": "javascript:alert(3)", "debut": HOSTILE,
        "image": "data:text/html,<script>alert(4)</script>", HOSTILE: HOSTILE,
    }  # fmt: skip
    nights.night(0, [
        record(0, page="javascript:alert(5)", **hostile),
        record(1, **{**hostile, "nom": f"<b>{HOSTILE}", "id": f"j/{HOSTILE}"}),
        record(2, **{**hostile, "nom": "X"}),
        record(3, nom=f"&lt;script&gt;alert(6)&lt;/script&gt; {HOSTILE}"),
    ])  # fmt: skip
    refs = [row["ref"] for row in asked(f"{REPORT}.json").json()["records"]]

    paths = [
        "/",
        "/sources",
        "/sources/jardins",
        REPORT,
        f"{REPORT}?finding={HOSTILE}",
        f"/why?url={HOSTILE}",
    ]
    paths += [path for ref in refs for path in (f"/id/jardins/{ref}", f"/why?url=jardins {ref}")]
    for path in paths:
        page = asked(path).text
        assert "<script" not in page, path
        assert not re.search(r"<img(?! src=\"/favicon)", page), path
        assert not re.search(
            r"""(?:href|src)=["']?\s*(?:javascript|data|vbscript):""", page, re.IGNORECASE
        ), path
        assert not re.search(r"<[^>]*\son\w+=", page), path


def test_renamed_source_and_its_records_are_followed_to_their_new_address(nights, asked):
    nights.night(0, records(range(3)))
    config = nights.federation.config
    text = config.read_text("utf-8").replace("[source.jardins]", "[source.potagers]")
    config.write_text(f'{text}was = ["jardins"]\n', encoding="utf-8")
    nights.serve(records(range(2)))
    nights.federation.run("potagers")
    turtle = "text/turtle"

    moved, gone = asked("/id/jardins/j1", lang="fr"), asked("/id/jardins/j2", accept=turtle)
    assert (moved.status_code, moved.headers["location"]) == (301, "/id/potagers/j1?lang=fr")
    assert asked("/sources/jardins").headers["location"] == "/sources/potagers"
    assert (gone.status_code, gone.json()["reason"]) == (410, "moved")
    assert asked("/id/potagers/j1", accept=turtle).status_code == 200


# --- as a page, and on the command line --------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("fr", "À corriger d&#39;abord"), ("en", "Fix this first")])
def test_page_speaks_both_languages_and_leads_to_where_it_is_mended(nights, asked, language, words):
    nights.night(0, FAULTY)

    page = asked(REPORT, lang=language).text

    assert words in page
    assert 'href="https://jardins.example/fiche/2"' in page
    assert f"{REPORT}.csv?lang={language}" in page
    assert f'href="{REPORT}"' in asked("/sources/jardins").text


def test_page_tells_drift_categories_and_load(nights, asked):
    nights.declare(mapping=MAP + ', theme = { from = "cat", align = "colibris-etats" }')
    nights.night(0, [record(n, cat="Bidule") for n in range(10)])
    nights.night(1, [record(n, cat="Machin", nouveau="oui") for n in range(10)])

    page = asked(REPORT, lang="en").text

    assert "New field “nouveau”" in page
    assert "Machin" in page
    assert "The load we cause" in page
    assert asked(f"{REPORT}.json").json()["unaligned"][0]["category"] == "Machin"


def test_report_on_the_command_line_says_what_to_mend_first(nights):
    nights.night(0, FAULTY)

    said = run(nights, "report", "jardins", "--language", "fr", "--limit", "2")

    assert said.exit_code == 0
    assert re.search(r"Violation +2 records gained +Donnez un titre à la fiche.*\[nom\]", said.stdout)
    assert "mend it at https://jardins.example/fiche/1" in said.stdout
    assert "more records: --offset 2" in said.stdout
    assert "load over 30 days: runs" in said.stdout
    told = json.loads(run(nights, "report", "jardins", "--json").stdout)
    assert told["first"][0]["code"] == "label"


def test_report_of_what_is_not_there_ends_with_its_own_code(nights):
    assert run(nights, "report", "jardins").exit_code == 1
    unknown = run(nights, "report", "jardin")
    assert (unknown.exit_code, "did you mean 'jardins'?" in unknown.stderr) == (2, True)
    assert run(nights, "report", "jardins", "--language", "de").exit_code == 2


# --- words -------------------------------------------------------------------------------------------


def test_every_name_that_a_page_may_show_has_words():
    names = [
        *(f"{group}.{why}" for group in ("exit", "mend") for why in Why),
        *(f"step.{step}" for step in Step),
        *(f"state.{state}" for state in State),
        *(f"cause.{cause}" for cause in Cause),
        *(f"expected.{kind}" for kind in FieldType),
        *(
            f"finding.{code}"
            for code in ("unread", "no-name", "no-kind", "no-record", "dependent-incomplete")
        ),
        *(f"reason.{reason}" for reason in (REQUESTED, AGAIN, UNSAID)),
    ]
    assert [name for name in names if name not in texts.texts()] == []


@pytest.mark.parametrize(
    "code", [code for code in shapes.messages() if not code.startswith(("in-", "is-", "has-"))]
)
def test_what_every_shape_expects_can_be_said_in_both_languages(code):
    for language in ("fr", "en"):
        said = expected(code, "", language)
        assert len(said) <= 301
        assert "http://www.w3.org/ns/shacl" not in said


@pytest.mark.parametrize(
    ("code", "field", "fields"),
    [
        ("label", "label", ("name",)),
        ("topic-wanted", "hasTopic", ("theme",)),
        ("null-point", "", ("lat", "lon")),
        ("postcode", "postalCode", ("postcode",)),
        ("video-address", "", ("embed", "content")),
        ("clean", "homepage", ("homepage",)),
        ("point", "lat", ("lat", "lon")),
        ("unread", "record", ()),
    ],
)
def test_finding_leads_to_the_item_fields_that_it_is_about(code, field, fields):
    assert tuple(item_fields(code, field)) == fields


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("'n/a' is not a number; digits with one point or comma are expected", "n/a"),
        ("('95', '12') is not on Earth; lat within ±90 and lon within ±180 are expected", "('95', '12')"),
        ("['a', 'b'] is a list; one text or one number is expected", "['a', 'b']"),
        ("no kind 'x'; did you mean 'event'?", "no kind 'x'; did you mean 'event'?"),
        (None, None),
    ],
)
def test_remark_of_a_cleaner_gives_up_the_value_that_it_quotes(said, found):
    assert value_found(Finding(Severity.WARNING, "clean", "lat", said)) == found
