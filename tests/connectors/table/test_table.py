"""What is special to table."""

from __future__ import annotations

import io
import json
from datetime import date
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import RECORDINGS, Shelf, harvested, read, reasons, recorded, refs, source, values

from harvester.errors import SourceChanged
from harvester.model import Rejected


def test_table_reads_four_kinds_of_files_whatever_their_labels_say():
    found = values(harvested(*recorded("table")))
    assert len(found) == 25 + 12 + 20 + 10
    assert (
        found[0]["Adresse postale"],
        found[0]["Coord. X"],
    ) == ("8 rue de la Boétie - 33000 Bordeaux", "44,839574881764")
    assert found[25]["long"] == 9.04258
    assert found[37]["nom"] == "Park Slop<br>Food Coop"
    assert found[57]["Code postal"] == 97490


def test_table_ref_is_the_mapped_column_else_a_hash_of_the_key():
    body = "id;nom;ville\n 7 ;Jardin;Die\n;Sans;Die\n"
    assert refs(read("table", body, map={"ref": "id"})) == ["7"]
    assert refs(read("table", body, map={"ref": ["id", "nom"]})) == ["7", "Sans"]
    assert refs(read("table", body, key=["nom"])) == refs(
        read("table", body.replace("Die", "Crest"), key=["nom"])
    )
    assert refs(read("table", body)) != refs(read("table", body.replace("Die", "Crest")))
    assert all(len(ref) == 16 for ref in refs(read("table", body)))


def test_table_row_without_its_identifier_is_rejected_with_the_columns_sought():
    (found,) = read("table", '[{"id": null, "nom": "Jardin"}]', map={"ref": "id"})
    assert Rejected(None, """nothing in 'id' to identify '{"id": null, "nom": "Jardin"}'""") == found


def test_table_broken_csv_lines_are_rejected_by_number_and_the_rest_goes_on():
    body = 'a;b\n1;2\n3\n4;5;6\n"7;8\n9;10\n"11"x;12\n13;"14\n15"\n16;17" pouces\n18;19;\n'
    found = read("table", body, key=["a"])
    assert [(value["a"], value["b"]) for value in values(found)] == [
        ("1", "2"),
        ("9", "10"),
        ("13", "14\n15"),
        ("16", '17" pouces'),
        ("18", "19"),
    ]
    expected = [
        "line 3: 1 cells, 2 expected",
        "line 4: 3 cells, 2 expected",
        """line 5: bad quoting near '"7;8'""",
        """line 7: bad quoting near '"11"x;12'""",
    ]
    assert expected == reasons(found)


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=3, max_size=3)
    ),
    st.sampled_from(";,\t|"),
)
def test_table_any_well_quoted_csv_is_read_back(rows, sign):
    quoted = [
        sign.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["a", "b", "c"], *rows]
    ]
    found = read("table", "\r\n".join(quoted), delimiter=sign)
    assert [row for row in rows if any(cell.strip() for cell in row)] == [
        list(value.values()) for value in values(found)
    ]


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_table_delimiter_is_found_in_the_header(sign):
    body = f'nom{sign}"a,b;c|d"{sign}ville\nJardin{sign}x{sign}Die\n'
    assert values(read("table", body)) == [{"nom": "Jardin", "a,b;c|d": "x", "ville": "Die"}]


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("nom;ville\nÉcole;Besançon\n".encode(), "iso-8859-1"),
        ("nom;ville\nÉcole;Besançon\n".encode("utf-8-sig"), None),
        ("nom;ville\nÉcole;Besançon\n".encode("cp1252"), "utf-8"),
        ("nom;ville\nÉcole;Besançon\n".encode("cp1252"), None),
        ("nom;ville\nÉcole;Besançon\n".encode("mac-roman"), "mac-roman"),
        ("nom;ville\nÉcole;Besançon\n".encode("utf-16"), "klingon"),
    ],
)
def test_table_text_is_decoded_whatever_its_label(body, charset):
    assert values(read("table", body, charset=charset)) == [{"nom": "École", "ville": "Besançon"}]


