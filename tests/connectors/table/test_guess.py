"""What is proposed for columns that nobody described."""

from __future__ import annotations

from harvester.connectors._guess import guessed


def row(**said: object) -> dict[str, object]:
    return {"id": 1, "nom": "Jardin"} | said


def test_columns_are_known_whatever_their_case_accents_and_signs():
    rows = [
        {"Libellé": "Jardin", "codePostal": "26150", "NOM_COMMUNE": "Die", "N° de téléphone": "0475000000"}
    ]
    assert guessed(rows).map == {
        "name": "Libellé",
        "postcode": "codePostal",
        "city": "NOM_COMMUNE",
        "telephone": "N° de téléphone",
    }


def test_surer_column_comes_first_and_another_only_where_it_adds_something():
    rows = [{"nom": "", "titre": "Jardin", "label": "J"}, {"nom": "Verger", "titre": "Verger", "label": "V"}]
    assert guessed(rows).map["name"] == ["nom", "titre"]


def test_column_without_a_known_name_is_the_name_when_its_texts_are_all_different():
    rows = [{"type": "A", "Coopérative": f"Le {n}", "avis": None} for n in ("Grain", "Levain", "Four")]
    assert guessed(rows).map == {"name": "Coopérative", "keywords": "type"}


def test_identifier_must_be_unlike_in_every_row():
    rows = [row(id=1, uuid="a"), row(id=1, uuid="b")]
    assert guessed(rows).ref == "uuid"
    assert guessed([row(id=1, uuid="a"), row(id=1, uuid="")]).ref is None


def test_what_a_geocoder_adds_identifies_an_address_and_not_the_row():
    assert guessed([{"nom": "Jardin", "result_id": "26113_0010"}]).ref is None


def test_rows_without_an_identifier_are_told_apart_by_as_few_columns_as_possible():
    rows = [{"nom": "Repair café", "ville": ville} for ville in ("Die", "Crest")]
    assert guessed(rows).keys["key"] == ["nom", "ville"]
    assert guessed([rows[0], rows[0]]).key == ()


def test_metres_of_lambert_93_bring_their_coordinate_system():
    degrees = guessed([row(x="5,37", y="44,75")])
    metres = guessed([row(x="886 000", y="6409000")])
    neither = guessed([row(x="A4", y="B2")])
    assert (degrees.crs, degrees.map["lat"]) == (None, "y")
    assert (metres.crs, metres.map["lon"]) == ("EPSG:2154", "x")
    assert metres.keys["crs"] == "EPSG:2154"
    assert not {"lat", "lon"} & guessed([row(x=9_999_999, y=1)]).map.keys()
    assert "lat" not in neither.map


def test_beginning_and_end_make_events():
    event = guessed([row(**{"Date de début": "2026-11-01", "date_fin": "2026-11-02"})])
    assert (event.kind, event.map["start"], event.map["end"]) == ("event", "Date de début", "date_fin")
    assert guessed([row(**{"Date de début": "2026-11-01"})]).kind is None


def test_list_of_persons_is_not_proposed():
    guess = guessed([{"Nom": "Martin", "Prénom": "Claude", "Ville": "Die"}])
    assert guess.persons
    assert guess.map == {}


def test_persons_beside_a_name_are_left_out_and_told():
    guess = guessed(
        [{"Association": "Le Grain", "Nom": "Martin", "Prénom": "Claude", "Responsable": "C. M."}]
    )
    assert guess.map == {"name": "Association"}
    assert any("Prénom, Responsable" in sentence for sentence in guess.unknown)


def test_pictures_must_be_addresses_and_objects_are_no_values():
    assert guessed([row(logo="logo.png", description={"fr": "Un jardin"})]).map == {"name": "nom"}


def test_columns_alone_are_enough():
    guess = guessed([], ["siret", "raison_sociale", "code_insee"])
    assert (guess.ref, guess.map["name"], guess.map["insee"]) == ("siret", "raison_sociale", "code_insee")


def test_most_frequent_words_of_the_column_of_keywords_are_told():
    rows = [row(id=n, type="Jardin" if n else "Verger") for n in range(3)]
    assert guessed(rows).learned == ["column 'type': Jardin (2), Verger (1)"]
