"""What is special to semapps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Answer, Gone, Item, Kept, Record

BASE = "https://s.example/"
VOID = f"{BASE}.well-known/void"
CONTEXT = f"{BASE}.well-known/context.jsonld"
OTHER = "https://ailleurs.example/"
PAIR = "http://virtual-assembly.org/ontologies/pair#"
JSON_LD = "application/ld+json"

PREFIXES = {
    "pair": PAIR,
    "as": "https://www.w3.org/ns/activitystreams#",
    "dc": "http://purl.org/dc/terms/",
    "ldp": "http://www.w3.org/ns/ldp#",
    "semapps": "http://semapps.org/ns/core#",
    "ldp:contains": {"@type": "@id"},
    "pair:hasLocation": {"@type": "@id"},
    "pair:partOf": {"@type": "@id"},
    "pair:involves": {"@type": "@id"},
}
CONTAINER = ["ldp:Container", "ldp:BasicContainer"]


def part(path: str, *classes: str, base: str = BASE, **said: Any) -> dict[str, Any]:
    """A partition of the server's description, one container."""
    return {"void:uriSpace": base + path, "void:class": [{"@id": one} for one in classes], **said}


def void(*parts: dict[str, Any], mirrors: tuple[dict[str, Any], ...] = (), **said: Any) -> bytes:
    own = {"@id": "#s", "@type": "void:Dataset", "void:uriSpace": BASE, "void:rootResource": {"@id": BASE}}
    theirs = {"@id": "#t", "@type": "void:Dataset", "void:uriSpace": OTHER, "void:classPartition": mirrors}
    graph = [theirs] if mirrors else []
    context = PREFIXES | {"void": "http://rdfs.org/ns/void#", "dc:license": {"@type": "@id"}, "@base": VOID}
    return json.dumps(
        {"@context": context, "@graph": [*graph, own | {"void:classPartition": parts} | said]}
    ).encode()


def one(name: str = "a", base: str = f"{BASE}organizations/", **said: Any) -> dict[str, Any]:
    return {"@id": base + name, "@type": "pair:Organization", "pair:label": f"Le {name}", **said}


def container(*members: Any, path: str = "organizations", context: Any = PREFIXES, **said: Any) -> bytes:
    whole = {"@context": context, "@id": BASE + path, "@type": CONTAINER, "ldp:contains": list(members)}
    return json.dumps(whole | said).encode()


ORGANISATIONS = part("organizations", f"{PAIR}Organization")


class Strict(Shelf):
    """A server as those of 2026: it throws at any other Accept than JSON-LD alone."""

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:
        if accept != JSON_LD:
            raise SourceUnavailable(f"{url}: answered 500")
        return super().get(url, accept=accept, conditional=conditional)


def served(bodies: dict[str, bytes], *parts: dict[str, Any], **said: Any) -> Shelf:
    """A server that announces containers, of organisations when none is told; bodies are by path."""
    labels = {BASE + path: {"media_type": JSON_LD} for path in bodies}
    announced = {VOID: void(*(parts or (ORGANISATIONS,)))}
    return Strict(
        announced | {BASE + path: body for path, body in bodies.items()},
        labels | said.pop("labels", {}),
        **said,
    )


def semapps(**options: Any):
    return source("semapps", BASE, **options)


def read(*members: Any, context: Any = PREFIXES, **options: Any) -> list:
    """What is read of one container of organisations."""
    return harvested(semapps(**options), served({"organizations": container(*members, context=context)}))


def items(found: list, **options: Any) -> list[Item]:
    connector = connectors.load("semapps")
    mapper, problems = compile_mapping(semapps(**options), connector.mapping, ignored=connector.ignored)
    assert problems == []
    return [mapper.item(each)[0] for each in found if isinstance(each, Record)]


# --- what the server announces -----------------------------------------------------------------------