def test_table_encoding_can_be_declared():
    body = "nom;ville\nÉcole;Die\n".encode("cp850")
    assert [value["nom"] for value in values(read("table", body, encoding="cp850"))] == ["École"]


def test_table_header_cells_without_a_name_or_named_twice_are_numbered():
    assert list(values(read("table", "nom;;nom\n1;2;3\n"))[0]) == ["nom", "column 2", "nom (3)"]


def test_table_header_can_be_further_down():
    body = "Export du 12 mars;\n\nnom;ville\nJardin;Die\n"
    assert values(read("table", body, header_row=3)) == [{"nom": "Jardin", "ville": "Die"}]


def test_table_of_one_column_is_not_a_table():
    with pytest.raises(SourceChanged, match="no table with a header"):
        read("table", "Service indisponible\nrevenez demain\n")


def test_table_geojson_points_are_flattened_and_their_strings_kept():
    feature = {
        "type": "Feature",
        "id": "f1",
        "geometry": {"type": "Point", "coordinates": ["4.2", "44.1"]},
        "properties": {"nom": "Jardin"},
    }
    line = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[1, 2]]},
        "properties": None,
    }
    body = json.dumps({"type": "FeatureCollection", "features": [feature, line | {"id": "f2"}]})
    expected = [{"id": "f1", "nom": "Jardin", "lon": "4.2", "lat": "44.1"}, {"id": "f2"}]
    assert expected == values(read("table", body, map={"ref": "id"}))


def test_table_list_inside_a_document_is_found_by_its_path():
    body = '{"page": {"rows": [{"nom": "Jardin"}]}, "data": []}'
    assert values(read("table", body, records="page.rows")) == [{"nom": "Jardin"}]


def test_table_that_declares_more_rows_than_it_gives_fails_the_source():
    with pytest.raises(SourceChanged, match="1 rows of the 250 it declares"):
        read("table", '{"total_count": 250, "results": [{"nom": "Jardin"}]}')


def test_table_pages_reach_their_total_together():
    pages = [f"https://t.example/{number}" for number in (1, 2)]
    shelf = Shelf({url: json.dumps({"total": 2, "data": [{"nom": url}]}).encode() for url in pages})
    assert len(harvested(source("table", pages), shelf)) == 2


def test_table_json_lines_are_rejected_one_by_one():
    found = read("table", '{"nom": "Jardin"}\n{"nom": \n[1]\n\n{"nom": "Verger"}\n')
    assert [value["nom"] for value in values(found)] == ["Jardin", "Verger"]
    assert [reason.partition(" (")[0][:26].rstrip(",") for reason in reasons(found)] == [
        "line 2: not JSON",
        "line 3: expected an object",
    ]


def test_table_cells_of_nested_json_are_decoded():
    body = [
        {"nom": "A", "timings": '[{"begin": "9h"}]'},
        {"nom": "B", "timings": "{"},
        {"nom": "C", "timings": None},
    ]
    found = read("table", json.dumps(body), nested=["timings"], map={"ref": "nom"})
    assert [value["timings"] for value in values(found)] == [[{"begin": "9h"}], None]
    assert reasons(found) == ["column 'timings' is not JSON: '{'"]


def test_table_workbook_sheet_dates_and_header_are_read():
    found = values(read("table", workbook(), sheet="Lieux", header_row=2))
    assert found == [
        {"nom": "Jardin", "depuis": "2021-03-04", "places": 12},
        {"nom": "Verger", "depuis": None, "places": None},
    ]


def test_table_unknown_sheet_is_named_with_the_known_ones():
    with pytest.raises(SourceChanged, match="no sheet 'Leiux'; the workbook has Notes, Lieux"):
        read("table", workbook(), sheet="Leiux")


def test_table_truncated_workbook_fails_the_source():
    with pytest.raises(SourceChanged, match="not a readable workbook"):
        read("table", workbook()[:-100])


