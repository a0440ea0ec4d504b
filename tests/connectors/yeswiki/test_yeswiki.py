"""What is special to yeswiki."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shelf import HTML, Shelf, harvested, read, recorded, refs, source, values

from harvester.errors import SourceChanged
from harvester.model import Record, Rejected


def entry(**said: Any) -> dict[str, Any]:
    return {"id_fiche": "JardinPartage", "bf_titre": "Jardin", "statut_fiche": "1"} | said


def test_yeswiki_list_keys_gain_their_labels():
    by_ref = {
        record.ref: record.value for record in harvested(*recorded("yeswiki")) if isinstance(record, Record)
    }
    assert by_ref["YeswikiLeSiteOfficiel"]["checkboxListeType_labels"] == ["Site web ressource"]
    assert by_ref["YeswikiLeSiteOfficiel"]["checkboxListeType"] == "1"


@pytest.mark.parametrize(
    "answer",
    [
        {
            "nodes": [
                {"id": "Gl", "label": "Groupe local", "children": [{"id": "GLE", "label": "En émergence"}]}
            ]
        },
        {"ListeType": {"label": {"Gl": "Groupe local", "GLE": "En émergence"}, "titre_liste": "Type"}},
    ],
    ids=["nodes", "label"],
)
def test_yeswiki_lists_old_and_new_are_read(answer):
    root = "https://w.example/"
    bodies = {
        f"{root}?api/forms/1/entries": [entry(listeListeType="GLE,Gl, Autre")],
        f"{root}?api/forms/1": {"template": [["liste", "ListeType", "Type"]]},
        f"{root}?BazaR/json&demand=lists&list=ListeType": answer,
    }
    shelf = Shelf({url: json.dumps(body).encode() for url, body in bodies.items()})
    (value,) = values(harvested(source("yeswiki", root, form=1), shelf))
    assert value["listeListeType_labels"] == ["En émergence", "Groupe local", "Autre"]


def test_yeswiki_labels_carried_by_the_form_need_no_list():
    root = "https://w.example/"
    prepared = [{"propertyname": "radioListeX", "options": {"1": "Oui"}}]
    bodies = {
        f"{root}?api/forms/1/entries": {"A": entry(radioListeX="1")},
        f"{root}?api/forms/1": {"1": {"template": [["radio", "ListeX"]], "prepared": prepared}},
    }
    shelf = Shelf({url: json.dumps(body).encode() for url, body in bodies.items()})
    (value,) = values(harvested(source("yeswiki", root, form="1"), shelf))
    assert value["radioListeX_labels"] == ["Oui"]
    assert list(bodies) == shelf.asked


def test_yeswiki_wiki_older_than_its_api_is_read_by_its_old_page():
    url = "https://w.example/sub/?BazaR/json&demand=entries&id=3"
    for page in (None, HTML):
        shelf = Shelf({url: json.dumps({"JardinPartage": entry()}).encode()})
        if page:
            shelf.bodies["https://w.example/sub/?api/forms/3/entries"] = page
        assert refs(harvested(source("yeswiki", "https://w.example/sub", form="3"), shelf)) == [
            "JardinPartage"
        ]


@pytest.mark.parametrize("body", [[], {}], ids=["list", "object"])
def test_yeswiki_empty_form_is_empty_not_broken(body):
    assert read("yeswiki", json.dumps(body)) == []


def test_yeswiki_error_object_is_not_a_form():
    with pytest.raises(SourceChanged, match="expected entries, got 'Unauthorized'"):
        read("yeswiki", '{"error": "Unauthorized"}')


def test_yeswiki_entry_waiting_for_validation_is_rejected_by_name():
    expected = [Rejected("JardinPartage", "statut_fiche '0': not validated on the wiki")]
    assert expected == read("yeswiki", json.dumps([entry(statut_fiche=0)]))


def test_yeswiki_newer_entries_are_known_by_their_tag():
    assert refs(read("yeswiki", json.dumps([{"tag": "JardinTag", "bf_titre": "Jardin"}]))) == ["JardinTag"]


def test_yeswiki_accounts_and_addresses_never_reach_a_record():
    people = dict.fromkeys(["bf_mail", "bf_auteur", "user", "owner", "createur", "html_data"], "x")
    (value,) = values(read("yeswiki", json.dumps([entry(**people)])))
    assert {"id_fiche", "bf_titre", "statut_fiche", "_page"} == value.keys()


def test_yeswiki_page_image_and_point_are_made_absolute():
    raw = entry(imagebf_image="Jardin_é.png", carte_google="44.1|4.2")
    (value,) = values(read("yeswiki", f"<b>Notice</b>: x\n{json.dumps([raw])}"))
    assert value["_page"] == "https://w.example/?JardinPartage"
    assert value["_image"] == "https://w.example/files/Jardin_%C3%A9.png"
    assert (value["bf_latitude"], value["bf_longitude"]) == ("44.1", "4.2")


def test_yeswiki_entries_of_another_form_fail_the_source():
    feed, shelf = recorded("yeswiki")
    first, second = (f"https://wiki.example.org/?api/forms/{form}/entries" for form in "24")
    shelf.bodies[second] = shelf.bodies[first]
    with pytest.raises(SourceChanged, match="expected entries of form '4', got one of '2'; ask the wiki"):
        harvested(feed, shelf)
