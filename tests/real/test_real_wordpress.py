"""A real WordPress, harvested night after night by the command; each test finds the site as it was filled."""

from __future__ import annotations

import re
import shutil

import pytest
from conftest import Federation
from running import command, night, told
from wordpress_site import wordpress

from harvester.harvest import Asked

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

POSTS, PAGES, EVENTS = 250, 20, 40
ALL = POSTS + PAGES + EVENTS
UNSAID = ("admin", "Brouillon", "Entre nous", "code du local", "Uncategorized")
RECORD = re.compile(r"http://localhost:8000/id/vallee/(\d+)")
TOML = """
[source.vallee]
title = "La vallée en transition"
connector = "wordpress"
url = "{url}"
licence = "CC-BY-SA-4.0"
language = "fr"
allow_private = true
delay = "0s"
full_every = "{full_every}"
types = ["post", "page", "evenement"]

[source.vallee.map]
kind = {{ from = "type", cases = {{ post = "document", page = "document", evenement = "event" }} }}
start = "meta.debut"
end = "meta.fin"
lat = ["acf.lieu.lat", "meta.geo_latitude"]
lon = ["acf.lieu.lng", "meta.geo_longitude"]
postcode = "acf.lieu.post_code"
city = "acf.lieu.city"
"""


@pytest.fixture(scope="module")
def filled():
    """The site, filled and kept."""
    with wordpress() as running:
        running.do("fill", posts=POSTS, pages=PAGES, events=EVENTS)
        running.keep()
        yield running


@pytest.fixture(scope="module")
def first(filled, furnished, tmp_path_factory):
    """A federation that has harvested the site once as it was filled, and how that went."""
    filled.restore()  # another test may have come before
    federation = Federation(tmp_path_factory.mktemp("first"), furnished)
    federation.declare(TOML.format(url=filled.url, full_every="7d"))
    return federation, night(federation, "vallee")


@pytest.fixture
def site(filled):
    """The site as it was filled."""
    filled.restore()
    return filled


@pytest.fixture
def harvested(first, federation):
    """A federation of this test alone, that harvested the site when it was filled."""
    shutil.rmtree(federation.layout.root)
    shutil.copytree(first[0].layout.root, federation.layout.root)
    shutil.copyfile(first[0].config, federation.config)
    return federation


def published(federation):
    """The triples that partners are given, by the number of the post that they tell of."""
    found = {}
    for triple in federation.ask(
        "SELECT ?s ?p ?o { GRAPH <http://localhost:8000/graph/source/vallee> { ?s ?p ?o } }"
    ):
        if of := RECORD.match(triple[0]):
            found.setdefault(int(of[1]), set()).add(triple)
    return found


def texts(triples):
    """All that is said in `triples`, in no order."""
    return {o for _, _, o in triples}


def changes(before, after):
    """The numbers of what is new, gone, and not what it was."""
    both = before.keys() & after.keys()
    return (
        sorted(after.keys() - before.keys()),
        sorted(before.keys() - after.keys()),
        sorted(number for number in both if before[number] != after[number]),
    )


def test_posts_pages_and_events_are_published_whole_and_nothing_else(site, first, harvested):
    assert told(first[1], "created", "rejected", "read") == ("done-issues", ALL, 1, ALL + 1)
    assert "protected by a password" in first[1]["issues"][0]
    numbers = [site.do("numbers", type=name) for name in ("post", "page", "evenement")]
    assert [len(one) for one in numbers] == [POSTS, PAGES, EVENTS]
    assert published(harvested).keys() == {number for one in numbers for number in one}

    said = {text for triples in published(harvested).values() for text in texts(triples)}
    assert {"L’atelier n° 10 & ses amis", "Page 20", "Chantier n° 40"} <= said
    assert not [text for text in said for word in UNSAID if word in text]


def test_events_have_their_hour_and_their_town(site, harvested):
    number = site.do("numbers", type="evenement")[0]

    ((start, end, commune),) = harvested.ask(
        f"SELECT ?start ?end ?commune {{ <http://localhost:8000/id/vallee/{number}> a pair:Event ;"
        " schema:startDate ?start ; schema:endDate ?end ; dcterms:spatial ?commune }"
    )

    assert (start, end) == ("2031-05-02T18:30:00+02:00", "2031-05-02T21:00:00+02:00")
    assert commune.rsplit("/")[-1] == "26108"


def test_a_changed_post_and_a_changed_event_are_all_that_is_read_the_next_night(site, harvested):
    before = published(harvested)
    post, event = site.do("numbers", type="post")[7], site.do("numbers", type="evenement")[3]
    site.do("change", ID=post, post_title="Un titre mieux trouvé")
    site.do("note", ID=event, name="debut", value="2027-05-01 10:00:00")
    site.do("change", ID=event)

    report = night(harvested, "vallee")

    assert told(report, "read", "updated", "changes") == ("done", 2, 2, 2)
    after = published(harvested)
    assert changes(before, after) == ([], [], [post, event])
    assert "Un titre mieux trouvé" in texts(after[post])
    assert "2027-05-01T10:00:00+02:00" in texts(after[event])
    listings = [address for address in site.asked() if "per_page=" in address]
    assert [address.split("?")[0].rsplit("/")[-1] for address in listings] == ["posts", "pages", "evenements"]
    assert all("modified_after=" in address for address in listings)


def test_a_deleted_post_is_missing_once_the_whole_is_read_and_stays_published(site, harvested):
    before = published(harvested)
    thrown, deleted = site.do("numbers", type="post")[11:13]
    site.do("trash", ID=thrown)
    site.do("delete", ID=deleted)

    changed = night(harvested, "vallee")
    harvested.declare(TOML.format(url=site.url, full_every="0s"))
    whole = night(harvested, "vallee")

    assert told(changed, "read", "missing") == ("unchanged", 0, 0)
    assert told(whole, "created", "missing", "changes") == ("done-issues", 0, 2, 2)
    assert changes(before, published(harvested)) == ([], [], [thrown, deleted])  # marked missing, no more
    (standing,) = command(harvested, "status")["sources"]
    assert (standing["published"], standing["missing"], standing["withdrawn"]) == (ALL, 2, 0)


def test_an_added_page_is_created_alone(site, harvested):
    before = published(harvested)
    number = site.do("write", post_type="page", post_title="Nos ateliers", post_content="<p>Le samedi.</p>")

    report = night(harvested, "vallee")

    assert told(report, "read", "created", "changes") == ("done", 1, 1, 1)
    assert changes(before, published(harvested)) == ([number], [], [])


def test_maintenance_defers_the_night_and_leaves_everything_published(site, harvested):
    before = published(harvested)
    site.do("change", ID=site.do("numbers", type="post")[0], post_title="Pendant la mise à jour")

    with site.maintenance():
        report = night(harvested, "vallee")

    assert report["outcome"] == "deferred"
    assert re.search(r"answered 503 .*published data kept, the next round tries again", report["message"])
    assert published(harvested) == before
    assert told(night(harvested, "vallee"), "updated", "changes") == ("done", 1, 1)


def test_a_site_without_pretty_addresses_is_read_the_same(site, federation):
    site.do("permalinks", structure="")
    federation.declare(TOML.format(url=site.url, full_every="7d"))

    report = federation.run("vallee", asked=Asked(dry=True))

    assert (report.outcome, report.counts["created"], report.counts["rejected"]) == ("done-issues", ALL, 1)
    assert any("rest_route=/wp/v2/posts&per_page=100&page=3" in address for address in site.asked())