def workbook() -> bytes:
    from openpyxl import Workbook

    book, body = Workbook(), io.BytesIO()
    book.active.title = "Notes"
    sheet = book.create_sheet("Lieux")
    for row in (
        ["Liste"],
        ["nom", "depuis", "places"],
        ["Jardin", date(2021, 3, 4), 12],
        [None],
        ["Verger"],
    ):
        sheet.append(row)
    book.save(body)
    return body.getvalue()


@pytest.mark.parametrize("start", [b"\xd0\xcf\x11\xe0", b"%PDF-1.7", b"\x1f\x8b\x08"])
def test_table_foreign_formats_are_named(start):
    with pytest.raises(SourceChanged, match="expected a table, got"):
        read("table", start + b"\x00" * 99)


@pytest.mark.parametrize(
    ("shared", "export"),
    [
        ("docs.google.com/spreadsheets/d/1a_B-2/edit#gid=7", "docs.google.com/spreadsheets/d/1a_B-2/export?format=csv&gid=7"),
        ("docs.google.com/spreadsheets/d/1a_B-2/edit?usp=sharing", "docs.google.com/spreadsheets/d/1a_B-2/export?format=csv"),
        ("docs.google.com/spreadsheets/d/1a_B-2", "docs.google.com/spreadsheets/d/1a_B-2/export?format=csv"),
        ("docs.google.com/spreadsheets/d/e/2P-x/pubhtml?gid=3", "docs.google.com/spreadsheets/d/e/2P-x/pub?output=csv&gid=3&single=true"),
        ("docs.google.com/spreadsheets/d/1a/export?format=tsv", "docs.google.com/spreadsheets/d/1a/export?format=tsv"),
        ("lite.framacalc.org/annuaire-9xyz", "lite.framacalc.org/annuaire-9xyz.csv"),
        ("ethercalc.net/=annuaire", "ethercalc.net/annuaire.csv"),
        ("lite.framacalc.org/annuaire.csv", "lite.framacalc.org/annuaire.csv"),
        ("cloud.asso.example/s/Ab3dEf6hIj9kLmN", "cloud.asso.example/s/Ab3dEf6hIj9kLmN/download"),
        ("cloud.asso.example/index.php/s/Ab3dEf6hIj9kLmN/", "cloud.asso.example/index.php/s/Ab3dEf6hIj9kLmN/download"),
        ("cloud.asso.example/s/Ab3dEf6hIj9kLmN/download", "cloud.asso.example/s/Ab3dEf6hIj9kLmN/download"),
        ("data.example.org/s/table", "data.example.org/s/table"),
    ],
)  # fmt: skip
def test_address_of_a_shared_spreadsheet_leads_to_its_rows(shared, export):
    shelf = Shelf(
        {f"https://{export}": "nom,ville\nA,Alès\n".encode()},
        {f"https://{export}": {"media_type": "text/csv"}},
    )
    assert values(harvested(source("table", f"https://{shared}"), shelf)) == [{"nom": "A", "ville": "Alès"}]


def test_table_two_addresses_that_answer_the_same_fail_the_source():
    feed, shelf = recorded("table")
    first, *_, last = feed.urls
    shelf.bodies[last] = shelf.bodies[first]
    with pytest.raises(SourceChanged, match=f"{last}: the same answer as '{first}'; ask the site"):
        harvested(feed, shelf)


def test_table_error_told_instead_of_json_lines_fails_the_source():
    with pytest.raises(SourceChanged, match="it tells an error instead of rows"):
        read("table", '{"error": "busy"}\n', url="https://t.example/rows.jsonl")
    assert len(read("table", '{"error": "none", "nom": "Jardin"}\n', url="https://t.example/rows.jsonl")) == 1


def test_workbook_that_is_damaged_inside_fails_the_source():
    whole = (RECORDINGS / "table" / "corse.xlsx").read_bytes()
    with ZipFile(io.BytesIO(whole)) as packed:
        part = packed.getinfo("xl/worksheets/sheet1.xml")
    at = part.header_offset + 30 + len(part.filename)
    with pytest.raises(SourceChanged, match="workbook"):
        read("table", whole[:at] + b"\xff" * 64 + whole[at + 64 :])
