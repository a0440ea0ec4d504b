"""What is special to ldes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from demo.reply import Reply
from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.harvest import Asked, From
from harvester.mapping import compile_mapping
from harvester.model import Gone, Kept, Listing, Outcome, Record

HOST = "https://l.example/"
FEED = f"{HOST}flux"
PREFIXES = """
@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <http://schema.org/> .
@prefix tree: <https://w3id.org/tree#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
VERSIONED = "<flux> a ldes:EventStream ; ldes:versionOfPath dcterms:isVersionOf ; ldes:timestampPath dcterms:created ."
OPEN = "<flux> tree:view <flux> ."
MAY = datetime(2026, 5, 1, tzinfo=UTC)
TURTLE, TRIG = "text/turtle", "application/trig"


class Remembering(Shelf):
    """A shelf that also holds the answers of the last whole reading, as the client does."""

    def __init__(self, *args, known=(), **said):
        super().__init__(*args, **said)
        self.known = {answer.url: answer for answer in known}


def shelf(pages: dict[str, str], *, kind=Shelf, labels=(), **said):
    """Pages by the end of their address, in Turtle unless they hold a graph."""
    bodies = {f"{HOST}{path}": (PREFIXES + text).encode() for path, text in pages.items()}
    types = {
        f"{HOST}{path}": {"media_type": TRIG if "GRAPH" in text else TURTLE} for path, text in pages.items()
    }
    return kind(bodies, {url: types[url] | dict(labels).get(url, {}) for url in types}, **said)


def feed(url: str = FEED, **options):
    return source("ldes", url, **options)


def read(pages: dict[str, str], **said):
    options = said.pop("options", {})
    return harvested(feed(**options), shelf(pages, **said))


def version(name: str, of: str, at: str, label: str = "", more: str = "") -> str:
    """A version of an organisation, described as a whole."""
    return (
        f"<flux> tree:member <{name}> . <{name}> a org:Organization ; dcterms:isVersionOf <{of}> ; "
        f'dcterms:created "{at}"^^xsd:dateTime ; rdfs:label "{label or name}" {more}. '
    )


def leads(*pages: str) -> str:
    """Relations from the first page to others."""
    return " ".join(f"<flux> tree:relation [ a tree:Relation ; tree:node <{page}> ] ." for page in pages)


def bound(page: str, kind: str, value: str, path: str = "dcterms:created", at: str = "flux") -> str:
    return f'<{at}> tree:relation [ a tree:{kind} ; tree:node <{page}> ; tree:path {path} ; tree:value "{value}" ] . '


def names(found) -> dict[str, str]:
    return {one.ref: one.value["name"] for one in found if isinstance(one, Record)}


# --- where the stream begins --------------------------------------------------------------------------


def test_ldes_stream_leads_to_its_view_and_a_first_page_is_not_asked_twice():
    page = f"{VERSIONED} <flux> tree:view <vue> . {version('a/1', 'a', '2026-01-01T00:00:00Z')}"
    entry = shelf({"flux": f"{VERSIONED} <flux> tree:view <vue> .", "vue": page})
    view = shelf({"vue": page})

    assert refs(harvested(feed(), entry)) == refs(harvested(feed(f"{HOST}vue"), view)) == ["a"]
    assert (entry.asked, view.asked) == ([FEED, f"{HOST}vue"], [f"{HOST}vue"])


def test_ldes_several_views_are_an_error_that_names_them():
    with pytest.raises(
        SourceChanged, match=r"ldes 'test': https://l.example/flux: 2 views, 'https://l.example/a', "
    ):
        read({"flux": "<flux> tree:view <a>, <b> ."})


def test_ldes_page_that_is_the_view_of_two_collections_is_an_error():
    with pytest.raises(SourceChanged, match="2 views"):
        read({"flux": "<c1> tree:view <flux> . <c2> tree:view <flux> ."})


def test_ldes_one_of_several_views_may_be_given():
    text = f"<c> tree:view <flux>, <autre> ; ldes:versionOfPath dcterms:isVersionOf . {version('a/1', 'a', '2026-01-01')}"
    assert refs(read({"flux": text.replace("<flux> tree:member", "<c> tree:member")})) == ["a"]


@pytest.mark.parametrize("text", ["", "<flux> a ldes:EventStream .", leads("p2")])
def test_ldes_address_without_a_view_is_no_stream(text):
    with pytest.raises(
        SourceChanged,
        match=r"no `tree:view` in it; give the address of an event stream|says nothing of a stream",
    ):
        read({"flux": text})