def test_semapps_containers_of_persons_concepts_and_accounts_are_never_asked_for():
    parts = [
        ORGANISATIONS,
        part("users", f"{PAIR}Person", "https://www.w3.org/ns/activitystreams#Person"),
        part("actors", f"{PAIR}Group", "https://www.w3.org/ns/activitystreams#Person"),
        part("profils", f"{PAIR}Group"),
        part("themes", f"{PAIR}Theme"),
        part("memberships", f"{PAIR}MembershipAssociation"),
        part("bots", "https://www.w3.org/ns/activitystreams#Application"),
        part("pages", "http://semapps.org/ns/core#Page"),
    ]
    shelf = served({"organizations": container(one())}, *parts)
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]
    assert shelf.asked == [VOID, f"{BASE}organizations"]


@pytest.mark.parametrize(
    "mark", [True, {"@type": "http://www.w3.org/2001/XMLSchema#boolean", "@value": "true"}, "1"]
)
def test_semapps_container_that_the_server_asks_not_to_copy_is_not_read(mark):
    closed = part("documents", f"{PAIR}Document", **{"semapps:doNotMirror": mark})
    shelf = served({"organizations": container(one())}, ORGANISATIONS, closed)
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]
    assert f"{BASE}documents" not in shelf.asked


def test_semapps_naming_a_closed_container_is_refused_in_words():
    closed = part("documents", f"{PAIR}Document", **{"semapps:doNotMirror": True})
    with pytest.raises(
        SourceRefused, match=r"semapps 'test': https://s.example/documents: .* not to copy it"
    ):
        harvested(semapps(containers=["/documents"]), served({}, closed))


@pytest.mark.parametrize("named", ["/users", "users/", f"{BASE}members"])
def test_semapps_naming_a_container_of_persons_is_refused_in_words(named):
    parts = [ORGANISATIONS, part("members", f"{PAIR}Person")]
    with pytest.raises(SourceRefused, match="holds persons"):
        harvested(semapps(containers=[named]), served({}, *parts))


def test_semapps_containers_of_the_servers_it_mirrors_are_theirs():
    mirrors = (part("organizations", f"{PAIR}Organization", base=OTHER),)
    shelf = Shelf({VOID: void(ORGANISATIONS, mirrors=mirrors), f"{BASE}organizations": container(one())})
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]
    assert all(url.startswith(BASE) for url in shelf.asked)


def test_semapps_container_that_is_announced_twice_is_all_that_is_said_of_it():
    twice = part("mixed", f"{PAIR}Group"), part("mixed/", f"{PAIR}Person"), part("mixed", f"{PAIR}Event")
    shelf = served({"organizations": container(one())}, ORGANISATIONS, *twice)
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]
    assert shelf.asked == [VOID, f"{BASE}organizations"]


def test_semapps_container_that_is_announced_empty_is_not_asked_for():
    empty = part("groups", f"{PAIR}Group", **{"void:entities": 0})
    shelf = served({"organizations": container(one())}, ORGANISATIONS, empty)
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]


def test_semapps_description_in_turtle_says_the_same():
    turtle = f"""@prefix void: <http://rdfs.org/ns/void#> . @prefix : <{VOID}#> .
      :s a void:Dataset ; void:uriSpace "{BASE}" ; void:rootResource <{BASE}> ; void:classPartition
        [ void:uriSpace "{BASE}organizations" ; void:class <{PAIR}Organization> ; void:entities 1 ],
        [ void:uriSpace "{BASE}users" ; void:class <pair:Person> ; void:entities 3 ] ."""
    bodies = {VOID: turtle.encode(), f"{BASE}organizations": container(one())}
    shelf = Shelf(bodies, {VOID: {"media_type": "text/turtle"}})
    assert refs(harvested(semapps(), shelf)) == ["organizations/a"]


def test_semapps_server_that_describes_only_others_is_a_changed_shape():
    body = (
        void(ORGANISATIONS)
        .replace(b'"void:rootResource"', b'"void:x"')
        .replace(f'"void:uriSpace": "{BASE}",'.encode(), f'"void:uriSpace": "{OTHER}",'.encode())
    )
    with pytest.raises(SourceChanged, match=r"semapps 'test': https://.*no void:Dataset of this server"):
        harvested(semapps(), Shelf({VOID: body}))


def test_semapps_server_that_announces_nothing_we_know_tells_what_to_do():
    with pytest.raises(SourceChanged, match="no container of a kind that we know among 1; name them"):
        harvested(semapps(), served({}, part("themes", f"{PAIR}Theme")))


