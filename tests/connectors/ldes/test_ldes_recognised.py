"""Which addresses lead to an event stream, and which do not."""

from __future__ import annotations

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

ROOT = "https://flux.example"
PREFIXES = (
    "@prefix dcterms: <http://purl.org/dc/terms/> . @prefix ldes: <https://w3id.org/ldes#> . "
    "@prefix tree: <https://w3id.org/tree#> . @prefix pair: <http://virtual-assembly.org/ontologies/pair#> . "
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> . "
)
STREAM = f'{PREFIXES}<{ROOT}/s> a ldes:EventStream ; dcterms:title "Flux" ; tree:view <{ROOT}/v> .'
VIEW = f"{PREFIXES}<{ROOT}/s> tree:view <{ROOT}/v> . <{ROOT}/v> tree:relation [ tree:node <{ROOT}/v/1> ] ."
MEMBERS = (
    f"{PREFIXES}<{ROOT}/s> tree:member <{ROOT}/o/1/v1>, <{ROOT}/p/1/v1> . "
    f"<{ROOT}/o/1/v1> a pair:Organization ; dcterms:isVersionOf <https://id.example/o/1> . "
    f"<{ROOT}/p/1/v1> a foaf:Person ; dcterms:isVersionOf <https://id.example/p/1> . "
)
BODIES = {f"{ROOT}/s": STREAM, f"{ROOT}/v": VIEW, f"{ROOT}/v/1": MEMBERS}

recognised = connectors.load("ldes").recognised


@pytest.mark.parametrize("address", [f"{ROOT}/s", f"{ROOT}/v"])
def test_ldes_stream_and_its_view_are_recognised_and_stay_the_address(address):
    looks = Looks(BODIES)
    found = recognised(seen(address, BODIES[address]), looks)
    assert (found.certainty, found.url, found.title) == (Certainty.NAMED, address, "Flux")
    assert found.learned == ["class pair:Organization: 1 of the first 2 members, kind organisation"]
    assert found.keys == {"namespace": "https://id.example/"}
    assert set(looks.asked) == BODIES.keys() - {address}


def test_ldes_page_behind_leads_to_the_view_that_it_names():
    behind = f"{MEMBERS}<{ROOT}/s> tree:view <{ROOT}/v> ."
    assert recognised(seen(f"{ROOT}/v/1", behind), Looks(BODIES)).url == f"{ROOT}/v"


def test_ldes_of_several_views_one_is_for_a_person_to_choose():
    two = f"{STREAM} <{ROOT}/s> tree:view <{ROOT}/w> ."
    found = recognised(seen(f"{ROOT}/s", two), Looks(BODIES))
    assert found.url == f"{ROOT}/v"
    assert found.unknown == [f"url: which view? {ROOT}/v, {ROOT}/w"]
    assert recognised(seen(f"{ROOT}/v", two), Looks(BODIES)).unknown == []


@pytest.mark.parametrize(
    "body",
    [
        f"{PREFIXES}<{ROOT}/s> a ldes:EventStream .",
        f"{PREFIXES}<{ROOT}/a> a pair:Organization .",
        f"{PREFIXES}<{ROOT}/s> tree:view <",
        {"view": f"{ROOT}/v", "type": "https://w3id.org/ldes#EventStream"},
    ],
    ids=["no-view", "dump", "cut", "json"],
)
def test_ldes_lookalikes_are_not_recognised(body):
    looks = Looks(BODIES)
    assert recognised(seen(f"{ROOT}/s", body), looks) is None
    assert recognised(page(ROOT, "Un flux, https://w3id.org/ldes#"), looks) is None
    assert looks.asked == []