def test_ldes_redirected_address_is_followed_to_the_view_that_it_names():
    page = (
        f"<stream> tree:view <par-date> . {version('a/1', 'a', '2026-01-01').replace('<flux>', '<stream>')}"
    )
    assert refs(read({"flux": page, "par-date": page})) == ["a"]


@pytest.mark.parametrize("view", ["http://l.example/flux", "https://l.example/flux#view"])
def test_ldes_first_page_is_known_whatever_scheme_and_fragment_say(view):
    found = shelf({"flux": f"<flux#stream> tree:view <{view}> . {version('a/1', 'a', '2026-01-01')}"})
    assert refs(
        harvested(
            feed(f"{FEED}#stream"),
            Shelf({f"{FEED}#stream": found.bodies[FEED]}, {f"{FEED}#stream": {"media_type": TURTLE}}),
        )
    ) == ["a"]


# --- following relations ------------------------------------------------------------------------------


def test_ldes_every_relation_is_followed_once_whatever_its_type_and_circles_end():
    kinds = (
        "Relation",
        "GreaterThanRelation",
        "LessThanRelation",
        "PrefixRelation",
        "GeospatiallyContainsRelation",
    )
    pages = {f"p{n}": version(f"{n}/1", str(n), "2026-01-01") + leads("flux", "p1") for n in range(5)}
    root = " ".join(
        f"<flux> tree:relation [ a tree:{kind} ; tree:node <p{n}> ] ." for n, kind in enumerate(kinds)
    )
    found = shelf(
        {"flux": f"{OPEN} {root} {bound('p1', 'LessThanRelation', '2026')} {leads('flux')}", **pages}
    )

    assert sorted(refs(harvested(feed(), found))) == ["0", "1", "2", "3", "4"]
    assert sorted(found.asked) == [FEED, *(f"{HOST}p{n}" for n in range(5))]


def test_ldes_relations_with_names_and_in_a_graph_of_controls_are_followed():
    root = (
        "GRAPH <flux> { <flux> tree:view <flux> ; tree:relation <flux#r1> . <flux#r1> tree:node <p1#page> . } "
        + version("b/1", "b", "2026-01-01")
    )
    assert sorted(refs(read({"flux": root, "p1": version("a/1", "a", "2026-01-01")}))) == ["a", "b"]


def test_ldes_page_with_thousands_of_relations_loses_none():
    many = [f"p{n}" for n in range(1100)]
    pages = {page: version(f"{page}/1", f"id/{page}", "2026-01-01") for page in many}
    assert len(refs(read({"flux": f"{OPEN} {leads(*many)}", **pages}))) == 1100


def test_ldes_stream_without_end_is_an_error_that_names_the_option():
    pages = {f"p{n}": leads(f"p{n + 1}") for n in range(9)}
    with pytest.raises(
        SourceChanged, match=r"ldes 'test': https://l.example/p4: more than 5 pages .* `most_pages`"
    ):
        read({"flux": f"{OPEN} {leads('p0')}", **pages}, options={"most_pages": 5})


@pytest.mark.parametrize("error", [SourceUnavailable("answered 503"), SourceChanged("answered 404")])
def test_ldes_page_that_fails_lets_the_error_through(error):
    pages = {"flux": f"{OPEN} {version('a/1', 'a', '2026-01-01')} {leads('p1')}"}
    with pytest.raises(type(error), match=str(error)):
        read(pages, failing={f"{HOST}p1": error})


def test_ldes_page_that_is_gone_is_empty_and_the_first_one_must_not_be():
    pages = {
        "flux": f"{OPEN} {version('a/1', 'a', '2026-01-01')} {leads('p1', 'p2')}",
        "p2": version("b/1", "b", "2026-01-01"),
    }
    gone = SourceChanged("test: https://l.example/p1 answered 410; published data kept, check its address")
    held = shelf(pages, failing={f"{HOST}p1": gone})
    connector = connectors.load("ldes")
    kept = list(connector.answers(feed(), held, held))

    held.bodies[f"{HOST}p1"] = held.bodies[FEED]  # the raw store knows bodies by their content
    assert refs(list(connector.records(feed(), kept, held))) == ["a", "b"]
    assert [answer.status for answer in kept] == [200, 410, 200]
    with pytest.raises(SourceChanged, match="answered 410"):
        read({"flux": "<flux> tree:view <p1> ."}, failing={f"{HOST}p1": gone})
    with pytest.raises(SourceChanged, match="answered 410"):
        read({}, failing={FEED: gone})