def test_semapps_named_containers_are_read_whatever_they_hold_and_no_other():
    parts = [ORGANISATIONS, part("lieux/x", "https://s.example/ns#Lieu")]
    page = container(
        {"@id": f"{BASE}lieux/x/1", "@type": f"{BASE}ns#Lieu", "pair:label": "Un lieu"}, path="lieux/x"
    )
    shelf = served({"lieux/x": page}, *parts)
    feed = semapps(containers=["/lieux/x/"], kinds={f"{BASE}ns#Lieu": "place"})
    assert refs(harvested(feed, shelf)) == ["lieux/x/1"]
    assert shelf.asked == [VOID, f"{BASE}lieux/x"]


def test_semapps_class_nobody_knows_is_read_once_a_kind_is_given_and_told_until_then():
    parts, page = (
        [part("lieux", f"{BASE}ns#Lieu")],
        {"@id": f"{BASE}lieux/1", "@type": f"{BASE}ns#Lieu", "pair:label": "L"},
    )
    bodies = {"lieux": container(page, path="lieux")}
    found = harvested(semapps(kinds={f"{BASE}ns#Lieu": "place"}), served(bodies, *parts))
    assert values(found)[0]["kind"] == "place"
    told = harvested(semapps(containers=["lieux"]), served(bodies, *parts))
    assert reasons(told) == [f"no kind for {BASE}ns#Lieu; say which in the source's `kinds`"]


def test_semapps_server_without_a_description_is_read_by_the_names_of_its_containers():
    shelf = Shelf({f"{BASE}organizations": container(one())})
    assert refs(harvested(semapps(void=False, containers=["organizations"]), shelf)) == ["organizations/a"]
    assert shelf.asked == [f"{BASE}organizations"]


def test_semapps_options_that_mean_nothing_are_refused():
    options = connectors.load("semapps").options
    with pytest.raises(ValueError, match="name the `containers`"):
        options(void=False)
    with pytest.raises(ValueError, match="no kind 'lieu'"):
        options(kinds={"pair:Place": "lieu"})
    with pytest.raises(ValueError, match="the class 'Place' has no prefix; write 'pair:Place'"):
        options(kinds={"Place": "place"})


def test_semapps_licence_that_the_server_states_is_told():
    stated = connectors.load("semapps").stated_licence
    body = void(ORGANISATIONS, **{"dc:license": "https://creativecommons.org/licenses/by-sa/4.0/"})
    shelf = Shelf({VOID: body})
    assert stated([shelf.get(VOID)], shelf) == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert stated([], shelf) is None


# --- containers --------------------------------------------------------------------------------------


def test_semapps_container_comes_at_once_in_one_request():
    shelf = served({"organizations": container(*(one(str(number)) for number in range(250)))})
    assert len(refs(harvested(semapps(), shelf))) == 250
    assert shelf.asked == [VOID, f"{BASE}organizations"]


def test_semapps_pages_of_other_ldp_servers_are_followed_by_their_link():
    second = f"{BASE}organizations?page=2"
    bodies = {"organizations": container(one("a")), "organizations?page=2": container(one("b"))}
    link = {"media_type": JSON_LD, "headers": {"link": '<?page=2>; rel="next", </>; rel="type"'}}
    shelf = served(bodies, labels={f"{BASE}organizations": link})
    assert refs(harvested(semapps(), shelf)) == ["organizations/a", "organizations/b"]
    shelf.labels = {**shelf.labels, second: {"headers": {"link": '</organizations>; rel="next"'}}}
    with pytest.raises(SourceChanged, match="its pages do not end"):
        harvested(semapps(), shelf)


def test_semapps_private_resources_are_absent_and_the_listing_is_whole_all_the_same():
    parts = ORGANISATIONS | {"void:entities": 12}
    assert harvested(semapps(), served({"organizations": container(one())}, parts))[1:] == []


def test_semapps_empty_container_and_a_single_member_are_read():
    assert read() == []
    single = {"organizations": container(**{"ldp:contains": one()})}
    assert refs(harvested(semapps(), served(single))) == ["organizations/a"]


