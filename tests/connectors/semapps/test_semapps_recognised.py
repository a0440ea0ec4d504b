"""Which addresses lead to a SemApps server, and which do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty, Proposal, Seen

ROOT = "https://data.example/"
VOID = f"{ROOT}.well-known/void"
CONTEXT = {
    "dc": "http://purl.org/dc/terms/",
    "ldp": "http://www.w3.org/ns/ldp#",
    "pair": "http://virtual-assembly.org/ontologies/pair#",
    "semapps": "http://semapps.org/ns/core#",
    "void": "http://rdfs.org/ns/void#",
}


def recognised(given: Seen, looks: Looks) -> Proposal | None:
    """What is recognised where every answer that is no page is labelled as JSON-LD, as servers do."""

    def labelled(found: Seen | None) -> Seen | None:
        return replace(found, media_type="application/ld+json") if found and found.soup is None else found

    return connectors.load("semapps").recognised(
        labelled(given), lambda url, **said: labelled(looks(url, **said))
    )


def part(name: str, of: str = "pair:Organization", **said: Any) -> dict[str, Any]:
    return {"void:uriSpace": f"{ROOT}{name}", "void:class": {"@id": of}, "void:entities": 3} | said


def void(*parts: dict[str, Any], space: str = ROOT, **said: Any) -> dict[str, Any]:
    server = {"@id": "#d", "@type": "void:Dataset", "dc:title": "Garrigues", "void:uriSpace": space}
    return {"@context": CONTEXT, **server, "void:classPartition": list(parts), **said}


def container(name: str = "organizations") -> dict[str, Any]:
    return {"@context": CONTEXT, "@id": f"{ROOT}{name}", "@type": ["ldp:Container", "ldp:BasicContainer"]}


@pytest.mark.parametrize(
    "given",
    [
        page(ROOT, "Propulsé par SemApps"),
        seen(f"{ROOT}organizations", container()),
        seen(VOID, void(part("a"))),
    ],
    ids=["page", "container", "void"],
)
def test_semapps_server_is_recognised_by_its_pages_and_its_data(given):
    licence = {"dc:license": {"@id": "https://opendatacommons.org/licenses/odbl/1-0/"}}
    given = seen(VOID, void(part("a"), **licence)) if given.url == VOID else given
    found = recognised(given, Looks({VOID: void(part("a"), **licence)}))
    assert (found.certainty, found.url, found.title) == (Certainty.NAMED, ROOT, "Garrigues")
    assert found.licence == "https://opendatacommons.org/licenses/odbl/1-0/"
    assert found.learned == [f"container {ROOT}a: 3 of kind organisation"]


def test_semapps_containers_of_persons_and_those_not_to_be_copied_are_not_told():
    closed = part("docs", "pair:Document", **{"semapps:doNotMirror": True})
    found = recognised(
        seen(VOID, void(part("a"), part("users", "pair:Person"), closed, part("x", "pair:Xyz"))), Looks()
    )
    assert found.learned == [f"container {ROOT}a: 3 of kind organisation"]
    assert [one for one in found.unknown if one.startswith("kinds")] == [f"kinds: what does {ROOT}x hold?"]


def test_semapps_server_that_is_mirrored_lends_no_name():
    other = void(part("b"), space="https://other.example/") | {"@id": "#o", "dc:title": "Voisins"}
    body = {"@context": CONTEXT, "@graph": [other, void(part("a"))]}
    assert recognised(seen(VOID, body), Looks()).title == "Garrigues"


def test_semapps_container_of_a_server_that_announces_nothing_stands_alone():
    looks = Looks()
    found = recognised(seen(f"{ROOT}organizations", container()), looks)
    assert found.keys == {"void": False, "containers": ["/organizations"]}
    assert looks.asked == [VOID]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (VOID, void()),
        (VOID, void(part("a"), space="https://other.example/")),
        (VOID, void(part("users", "pair:Person"))),
        (f"{ROOT}users", container("users")),
        (ROOT, {"@context": CONTEXT, "@id": f"{ROOT}a", "@type": "pair:Organization"}),
        (ROOT, {"type": "ldp:Container"}),
    ],
    ids=["no-container", "another-server", "persons", "container-of-persons", "resource", "no-rdf"],
)
def test_semapps_lookalikes_are_not_recognised(url, body):
    looks = Looks()
    assert recognised(seen(url, body), looks) is None
    assert looks.asked == []


def test_semapps_page_that_only_speaks_of_it_costs_one_look():
    looks = Looks()
    assert recognised(page(ROOT, "Nous préférons SemApps"), looks) is None
    assert recognised(page(ROOT, "Bienvenue"), looks) is None
    assert looks.asked == [VOID]