def test_ldes_page_that_was_promised_and_not_kept_fails_the_source():
    held = shelf({"flux": f"{OPEN} {leads('p1')}", "p1": version("a/1", "a", "2026-01-01")})
    connector = connectors.load("ldes")
    kept = list(connector.answers(feed(), held, held))
    with pytest.raises(SourceChanged, match=r"no answer kept for 'https://l.example/p1'"):
        list(connector.records(feed(), kept[:-1], held))


def test_ldes_page_that_is_a_web_page_fails_the_source():
    held = shelf({"flux": f"{OPEN} {leads('p1')}", "p1": ""})
    held.bodies[f"{HOST}p1"] = HTML
    with pytest.raises(SourceChanged, match=r"ldes 'test': https://l.example/p1: "):
        harvested(feed(), held)


# --- pages that never change --------------------------------------------------------------------------

STILL = "<p1> ldes:immutable true . "


def again(first: Shelf, **changed):
    """A second whole reading, the answers of the first in hand: the addresses that were asked."""
    connector = connectors.load("ldes")
    known = list(connector.answers(feed(), first, first))
    second = Remembering(first.bodies, first.labels, known=known, **changed)
    kept = list(connector.answers(feed(), second, second))
    assert [answer.url for answer in kept] == [answer.url for answer in known]
    assert refs(list(connector.records(feed(), kept, second))) == ["a", "b"]
    return [url.removeprefix(HOST) for url in second.asked]


@pytest.mark.parametrize(
    ("mark", "headers", "asked"),
    [
        (STILL, {}, ["flux", "p2"]),
        (STILL.replace("true", '"1"^^xsd:boolean'), {}, ["flux", "p2"]),
        ("", {"cache-control": "public, max-age=31536000, Immutable"}, ["flux", "p2"]),
        ("", {"cache-control": "max-age=60"}, ["flux", "p1", "p2"]),
        (STILL.replace("true", "false"), {}, ["flux", "p1", "p2"]),
        (STILL.replace("<p1>", "<p2>"), {}, ["flux", "p1", "p2"]),
    ],
)
def test_ldes_page_that_never_changes_is_not_asked_again(mark, headers, asked):
    pages = {
        "flux": f"{VERSIONED} {OPEN} {leads('p1', 'p2')} {STILL.replace('<p1>', '<p2>')}",
        "p1": mark + version("a/1", "a", "2026-01-01T00:00:00Z"),
        "p2": version("b/1", "b", "2026-01-01T00:00:00Z"),
    }
    assert again(shelf(pages, labels={f"{HOST}p1": {"headers": headers}})) == asked


def test_ldes_page_that_never_changes_is_asked_again_when_its_body_is_no_longer_kept():
    pages = {
        "flux": f"{OPEN} {leads('p1')} {version('b/1', 'b', '2026')}",
        "p1": STILL + version("a/1", "a", "2026"),
    }

    class Pruned(Remembering):
        def open(self, answer):
            if answer.url not in self.asked:
                from harvester.errors import StoreError

                raise StoreError("not there")
            return super().open(answer)

    first = shelf(pages)
    connector = connectors.load("ldes")
    known = list(connector.answers(feed(), first, first))
    second = Pruned(first.bodies, first.labels, known=known)
    assert len(list(connector.answers(feed(), second, second))) == 2
    assert second.asked == [FEED, f"{HOST}p1"]


def test_ldes_nights_ask_for_what_may_change_only_and_publish_the_newest(federation, partners):
    def page(text):
        return (PREFIXES + text).encode()

    partners.serve("/flux", page(f"{VERSIONED} {OPEN} {leads('p1', 'p2')}"), TURTLE)
    partners.answer(
        "/p1", Reply(body=page(STILL + version("a/1", "a", "2026-01-01T00:00:00Z", "Un")), media_type=TURTLE)
    )
    partners.serve("/p2", page(version("b/1", "b", "2026-01-02T00:00:00Z", "Deux")), TURTLE)
    federation.declare(
        f'[source.s]\ntitle = "S"\nconnector = "ldes"\nurl = "{partners.url}/flux"\nlicence = "ODbL-1.0"\n'
        'allow_private = true\ndelay = "0s"\nfull_every = "0s"\n'
    )
    assert federation.run("s").outcome is Outcome.DONE
    partners.requests.clear()
    gone = '<flux> tree:member <b/2> . <b/2> a as:Delete ; dcterms:isVersionOf <b> ; dcterms:created "2026-02-01T00:00:00Z" .'
    partners.serve("/p2", page(version("b/1", "b", "2026-01-02T00:00:00Z") + gone), TURTLE)
    second = federation.run("s")

    assert [seen.path for seen in partners.requests if seen.path != "/robots.txt"] == ["/flux", "/p2"]
    assert (second.outcome, second.counts["withdrawn"]) == (Outcome.DONE, 1)
    assert federation.run("s", asked=Asked(origin=From.RAW)).outcome in (Outcome.DONE, Outcome.UNCHANGED)


