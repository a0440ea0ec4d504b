"""The editor of the endpoint in a real browser: it completes, answers, draws points, and breaks no rule of its page."""

import shutil
from urllib.parse import quote

import pytest
from browsing import browser
from test_web import ALPHA, BASE, FEDERATION, NIGHT, commit, published, served

from harvester import canonical, iri
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.profile import full
from harvester.publish.publication import Publication
from harvester.triplestore import QueryPool
from harvester.web import Serving

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

PLACE = f"<{iri.record(BASE, 'alpha', 'jardin')}#lieu>"
GARDEN = published(
    "alpha", "jardin", "Le jardin", f"<{full('pair:hasLocation')}> {PLACE} .\n"
    f"{PLACE} <{full('wgs:lat')}> {canonical.typed('48.11', 'decimal')} .\n"
    f"{PLACE} <{full('wgs:long')}> {canonical.typed('-1.68', 'decimal')}",
)  # fmt: skip
POINTS = f"SELECT ?lat ?long {{ ?x <{full('pair:hasLocation')}> ?s . ?s <{full('wgs:lat')}> ?lat ; <{full('wgs:long')}> ?long }}"
WKT = 'SELECT ?where { VALUES ?where { "POINT(-1.68 48.11)" "POINT(2.3 48.8)" } }'
SHOWN = "document.getElementById('found-results').offsetHeight > 0"
REFUSED = "document.querySelector('#found-status.bad')"


@pytest.fixture(scope="module")
def site(tmp_path_factory, furnished):
    layout = Layout(tmp_path_factory.mktemp("store"))
    shutil.copytree(furnished, layout.oxigraph)
    ledger = Ledger.open(layout.ledger, base=BASE)
    commit(ledger, ALPHA, [GARDEN], NIGHT)
    publication = Publication(layout, FEDERATION, ledger)
    pool = QueryPool(publication.refresh(), workers=1, timeout_s=20)
    publication.close()
    serving = Serving(FEDERATION, ledger, pool, layout, lambda _s: None, dict, list, lambda: ["alpha"])
    with served(serving) as client:
        yield str(client.base_url)
    pool.close()
    ledger.close()


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def opened(seen, address):
    seen.open(address)
    seen.until("document.querySelector('.yasqe')")


def asked(seen, site, query):
    opened(seen, f"{site}/sparql?lang=en")
    seen.run(f"document.querySelector('.CodeMirror').CodeMirror.setValue({query!r}) || 1")
    seen.run("document.getElementById('ask').requestSubmit() || 1")
    seen.until(f"{SHOWN} || {REFUSED}")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_editor_opens_without_a_word_on_the_console(seen, site, language, width, tmp_path):
    seen.width(width)
    opened(seen, f"{site}/sparql?lang={language}")
    seen.picture(tmp_path / "editor.png")
    assert [] == seen.said
    assert [] == [one for one in seen.asked if not one.startswith(site)]
    assert seen.run("document.documentElement.scrollWidth") <= width
    assert seen.run("document.querySelector('.CodeMirror-code').innerText.includes('SELECT')")
    assert (tmp_path / "editor.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    "query", ["ASK {}", "SELECT * { ?s ?p ?o } LIMIT 300", "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 9"]
)
def test_each_kind_of_answer_is_shown_and_no_rule_of_the_page_is_broken(seen, site, query):
    seen.width(1280)
    asked(seen, site, query)
    assert [] == seen.said
    assert "Whole answer in" in seen.run("document.getElementById('found-status').textContent")
    assert f"query={quote(query.split()[0])}" in seen.run("location.href")


@pytest.mark.parametrize("query", [POINTS, WKT])
def test_points_of_an_answer_are_drawn(seen, site, query):
    asked(seen, site, query)
    drawn = """(() => {
      const canvas = document.querySelector('#found-map canvas');
      return canvas && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
    })()"""
    seen.until(drawn)
    assert [] == seen.said


def test_an_answer_without_places_has_no_map(seen, site):
    asked(seen, site, "SELECT * { ?s ?p ?o } LIMIT 3")
    assert seen.run("document.getElementById('found-map').hidden")


def test_a_refusal_is_told_in_its_own_words(seen, site):
    asked(seen, site, "SELECT nonsense")
    told = seen.run("document.getElementById('found-status').textContent")
    assert "HTTP 400" in told
    assert seen.run(f"!({SHOWN})")


def test_classes_that_the_store_holds_are_offered_with_their_uses(seen, site):
    opened(seen, f"{site}/sparql?lang=en")
    seen.until(
        "fetch('/sparql/terms.json').then((one) => one.json()).then((one) => one.terms.some((term) => term.used))"
    )
    opened(seen, f"{site}/sparql?lang=en")
    seen.run(
        "(editor => { editor.setValue('SELECT * { ?s a  }'); editor.setCursor(0, 16); editor.focus(); return 1; })"
        "(document.querySelector('.CodeMirror').CodeMirror)"
    )
    seen.tell(
        "Input.dispatchKeyEvent", type="keyDown", key=" ", code="Space", modifiers=2, windowsVirtualKeyCode=32
    )
    seen.until("document.querySelectorAll('.CodeMirror-hint').length > 3")
    offered = seen.run("[...document.querySelectorAll('.CodeMirror-hint')].map((one) => one.textContent)")
    assert any("Initiative" in one and "· 1" in one for one in offered)


def test_the_form_answers_a_browser_without_scripts(seen, site):
    seen.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        seen.tell("Page.navigate", url=f"{site}/sparql?lang=en&query={quote(POINTS)}")
        seen.until("document.querySelector('#results') && document.body.textContent.includes('48.11')")
        assert [] == [one for one in seen.said if "Security" in one]
    finally:
        seen.tell("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("path", ["/", "/id/alpha/jardin", "/api", "/sources/alpha"])
def test_no_page_breaks_its_own_rules(seen, site, path):
    seen.open(f"{site}{path}?lang=en")
    assert [] == seen.said