@pytest.mark.parametrize("error", [SourceUnavailable("answered 500"), SourceRefused("answered 403")])
def test_semapps_container_that_fails_lets_the_error_through(error):
    shelf = served({"organizations": container(one())}, failing={f"{BASE}organizations": error})
    with pytest.raises(type(error), match="answered"):
        harvested(semapps(), shelf)


@pytest.mark.parametrize(
    "body",
    [b'{"type": "NOT_FOUND", "code": 404, "message": "Container not found"}', b"[]", b'{"@id": "a"}'],
)
def test_semapps_error_at_http_200_is_no_empty_container(body):
    with pytest.raises(
        SourceChanged, match=r"semapps 'test': https://s.example/organizations: no LDP container"
    ):
        harvested(semapps(), served({"organizations": body}))


def test_semapps_answer_of_another_container_is_not_taken_for_its_own():
    bodies = {"organizations": container(one()), "groups": container(one())}
    with pytest.raises(SourceChanged, match="groups: the same answer as"):
        harvested(semapps(), served(bodies, ORGANISATIONS, part("groups", f"{PAIR}Group")))


def test_semapps_container_that_is_cut_is_no_complete_listing():
    whole = container(one("a"), one("b"))
    with pytest.raises(
        SourceChanged, match=r"semapps 'test': https://s\.example/organizations: cannot be read"
    ):
        harvested(semapps(), served({"organizations": whole[: len(whole) * 9 // 10]}))


def test_semapps_member_that_is_named_and_not_described_keeps_its_last_version():
    light = one("a"), f"{BASE}organizations/b", {"@id": f"{BASE}users/camille"}
    for context in (PREFIXES, {name: it for name, it in PREFIXES.items() if name != "ldp:contains"}):
        found = read(*light, context=context)
        assert refs(found) == ["organizations/a"]
        assert [each.ref for each in found if isinstance(each, Kept)] == ["organizations/b"]


def test_semapps_container_inside_a_container_is_no_record():
    child = {"@id": f"{BASE}organizations/x", "@type": [*CONTAINER, "ldp:Resource"]}
    assert refs(read(child, one())) == ["organizations/a"]


def test_semapps_what_is_dereferenced_beside_a_member_is_no_member():
    beside = one("b", partial="yes")
    found = read(one("a", **{"pair:partOf": beside}))
    assert refs(found) == ["organizations/a"]
    assert values(found)[0]["part_of"] == "organizations/b"


# --- how JSON-LD is written --------------------------------------------------------------------------

OWN = PREFIXES | {"id": "@id", "type": "@type", "contains": {"@id": "ldp:contains", "@type": "@id"}}
OWN |= {"Organization": "pair:Organization", "label": "pair:label"}
SPELLINGS = [
    container(one()),
    container(one(), context=[PREFIXES, {"@vocab": "_:"}]),
    json.dumps(
        {
            "@context": OWN,
            "id": f"{BASE}organizations",
            "type": CONTAINER,
            "contains": {"id": f"{BASE}organizations/a", "type": "Organization", "label": "Le a"},
        }
    ).encode(),
    json.dumps(
        {
            "@id": f"{BASE}organizations",
            "@type": ["http://www.w3.org/ns/ldp#BasicContainer"],
            "http://www.w3.org/ns/ldp#contains": [
                {
                    "@id": f"{BASE}organizations/a",
                    "@type": ["http://www.virtual-assembly.org/ontologies/1.0/pair#Organization"],
                    "http://www.virtual-assembly.org/ontologies/1.0/pair#preferedLabel": "Le a",
                }
            ],
        }
    ).encode(),
]


@pytest.mark.parametrize("body", SPELLINGS, ids=["prefixes", "vocab", "short terms", "expanded, old pair"])
def test_semapps_container_is_read_however_its_json_ld_is_compacted(body):
    found = harvested(semapps(), served({"organizations": body}))
    expected = {"kind": "organisation", "name": "Le a", "page": f"{BASE}organizations/a"}
    assert [dict(value) for value in values(found)] == [
        expected | {"derived_from": [f"{BASE}organizations/a"]}
    ]


def test_semapps_container_in_turtle_is_read_too():
    body = f"""@prefix ldp: <http://www.w3.org/ns/ldp#> . @prefix pair: <{PAIR}> .
      <{BASE}organizations> a ldp:BasicContainer ; ldp:contains <organizations/a> .
      <organizations/a> a pair:Organization ; pair:label "Le a" ."""
    label = {f"{BASE}organizations": {"media_type": "text/turtle"}}
    assert refs(harvested(semapps(), served({"organizations": body.encode()}, labels=label))) == [
        "organizations/a"
    ]


def test_semapps_contexts_of_the_server_are_asked_for_once_and_kept():
    own = {"@context": [PREFIXES, "more.json"]}
    more = {"@context": {"@vocab": "_:", "kilo": f"{BASE}ns#kilo"}}
    bodies = {
        "organizations": container(
            one(kilo=3, inconnu="x"), context=["https://www.w3.org/ns/activitystreams", CONTEXT]
        ),
        "groups": container(path="groups", context=CONTEXT),
        ".well-known/context.jsonld": json.dumps(own).encode(),
        ".well-known/more.json": json.dumps(more).encode(),
    }
    shelf = served(bodies, ORGANISATIONS, part("groups", f"{PAIR}Group"))
    (value,) = values(harvested(semapps(), shelf))
    assert (value["https://s.example/ns#kilo"], value["undefined:inconnu"]) == ("3", "x")
    assert shelf.asked.count(CONTEXT) == 1
    assert set(shelf.asked) == {VOID, *(BASE + path for path in bodies)}


@pytest.mark.parametrize("answer", [None, b"<!DOCTYPE html><html><body>Archipelago</body></html>"])
def test_semapps_own_context_that_cannot_be_had_is_the_one_of_the_house(answer):
    bodies = {"organizations": container(one(), context=CONTEXT)}
    more = {".well-known/context.jsonld": answer} if answer else {}
    assert refs(harvested(semapps(), served(bodies | more))) == ["organizations/a"]


def test_semapps_context_of_nobody_is_named():
    bodies = {"organizations": container(one(), context="http://localhost:3000/context.json")}
    with pytest.raises(SourceChanged, match=r"no JSON-LD context 'http://localhost:3000/context\.json'"):
        harvested(semapps(), served(bodies))


def test_semapps_context_that_does_not_answer_tonight_defers_the_run():
    bodies = {"organizations": container(one(), context=CONTEXT)}
    with pytest.raises(SourceUnavailable, match="time-out"):
        harvested(semapps(), served(bodies, failing={CONTEXT: SourceUnavailable("time-out")}))


# --- members -----------------------------------------------------------------------------------------


def test_semapps_tombstone_is_gone_and_that_of_a_person_is_nothing():
    found = read(
        {"@id": f"{BASE}organizations/z", "@type": "as:Tombstone", "as:formerType": "pair:Organization"},
        {"@id": f"{BASE}organizations/y", "@type": "as:Tombstone", "as:formerType": {"@id": "as:Person"}},
        {"@id": f"{BASE}users/camille", "@type": "as:Tombstone"},
    )
    assert found == [Gone("organizations/z")]


def test_semapps_person_among_organisations_is_nothing_and_leaves_the_listing_whole():
    person = {
        "@id": f"{BASE}organizations/camille",
        "@type": ["pair:Person", "pair:Organization"],
        "pair:label": "Camille",
    }
    found = read(person, one(**{"pair:involves": [f"{BASE}organizations/camille"], "dc:creator": "Camille"}))
    assert [each.ref for each in found] == ["organizations/a"]
    assert "amille" not in repr(found)


def test_semapps_resource_of_another_server_is_left_to_it_or_kept_with_its_origin():
    marked = one("m", **{"semapps:singleMirroredResource": OTHER})
    members = one("a"), one("b", base=OTHER), marked, f"{OTHER}c"
    assert [each.ref for each in read(*members)] == ["organizations/a"]
    kept = read(*members, mirrored=True)
    assert [each.ref for each in kept] == [f"{OTHER}b", f"{OTHER}c", "organizations/a", "organizations/m"]
    assert isinstance(kept[1], Kept)
    assert [item.values.get("origin") for item in items(kept)] == ["ailleurs.example", None, "s.example"]


@pytest.mark.parametrize("term", ["dc:source", "semapps:synchronizedWith"])
@pytest.mark.parametrize(
    "written",
    ["https://www.carte.example/api/elements/8b1", {"@id": "http://carte.example/api/elements/8b1"}],
)
def test_semapps_imported_resource_says_from_where_and_may_be_left_to_its_own_source(term, written):
    member = one(**{term: written})
    (item,) = items(read(member))
    assert item.values["origin"] in (written, *getattr(written, "values", list)())
    assert item.values["page"] == f"{BASE}organizations/a"
    assert read(member, skip_from=["https://autre.example", "https://carte.example/"]) == []


def test_semapps_blank_nodes_are_read_four_levels_deep():
    address = {"@type": "pair:PostalAddress", "pair:addressLocality": "Aniane", "pair:addressZipCode": 1500}
    place = {
        "@type": "pair:Place",
        "pair:latitude": "43.684",
        "pair:longitude": 3.585,
        "pair:hasPostalAddress": address,
    }
    (item,) = items(read(one(**{"pair:hasLocation": place, "pair:e-mail": "contact@a.example"})))
    told = {name: str(item.values[name]) for name in ("lat", "lon", "postcode", "city", "email")}
    assert told == {
        "lat": "43.684",
        "lon": "3.585",
        "postcode": "01500",
        "city": "Aniane",
        "email": "contact@a.example",
    }


def test_semapps_place_of_another_container_is_where_it_is_even_when_it_comes_later():
    place = {
        "@id": f"{BASE}places/1",
        "@type": "pair:Place",
        "pair:label": "Salle",
        "pair:latitude": "43.6",
        "pair:longitude": "3.8",
    }
    bodies = {
        "organizations": container(one(**{"pair:hasLocation": f"{BASE}places/1"})),
        "places": container(place, path="places"),
    }
    found = harvested(semapps(), served(bodies, ORGANISATIONS, part("places", f"{PAIR}Place")))
    assert [(value["kind"], value["lat"]) for value in values(found)] == [
        ("organisation", "43.6"),
        ("place", "43.6"),
    ]


def test_semapps_order_in_which_a_server_writes_values_changes_nothing():
    topics = [{"@id": f"{BASE}themes/{name}"} for name in "cab"]
    written, again = ({"dc:modified": "2026", "pair:hasTopic": topics}, {"pair:hasTopic": topics[::-1]})
    found = read(one(**written)), read(one(**again | {"dc:modified": "2026"}))
    assert json.dumps(dict(found[0][0].value)) == json.dumps(dict(found[1][0].value))


def test_semapps_misspelt_terms_of_pair_are_known():
    (value,) = values(
        read(one(**{"pair:preferedLabel": "Le a", "pair:moblizedBy": {"@id": f"{BASE}projects/1"}}))
    )
    assert (value["name"], value["related"]) == ("Le a", "projects/1")


def test_semapps_page_of_the_front_is_made_of_the_iri_and_the_class():
    page = "https://front.example/{class}/{iri}/show"
    own = one("b", **{"pair:aboutPage": {"@id": "https://front.example/b"}})
    found = values(read(one(), own, page=page))
    assert [value["page"] for value in found] == [
        "https://front.example/Organization/https%3A%2F%2Fs.example%2Forganizations%2Fa/show",
        "https://front.example/b",
    ]


def test_semapps_recording_is_mapped_and_only_references_to_persons_are_left():
    feed, shelf = recorded("semapps")
    connector = connectors.load("semapps")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found = harvested(feed, shelf)
    told = {each.ref: mapper.item(each)[0] for each in found if isinstance(each, Record)}
    assert problems == []
    assert dict(mapper.coverage.unmapped) == {
        "pair:involvedIn (a person, left out)": 1,
        "pair:involves (a person, left out)": 1,
    }
    assert [each for each in found if not isinstance(each, Record)] == [Gone("projects/velorution")]
    assert [item.kind for item in told.values()] == [*["organisation"] * 3, "project", "event", "place"]
    assert told["organizations/ressourcerie-du-bugey"].values["postcode"] == "01500"
    assert told["projects/compost"].values["city"] == "Aniane"
    assert told["events/fete-de-la-soupe"].values["venue"].values["name"] == "Salle des fêtes"