# --- changes only -------------------------------------------------------------------------------------

OLD, NEW = "2026-04-01T00:00:00Z", "2026-05-20T00:00:00Z"


@pytest.mark.parametrize(
    ("kind", "value", "passed"),
    [
        ("LessThanRelation", "2026-05-01T00:00:00Z", True),
        ("LessThanRelation", "2026-05-01T02:00:00+02:00", True),
        ("LessThanRelation", "2026-05-01T00:00:01Z", False),
        ("LessThanRelation", "2026-05-01T00:00:00", False),
        ("LessThanRelation", "2026-04-30T10:00:00", True),
        ("LessThanRelation", "2026-04", True),
        ("LessThanOrEqualToRelation", "2026-05-01T00:00:00Z", False),
        ("LessThanOrEqualToRelation", "2026-04-30T23:59:59.5Z", True),
        ("LessThanOrEqualToRelation", "2026-04-30", False),
        ("LessThanOrEqualToRelation", "2026-04-29", True),
        ("EqualToRelation", "2026-04-29T00:00:00Z", True),
        ("InBetweenRelation", "2026-03", True),
        ("InBetweenRelation", "2026-04", False),
        ("InBetweenRelation", "2026-04-30T05", True),
        ("InBetweenRelation", "2026-05-01T05", False),
        ("InBetweenRelation", "2026", False),
        ("GreaterThanRelation", "2020-01-01T00:00:00Z", False),
        ("Relation", "2020-01-01T00:00:00Z", False),
        ("LessThanRelation", "n/a", False),
        ("LessThanRelation", "9999-12-31T23:59:59", False),
    ],
)
def test_ldes_page_is_passed_over_when_its_relation_proves_that_all_it_holds_is_older(kind, value, passed):
    pages = {
        "flux": f"{VERSIONED} {OPEN} {bound('p1', kind, value)} {leads('p2')}",
        "p1": version("a/1", "a", OLD),
        "p2": version("b/1", "b", NEW),
    }
    held = shelf(pages, since=MAY)
    assert refs(harvested(feed(), held)) == (["b"] if passed else ["a", "b"])
    assert (f"{HOST}p1" not in held.asked) == passed
    assert refs(harvested(feed(), shelf(pages))) == ["a", "b"]


@pytest.mark.parametrize(
    "relations",
    [
        bound("p1", "LessThanRelation", "2026-01-01", path="dcterms:modified"),
        bound(
            "p1",
            "LessThanRelation",
            "2026-01-01",
            path="[ <http://www.w3.org/ns/shacl#inversePath> dcterms:created ]",
        ),
        '<flux> tree:relation [ a tree:LessThanRelation ; tree:node <p1> ; tree:value "2026-01-01" ] .',
    ],
)
def test_ldes_bound_on_anything_but_the_time_of_the_stream_proves_nothing(relations):
    held = shelf({"flux": f"{VERSIONED} {OPEN} {relations}", "p1": version("a/1", "a", OLD)}, since=MAY)
    assert refs(harvested(feed(), held)) == ["a"]


def test_ldes_stream_that_does_not_say_its_time_is_read_whole():
    relation = bound("p1", "LessThanRelation", "2020-01-01")
    assert refs(read({"flux": f"{OPEN} {relation}", "p1": version("a/1", "a", OLD)}, since=MAY)) == ["a"]


def test_ldes_bounds_of_one_page_are_combined_and_another_way_to_it_does_not_undo_them():
    both = bound("p1", "GreaterThanOrEqualToRelation", "2026-01-01") + bound(
        "p1", "LessThanRelation", "2026-02-01"
    )
    pages = {
        "flux": f"{VERSIONED} {OPEN} {both} {leads('p2')}",
        "p1": version("a/1", "a", "2026-01-05"),
        "p2": version("b/1", "b", NEW),
    }
    assert refs(read(pages, since=MAY)) == ["b"]
    assert refs(read(pages | {"p2": pages["p2"] + leads("p1").replace("<flux>", "<p2>")}, since=MAY)) == ["b"]


def test_ldes_versions_read_before_never_come_back_over_newer_ones_in_pages_passed_over():
    pages = {
        "flux": f"{VERSIONED} {OPEN} {bound('p1', 'LessThanRelation', '2026-04-15T00:00:00Z')} {leads('p2')}",
        "p1": version("a/2", "a", "2026-04-10T00:00:00Z"),
        "p2": version("a/1", "a", "2026-04-01T00:00:00Z") + version("b/1", "b", "2026-04-20T00:00:00Z"),
    }
    assert refs(read(pages, since=MAY)) == ["b"]
    assert names(read(pages)) == {"a": "a/2", "b": "b/1"}


def test_ldes_connector_reads_changes_and_proves_what_is_missing():
    connector = connectors.load("ldes")
    assert (connector.incremental, connector.listing) == (True, Listing.FULL)


# --- versions -----------------------------------------------------------------------------------------


def test_ldes_newest_version_wins_whatever_page_and_zone_it_stands_in():
    pages = {
        "flux": f"{VERSIONED} {OPEN} {version('a/3', 'a', '2026-01-01T12:00:00Z')} {leads('p1')}",
        "p1": version("a/1", "a", "2026-01-01T13:30:00+02:00")
        + version("a/2", "a", "2026-01-01T11:30:00-01:00"),
    }
    assert names(read(pages)) == {"a": "a/2"}


def test_ldes_member_on_several_pages_is_one_record():
    text = version("a/1", "a", "2026-01-01T00:00:00Z")
    assert len(values(read({"flux": f"{VERSIONED} {OPEN} {text} {leads('p1')}", "p1": text}))) == 1


def test_ldes_versions_of_one_moment_are_told_apart_by_sequence_then_by_name():
    at = "2026-01-01T00:00:00Z"
    sequence = VERSIONED.replace(" .", " ; ldes:sequencePath schema:position .")
    told = version("a/9", "a", at, more="; schema:position 9 ") + version(
        "a/1", "a", at, more="; schema:position 10 "
    )
    untold = version("a/v10", "a", at) + version("a/v9", "a", at)

    assert names(read({"flux": f"{sequence} {OPEN} {told}"})) == {"a": "a/1"}
    assert names(read({"flux": f"{VERSIONED} {OPEN} {untold}"})) == {"a": "a/v10"}


def test_ldes_streams_out_of_order_have_a_time_of_their_own_for_versions():
    context = VERSIONED.replace(
        "dcterms:created .", "dcterms:created ; ldes:versionTimestampPath prov:generatedAtTime ."
    )
    late = version("a/1", "a", "2026-03-01T00:00:00Z", more='; prov:generatedAtTime "2026-01-01T00:00:00Z" ')
    early = version("a/2", "a", "2026-02-01T00:00:00Z", more='; prov:generatedAtTime "2026-01-15T00:00:00Z" ')
    assert names(read({"flux": f"{context} {OPEN} {late} {early}"})) == {"a": "a/2"}


def test_ldes_version_whose_time_cannot_be_read_is_the_oldest_and_spoils_nothing():
    bad, good = version("a/2", "a", "hier"), version("a/1", "a", "2026-01-01T00:00:00Z")
    assert names(read({"flux": f"{VERSIONED} {OPEN} {bad} {good} {version('b/1', 'b', 'hier')}"})) == {
        "a": "a/1",
        "b": "b/1",
    }


def test_ldes_version_becomes_its_thing_changed_when_the_version_was_made():
    (value,) = values(read({"flux": f"{VERSIONED} {OPEN} {version('a/1', 'a', '2026-01-01T00:00:00Z')}"}))
    assert value["modified"] == "2026-01-01T00:00:00Z"
    assert value["derived_from"] == [f"{HOST}a"]
    assert {"created", "dcterms:isVersionOf"}.isdisjoint(value)


def test_ldes_stream_without_versions_gives_its_members_as_they_are():
    member = (
        '<flux> tree:member <m1> . <m1> a org:Organization ; rdfs:label "Un" ; dcterms:created "2026-01-01" .'
    )
    (value,) = values(
        read(
            {
                "flux": f"<flux> ldes:timestampPath dcterms:created . {OPEN} {member} {leads('p1')}",
                "p1": member,
            }
        )
    )
    assert (value["name"], value["created"], "modified" in value) == ("Un", "2026-01-01", False)


@pytest.mark.parametrize(
    "context",
    [
        "",
        "<flux> ldes:versionOf dcterms:isVersionOf ; ldes:timestampPath dcterms:created .",
        "<flux> ldes:versionOfPath (dcterms:isVersionOf) ; ldes:timestampPath (dcterms:created) .",
    ],
    ids=["not told", "old term", "lists"],
)
def test_ldes_paths_are_read_in_every_spelling_and_the_usual_ones_when_not_told(context):
    text = version("a/2", "a", "2026-02-01T00:00:00Z") + version("a/1", "a", "2026-01-01T00:00:00Z")
    (one,) = values(read({"flux": f"{OPEN} {context} {text}"}))
    assert (one["name"], one["modified"]) == ("a/2", "2026-02-01T00:00:00Z")
    assert {"created", "dcterms:isVersionOf"}.isdisjoint(one)


def test_ldes_path_of_several_steps_is_followed_through_what_a_member_holds():
    context = "<flux> ldes:versionOfPath (as:object dcterms:isVersionOf) ; ldes:timestampPath (as:object as:updated) ."
    member = (
        '<flux> tree:member <m{0}> . <m{0}> a org:Organization ; rdfs:label "{0}" ; '
        'as:object [ dcterms:isVersionOf <a> ; as:updated "2026-0{0}-01T00:00:00Z" ] .'
    )
    assert names(read({"flux": f"{context} {OPEN} {member.format(2)} {member.format(1)}"})) == {"a": "2"}


def test_ldes_statements_in_another_order_make_the_same_records():
    more = '; schema:keywords "b", "a", "c" ; rdfs:comment "Deux" ; dcterms:description "Un" '
    other = '; dcterms:description "Un" ; schema:keywords "c", "b", "a" ; rdfs:comment "Deux" '
    one, same = (
        values(read({"flux": f"{VERSIONED} {OPEN} {version('a/1', 'a', OLD, more=told)}"}))
        for told in (more, other)
    )
    assert (one, list(one[0])) == (same, list(same[0]))


# --- versions in graphs of their own ------------------------------------------------------------------


def activity(name: str, of: str, at: str, kind: str = "Update", inside: str = "") -> str:
    graph = f"GRAPH <{name}> {{ {inside} }}" if inside else ""
    return (
        f"<flux> tree:member <{name}> . <{name}> a as:{kind} ; as:object <{of}> ; as:actor <users/camille> ; "
        f'as:published "{at}"^^xsd:dateTime . {graph} '
    )


ACTIVITIES = "<flux> ldes:versionOfPath as:object ; ldes:timestampPath as:published . "


def test_ldes_versions_in_graphs_of_their_own_are_never_mixed():
    old = '<a> a org:Organization ; rdfs:label "Ancien" ; schema:url "https://ancien.example/" .'
    new = '<a> a org:Organization ; rdfs:label "Nouveau" ; schema:location [ schema:addressLocality "Aniane" ] .'
    text = activity("m2", "a", "2026-02-01T00:00:00Z", inside=new) + activity(
        "m1", "a", "2026-01-01T00:00:00Z", inside=old
    )
    (value,) = values(read({"flux": f"{ACTIVITIES} {OPEN} {text}"}))
    assert (value["name"], value["city"], "homepage" in value) == ("Nouveau", "Aniane", False)
    assert "camille" not in str(value)


def test_ldes_graph_of_one_version_says_nothing_of_other_things():
    inside = '<a> a org:Organization ; rdfs:label "A" . <b> a org:Organization ; rdfs:label "B, dit par A" .'
    text = activity("m1", "a", OLD, inside=inside) + activity("m2", "b", OLD)
    found = read({"flux": f"{ACTIVITIES} {OPEN} {text}"})
    assert (names(found), found[1]) == ({"a": "A"}, Kept("b", f"its version '{HOST}m2' says nothing of it"))


def test_ldes_graph_may_speak_of_the_version_itself():
    text = (
        version("a/1", "a", OLD).replace("a org:Organization ;", "")
        + 'GRAPH <a/1> { <a/1> a org:Organization ; schema:slogan "Oui" ; rdfs:label "Un" . }'
    )
    (value,) = values(read({"flux": f"{VERSIONED} {OPEN} {text}"}))
    assert (value["kind"], value["slogan"], value["derived_from"]) == ("organisation", "Oui", [f"{HOST}a"])


def test_ldes_thing_beside_its_activity_is_read_when_it_has_one_version_on_the_page():
    thing = '<a> a org:Organization ; rdfs:label "Seul" . '
    one = activity("m1", "a", "2026-01-01T00:00:00Z")
    two = one + activity("m2", "a", "2026-02-01T00:00:00Z")
    assert names(read({"flux": f"{ACTIVITIES} {OPEN} {thing} {one}"})) == {"a": "Seul"}
    assert read({"flux": f"{ACTIVITIES} {OPEN} {thing} {two}"}) == [
        Kept("a", f"its version '{HOST}m2' says nothing of it")
    ]


# --- deletions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Delete", "Remove", "Tombstone"])
def test_ldes_deletion_is_a_tombstone_and_what_comes_after_it_lives(kind):
    made = activity("m1", "a", "2026-01-01T00:00:00Z", "Create", '<a> a org:Organization ; rdfs:label "Un" .')
    gone = activity("m2", "a", "2026-02-01T00:00:00Z", kind)
    back = activity(
        "m3", "a", "2026-03-01T00:00:00Z", "Create", '<a> a org:Organization ; rdfs:label "Deux" .'
    )
    same = activity("m0", "a", "2026-01-01T00:00:00Z", kind)

    assert read({"flux": f"{ACTIVITIES} {OPEN} {made} {gone}"}) == [Gone("a")]
    assert names(read({"flux": f"{ACTIVITIES} {OPEN} {made} {gone} {back}"})) == {"a": "Deux"}
    assert read({"flux": f"{ACTIVITIES} {OPEN} {made} {same}"}) == [Gone("a")]


@pytest.mark.parametrize(
    ("context", "mark"),
    [
        ("ldes:versionDeleteObject <Fin>", "a <Fin>"),
        (
            "ldes:versionDeletePath schema:creativeWorkStatus ; ldes:versionDeleteObject <Fin>",
            "schema:creativeWorkStatus <Fin>",
        ),
        ('ldes:versionDeletePath <supprime> ; ldes:versionDeleteObject "true"', '<supprime> "true"'),
        (
            "ldes:versionDeletePath (as:object <etat>) ; ldes:versionDeleteObject <Fin>",
            "as:object [ <etat> <Fin> ]",
        ),
    ],
)
def test_ldes_deletion_is_told_as_the_stream_declares_it(context, mark):
    declared = VERSIONED.replace("a ldes:EventStream", f"{context} ; a ldes:EventStream")
    text = version("a/1", "a", "2026-01-01T00:00:00Z") + version(
        "a/2", "a", "2026-02-01T00:00:00Z", more=f"; {mark} "
    )
    assert read({"flux": f"{declared} {OPEN} {text} {version('b/1', 'b', OLD)}"})[0] == Gone("a")


# --- members that are none ----------------------------------------------------------------------------


def test_ldes_bad_member_is_told_leaves_the_listing_open_and_the_rest_goes_on():
    nothing = "<flux> tree:member <m9> . "
    of_nothing = '<flux> tree:member <m8> . <m8> a org:Organization ; rdfs:label "Huit" . '
    found = read(
        {
            "flux": f"{VERSIONED} {OPEN} {nothing} {of_nothing} {version('a/1', 'a', OLD)} {leads('p1')}",
            "p1": nothing,
        }
    )

    assert refs(found) == ["a"]
    assert [one.ref for one in found] == ["a", None, None, None]
    assert reasons(found) == [
        "https://l.example/flux: lists the member 'https://l.example/m9' without describing it",
        "https://l.example/flux: the member 'https://l.example/m8' does not say of what it is a version",
        "https://l.example/p1: lists the member 'https://l.example/m9' without describing it",
    ]


def test_ldes_member_of_a_class_that_nobody_knows_is_rejected_by_its_ref_and_may_be_given_a_kind():
    text = version("a/1", "a", OLD).replace("org:Organization", "<https://ex.org/Chose>")
    found = read({"flux": f"{VERSIONED} {OPEN} {text}"})
    assert [(one.ref, one.reason) for one in found] == [
        ("a", "no kind for https://ex.org/Chose; say which in the source's `kinds`")
    ]
    kinds = {"kinds": {"https://ex.org/Chose": "project"}}
    assert values(read({"flux": f"{VERSIONED} {OPEN} {text}"}, options=kinds))[0]["kind"] == "project"


def test_ldes_persons_never_become_records_and_leave_the_listing_whole():
    text = version("p/1", "p", OLD, "Camille").replace("org:Organization", "schema:Person")
    assert read({"flux": f"{VERSIONED} {OPEN} {text}"}) == []
    assert "Camille" not in str(harvested(*recorded("ldes")))


def test_ldes_members_of_another_collection_on_the_page_are_left_out():
    text = version("a/1", "a", OLD) + version("b/1", "b", OLD).replace("<flux>", "<autre>")
    assert refs(read({"flux": f"{VERSIONED} {OPEN} {text}"})) == ["a"]


# --- what the stream keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "lacks"),
    [
        ("ldes:versionAmount 1", None),
        ('ldes:versionAmount 2 ; ldes:fullLogDuration "P30D"^^xsd:duration', None),
        ('ldes:versionAmount 2 ; ldes:versionDeleteDuration "P7D"^^xsd:duration', None),
        ("a ldes:LatestVersionSubset ; ldes:amount 1", None),
        ('ldes:fullLogDuration "P30D"^^xsd:duration', "fullLogDuration 'P30D'"),
        ('ldes:versionAmount 2 ; ldes:versionDuration "P1Y"', "versionDuration 'P1Y'"),
        (
            'ldes:versionAmount 2 ; ldes:startingFrom "2026-01-01T00:00:00Z"',
            "startingFrom '2026-01-01T00:00:00Z'",
        ),
        ('a ldes:DurationAgoPolicy ; tree:value "P2D"^^xsd:duration', "value 'P2D'"),
        (
            'a ldes:PointInTimePolicy ; ldes:pointInTime "2026-01-01T00:00:00Z"',
            "pointInTime '2026-01-01T00:00:00Z'",
        ),
        ("a <https://ex.org/Policy>", "a policy that we do not know"),
    ],
)
@pytest.mark.parametrize(
    "way",
    [
        "<flux> ldes:retentionPolicy [ {} ] .",
        "<flux> ldes:retentionPolicy <p> . <p> {} .",
        "<flux> tree:viewDescription [ ldes:retentionPolicy [ {} ] ] .",
        "<flux> tree:viewDescription <d> . <d> ldes:retentionPolicy <p> . <p> {} .",
        "<d> tree:rootNode <flux> ; ldes:retentionPolicy [ {} ] .",
    ],
)
def test_ldes_stream_that_may_no_longer_hold_a_thing_proves_nothing_missing(policy, lacks, way):
    found = read({"flux": f"{VERSIONED} {OPEN} {way.format(policy)} {version('a/1', 'a', OLD)}"})
    told = f"the stream keeps a part of its history only ({lacks}); what it no longer holds stays published"
    assert refs(found) == ["a"]
    assert [(one.ref, one.reason) for one in found[1:]] == ([(None, told)] if lacks else [])


def test_ldes_policies_together_keep_what_one_of_them_keeps():
    both = '<flux> ldes:retentionPolicy [ a ldes:LatestVersionSubset ; ldes:amount 1 ], [ a ldes:DurationAgoPolicy ; tree:value "P1D" ] .'
    assert reasons(read({"flux": f"{VERSIONED} {OPEN} {both} {version('a/1', 'a', OLD)}"})) == []


def test_ldes_policy_of_another_view_says_nothing_of_ours():
    other = '<flux> tree:view <autre> . <autre> ldes:retentionPolicy [ ldes:fullLogDuration "P1D" ] .'
    assert reasons(read({"flux": f"{VERSIONED} {OPEN} {other} {version('a/1', 'a', OLD)}"})) == []


# --- the rest -----------------------------------------------------------------------------------------


def test_ldes_context_that_the_partner_keeps_is_asked_for_and_kept():
    page = b'{"@context": "ctx", "@id": "flux", "view": "flux", "member": {"@id": "a", "@type": "org:Organization", "nom": "Un"}}'
    context = (
        b'{"@context": {"tree": "https://w3id.org/tree#", "org": "http://www.w3.org/ns/org#", "member": "tree:member", '
        b'"view": {"@id": "tree:view", "@type": "@id"}, "nom": "http://xmlns.com/foaf/0.1/name"}}'
    )
    held = Shelf({FEED: page, f"{HOST}ctx": context}, {FEED: {"media_type": "application/ld+json"}})
    assert names(harvested(feed(), held)) == {"a": "Un"}


def test_ldes_licence_of_the_stream_is_stated():
    def stated(text: str) -> str | None:
        held = shelf({"flux": text})
        connector = connectors.load("ldes")
        return connector.stated_licence(list(connector.answers(feed(), held, held)), held)

    etalab = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
    assert stated(f"{OPEN} <flux> dcterms:license <{etalab}> .") == etalab
    assert stated(f"{OPEN} {version('a/1', 'a', OLD, more=f'; dcterms:license <{etalab}> ')}") is None


def test_ldes_recording_is_mapped_without_a_rest_and_without_what_was_deleted():
    feed_, held = recorded("ldes")
    connector = connectors.load("ldes")
    mapper, problems = compile_mapping(feed_, connector.mapping, ignored=connector.ignored)
    listed = harvested(feed_, held)
    found = {one.ref: mapper.item(one)[0] for one in listed if isinstance(one, Record)}
    assert (problems, dict(mapper.coverage.unmapped)) == ([], {})
    assert {ref: item.kind for ref, item in found.items()} == {
        "projet/repair-cafe": "project",
        "organisation/jardin": "organisation",
        "fete": "event",
        "organisation/ressourcerie": "organisation",
    }
    assert found["organisation/jardin"].values["name"] == "Jardin partagé des Lilas"
    assert [one for one in listed if isinstance(one, Gone)] == [Gone("organisation/ferme")]
