"""One conformance suite for every connector found, then what is special to each platform."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import connectors
from harvester.connectors._json import CHUNK, Document
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source

HERE = Path(__file__).parent
RECORDINGS = HERE / "connectors"
PAGES = HERE.parent / "docs" / "connectors"
MODULES = Path(connectors.__file__).parent
FORBIDDEN = frozenset({"rdflib", "pyoxigraph", "pyshacl", "shacl", "httpx", "httpcore", "requests", "socket"})
HTML = b'<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>{"data": []}</body></html>'
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ALL = pytest.mark.parametrize("name", connectors.names())


class Shelf:
    """Bodies by address, played back: the transport seam, as a client and as a raw store."""

    def __init__(
        self, bodies: Mapping[str, bytes], labels: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.bodies = dict(bodies)
        self.labels = labels or {}
        self.asked: list[str] = []

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:  # noqa: ARG002
        self.asked.append(url)
        if url not in self.bodies:
            raise SourceChanged(f"{url}: answered 404")
        label = self.labels.get(url, {})
        return Answer(
            url=url,
            status=label.get("status", 200),
            body=hashlib.sha256(self.bodies[url]).hexdigest(),
            media_type=label.get("media_type", "application/json"),
            charset=label.get("charset"),
            etag=None,
            last_modified=None,
            fetched_at=NOW,
            size=len(self.bodies[url]),
        )

    def open(self, answer: Answer) -> BinaryIO:
        return io.BytesIO(self.bodies[answer.url])

    def read(self, answer: Answer, *, limit: int = 1 << 24) -> bytes:
        return self.bodies[answer.url][:limit]


def source(connector: str, url: str | list[str], **said: Any) -> Source:
    """A source as the configuration would make it from its table."""
    said.setdefault("title", "Test")
    said.setdefault("licence", "ODbL-1.0")
    own = {field.name for field in fields(Source)} - {"options"}
    urls = (url,) if isinstance(url, str) else tuple(url)
    options = {key: said.pop(key) for key in said.keys() - own}
    return Source(id="test", connector=connector, urls=urls, options=options, **said)


def recorded(name: str) -> tuple[Source, Shelf]:
    folder = RECORDINGS / name
    table = tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))["source"]["recorded"]
    labels = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    bodies = {url: (folder / label["file"]).read_bytes() for url, label in labels.items()}
    return source(table.pop("connector"), table.pop("url"), **table), Shelf(bodies, labels)


def harvested(feed: Source, shelf: Shelf) -> list[Record | Rejected]:
    connector = connectors.load(feed.connector)
    kept = list(connector.answers(feed, shelf, shelf))
    return list(connector.records(feed, kept, shelf))


def read(connector: str, body: bytes | str, *, url: str = "", **said: Any) -> list[Record | Rejected]:
    """What a connector reads in one body."""
    address = {
        "gogocarto": "https://m.example/api/elements.json",
        "yeswiki": "https://w.example/?api/forms/1/entries",
    }
    asked = url or address.get(connector, "https://t.example/file")
    root = {"gogocarto": "https://m.example", "yeswiki": "https://w.example/"}.get(connector, asked)
    labels = {asked: {"media_type": said.pop("media_type", ""), "charset": said.pop("charset", None)}}
    shelf = Shelf({asked: body.encode() if isinstance(body, str) else body}, labels)
    if connector == "yeswiki":
        said.setdefault("form", "1")
    return harvested(source(connector, root, **said), shelf)


def refs(found: list[Record | Rejected]) -> list[str]:
    return [record.ref for record in found if isinstance(record, Record)]


def values(found: list[Record | Rejected]) -> list[Mapping[str, Any]]:
    return [record.value for record in found if isinstance(record, Record)]


def reasons(found: list[Record | Rejected]) -> list[str]:
    return [record.reason for record in found if isinstance(record, Rejected)]


# --- every connector -------------------------------------------------------------------------------


def test_connectors_are_found_by_their_file():
    assert connectors.names() == ("directory", "gogocarto", "table", "yeswiki")


def test_unknown_connector_is_named_with_the_known_ones():
    with pytest.raises(LookupError, match="no connector 'yeswki'; known: directory, gogocarto"):
        connectors.load("yeswki")


@ALL
def test_module_keeps_the_contract(name):
    connector = connectors.load(name)
    assert (connector.name, "") != (name, connector.title)
    assert isinstance(connector.listing, Listing)
    assert isinstance(connector.ignored, frozenset)
    assert "name" in connector.mapping
    assert "ref" not in connector.mapping
    assert connector.options.model_config["extra"] == "forbid"
    assert connector.options.model_config["frozen"]
    assert all(field.description for field in connector.options.model_fields.values())


@ALL
def test_recording_is_read_whole_and_says_its_licence(name):
    feed, shelf = recorded(name)
    found = harvested(feed, shelf)
    assert len(refs(found)) >= 4
    assert reasons(found) == []
    assert set(shelf.bodies) == set(shelf.asked)
    assert (RECORDINGS / name / "SOURCE.md").exists()


@ALL
def test_refs_are_unique_and_stable_on_a_second_read(name):
    first, second = (refs(harvested(*recorded(name))) for _ in range(2))
    assert first == second
    assert len(first) == len(set(first))


@ALL
def test_records_hold_json_values_only(name):
    for value in values(harvested(*recorded(name))):
        assert json.loads(json.dumps(value)) == value


@ALL
def test_page_documents_every_option_and_mapped_field(name):
    connector = connectors.load(name)
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert [option for option in connector.options.model_fields if f"`{option}`" not in page] == []
    assert [field for field in connector.mapping if f"| {field} |" not in page] == []
    assert f'connector = "{name}"' in page


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.py")), ids=lambda path: path.stem)
def test_connectors_import_no_rdf_no_http_and_no_other_connector(path):
    imported = set(_imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert set() == FORBIDDEN & {module.partition(".")[0] for module in imported}
    assert set() == imported & {f"harvester.connectors.{name}" for name in connectors.names()}


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


@ALL
@pytest.mark.parametrize(
    "body", [b"", b"  \n", b"null", b"true", HTML], ids=["empty", "blank", "null", "true", "html"]
)
def test_answer_of_another_shape_fails_the_source(name, body):
    feed, shelf = recorded(name)
    connector = connectors.load(name)
    kept = list(connector.answers(feed, shelf, shelf))
    shelf.bodies[kept[0].url] = body
    with pytest.raises(SourceChanged, match=f"{name} 'test': https://"):
        list(connector.records(feed, kept, shelf))


@ALL
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_truncated_answer_never_ends_as_a_complete_listing(name, share):
    feed, shelf = recorded(name)
    connector = connectors.load(name)
    kept = list(connector.answers(feed, shelf, shelf))
    whole = shelf.bodies[kept[0].url].rstrip()
    shelf.bodies[kept[0].url] = whole[: int(len(whole) * share)]
    if name == "table":  # a CSV does not say where it ends: its broken last line does
        assert reasons(list(connector.records(feed, kept, shelf))) != []
        return
    with pytest.raises(SourceChanged):
        list(connector.records(feed, kept, shelf))


@ALL
def test_answer_that_was_never_kept_fails_the_source(name):
    feed, shelf = recorded(name)
    with pytest.raises(SourceChanged, match="no answer kept"):
        list(connectors.load(name).records(feed, [], shelf))


@ALL
def test_unknown_option_is_refused(name):
    with pytest.raises(ValueError, match="colour"):
        connectors.load(name).options(colour="green")


# --- reading JSON ----------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=6)


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a network or a decompressor may."""

    def __init__(self, body: bytes, size: int) -> None:
        self.body, self.size = io.BytesIO(body), size

    def read(self, _size: int = -1) -> bytes:
        return self.body.read(self.size)


@given(OBJECTS, st.integers(1, 9), st.booleans(), st.sampled_from([None, 1]))
def test_any_list_is_read_as_the_standard_library_reads_it(objects, size, ascii_only, indent):
    text = json.dumps({"total": 3, "data": objects, "after": [1]}, ensure_ascii=ascii_only, indent=indent)
    body = text.encode()
    document = Document(Dripping(body, size), where="test").seek("data", "")
    assert json.loads(body, strict=False)["data"] == list(document.items())
    assert document.members == {"total": 3, "after": [1]}


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1), min_size=1), st.data())
def test_any_cut_list_is_refused(objects, data):
    body = json.dumps({"data": objects}).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(SourceChanged):
        list(Document(io.BytesIO(cut), where="test").seek("data").items())


def test_list_longer_than_a_chunk_is_read_whole():
    objects = [{"id": number, "text": "é" * 50} for number in range(2 * CHUNK // 100)]
    body = json.dumps({"meta": {"deep": {"items": objects}}}, ensure_ascii=False).encode()
    assert objects == list(Document(io.BytesIO(body), where="test").seek("meta.deep.items").items())


@pytest.mark.parametrize(
    "before",
    [
        "\ufeff",
        "\n\n",
        "<br />\n<b>Notice</b>: Undefined index: x in <b>/srv/a.php</b> on line <b>12</b>\n",
        "Warning [12]: ",
    ],
    ids=["bom", "blank", "notice", "brackets"],
)
def test_text_before_the_json_is_passed_over(before):
    assert list(Document(io.BytesIO(f'{before}[{{"a": 1}}]'.encode()), where="test").seek("").items()) == [
        {"a": 1}
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"error": "Element does not exists"}', "no list at 'data'; found 'error=Element does not exists'"),
        (b'{"data": null}', "no list at 'data'; found 'data=None'"),
        (b'{"data": [{}]} <p>bye</p>', "cut or malformed near '<p>bye</p>'"),
        (b'{"data": [{}]', "cut or malformed near ''"),
        ('{"data": [{"a": "é"}]}'.encode("latin-1"), "the text is not utf-8"),
        (b'{"data": [' + b"[" * 100_000, "cut or malformed"),
        (
            b"You need to provide a token to access this map",
            "expected JSON, got 'You need to provide a token",
        ),
    ],
)
def test_message_says_what_was_found_instead_of_the_list(body, complaint):
    with pytest.raises(SourceChanged, match=f"^test: .*{complaint}"):
        list(Document(io.BytesIO(body), where="test").seek("data").items())


def test_half_surrogate_pair_is_replaced_and_its_neighbours_stay():
    body = rb'[{"a": "x\ud83dy", "b": "\ud83d\ude00"}, {"a": "z\uDE00"}]'
    found = list(Document(io.BytesIO(body), where="test").seek("").items())
    assert found == [{"a": "x\ufffdy", "b": "😀"}, {"a": "z\ufffd"}]


# --- gogocarto -------------------------------------------------------------------------------------


def element(**said: Any) -> dict[str, Any]:
    return {"id": "ab1", "name": "Jardin", "geo": {"latitude": 44.1, "longitude": 4.2}} | said


def test_gogocarto_2021_envelope_states_its_licence():
    feed, shelf = recorded("gogocarto")
    connector = connectors.load("gogocarto")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence is not None
    assert connector.stated_licence(kept, shelf) is None
    shelf.bodies[kept[0].url] = (
        b'{"licence": "https://opendatacommons.org/licenses/odbl/summary/", "data": []}'
    )
    assert connector.stated_licence(kept, shelf) == "https://opendatacommons.org/licenses/odbl/summary/"


def test_gogocarto_compact_rows_of_2018_become_elements():
    found = read("gogocarto", (RECORDINGS / "gogocarto" / "compact.json").read_bytes())
    assert len(refs(found)) == 51
    expected = {
        "id": "10j2",
        "name": "A Table Naturellement",
        "optionValues": [10430, 10427],
        "geo": {"latitude": 45.86382, "longitude": -0.56886},
        "_page": "https://m.example/map#/fiche/-/10j2",
    }
    assert expected == values(found)[0]


def test_gogocarto_compact_rows_of_2021_are_named_by_the_envelope():
    shape = ["id", ["name", "tags"], "latitude", "longitude", "status", "moderationState"]
    row = ["q1", ["Fab lab", ["bois"]], 48.1, 2.2, [7, 8], 3, 4]
    (value,) = values(read("gogocarto", json.dumps({"mapping": shape, "data": [row]})))
    assert (
        value["name"],
        value["tags"],
        value["optionValues"],
        value["status"],
    ) == ("Fab lab", ["bois"], [7, 8], 3)


def test_gogocarto_compact_row_that_the_envelope_does_not_name_fails_the_source():
    with pytest.raises(SourceChanged, match="row 'q1' has 2 fields"):
        read("gogocarto", json.dumps({"data": [["q1", ["Fab lab", "x"], 48.1, 2.2, []]]}))


@pytest.mark.parametrize("envelope", ["data", "elements", None])
def test_gogocarto_list_is_found_in_every_known_envelope(envelope):
    body = {envelope: [element()]} if envelope else [element()]
    assert refs(read("gogocarto", json.dumps(body))) == ["ab1"]


def test_gogocarto_geojson_features_are_flattened():
    feature = {
        "type": "Feature",
        "id": "f1",
        "geometry": {"type": "Point", "coordinates": [4.2, 44.1]},
        "properties": {"name": "Jardin"},
    }
    (value,) = values(read("gogocarto", json.dumps({"type": "FeatureCollection", "features": [feature]})))
    assert (value["id"], value["name"], value["lat"], value["lon"]) == ("f1", "Jardin", 44.1, 4.2)


@pytest.mark.parametrize("status", [-6, -5, -4, -3, -2])
def test_gogocarto_element_not_public_on_the_map_is_rejected_by_name(status):
    (found,) = read("gogocarto", json.dumps({"data": [element(status=status)]}))
    assert Rejected("ab1", found.reason) == found
    assert found.reason.startswith(f"status {status}: ")


@pytest.mark.parametrize("status", [-1, 0, 1, 7, None])
def test_gogocarto_public_statuses_are_kept(status):
    assert refs(read("gogocarto", json.dumps({"data": [element(status=status)]}))) == ["ab1"]


def test_gogocarto_private_fields_and_placeholders_never_reach_a_record():
    people = dict.fromkeys(["contributions", "reports", "votes", "subscriberEmails", "modifiedElement"], "x")
    (value,) = values(read("gogocarto", json.dumps({"data": [element(email="private", **people)]})))
    assert {"id", "name", "geo", "_page"} == value.keys()


def test_gogocarto_bad_elements_do_not_spoil_the_others():
    body = {"data": [None, {"name": "Sans id"}, "x", element(id=12), element(id="")]}
    found = read("gogocarto", json.dumps(body))
    assert refs(found) == ["12"]
    assert "no 'id'; name 'Sans id'" in reasons(found)
    assert len(reasons(found)) == 4


def test_gogocarto_asks_for_what_the_options_say():
    feed = source(
        "gogocarto",
        "https://m.example/",
        categories=[1, 2],
        exclude_external=True,
        bounds=[-1.5, 43, 3, 45.25],
        page="{root}/annuaire#/fiche/-/{id}",
    )
    url = "https://m.example/api/elements.json?categories=1,2&excludeExternal=1&bounds=-1.5,43,3,45.25"
    (value,) = values(harvested(feed, Shelf({url: json.dumps([element()]).encode()})))
    assert value["_page"] == "https://m.example/annuaire#/fiche/-/ab1"


# --- yeswiki ---------------------------------------------------------------------------------------


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
    people = dict.fromkeys(["bf_mail", "user", "owner", "createur", "html_data"], "x")
    (value,) = values(read("yeswiki", json.dumps([entry(**people)])))
    assert {"id_fiche", "bf_titre", "statut_fiche", "_page"} == value.keys()


def test_yeswiki_page_image_and_point_are_made_absolute():
    raw = entry(imagebf_image="Jardin_é.png", carte_google="44.1|4.2")
    (value,) = values(read("yeswiki", f"<b>Notice</b>: x\n{json.dumps([raw])}"))
    assert value["_page"] == "https://w.example/?JardinPartage"
    assert value["_image"] == "https://w.example/files/Jardin_%C3%A9.png"
    assert (value["bf_latitude"], value["bf_longitude"]) == ("44.1", "4.2")


# --- table -----------------------------------------------------------------------------------------


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


# --- directory -------------------------------------------------------------------------------------


def folder(index: Any, **files: str) -> list[Record | Rejected]:
    bodies = {"https://d.example/index.json": json.dumps(index).encode()}
    bodies |= {f"https://d.example/{name.replace('__', '.')}": text.encode() for name, text in files.items()}
    return harvested(source("directory", "https://d.example/index.json"), Shelf(bodies))


def test_directory_sheet_gives_front_matter_heading_quote_links_and_images():
    (record,) = [
        record for record in harvested(*recorded("directory")) if "changer_les_notes" in (record.ref or "")
    ]
    value = record.value
    assert record.ref == "enseigner_autrement/changer_les_notes_a_l_ecole"
    assert value["title"] == "Favoriser la montée en compétence plutôt que les notes"
    assert value["title_h1"] == "Changer notre façon de donner des notes à l'école"
    assert value["quote"].startswith("J'ai décidé de favoriser la montée en compétence")
    assert value["links"] == ["https://player.vimeo.com/video/131563960"]
    assert value["images"] == ["https://i.vimeocdn.com/video/523998335_640.jpg"]
    assert value["body"].startswith("Philippe est professeur")
    assert value["folder"] == "enseigner_autrement"


def test_directory_files_that_cannot_be_read_are_rejected_alone():
    found = folder(
        {"files": ["a.md", "b.md", "c.md", "d.txt", "e.json", "f.md"]},
        a__md="# Bonjour\n\nVoir https://x.example/page.",
        b__md="---\ntitle: [\n---\n",
        c__md="---\na: &x [1]\nb: [*x, *x]\n---\n",
        d__txt="x",
        e__json="{",
    )
    assert refs(found) == ["a"]
    assert values(found)[0]["links"] == ["https://x.example/page"]
    assert [record.ref for record in found if isinstance(record, Rejected)] == ["b", "c", "d", "e", "f"]


def test_directory_json_files_hold_one_record_or_a_list():
    found = folder(
        ["x/one.json", "many.json"], **{"x/one__json": '{"name": "A"}', "many__json": '[{"id": 7}, {}, 3]'}
    )
    assert refs(found) == ["x/one", "many/7", "many/2"]
    assert [Rejected("many/3", "expected an object, got 3")] == [
        each for each in found if isinstance(each, Rejected)
    ]


def test_directory_dates_of_the_front_matter_are_text():
    (value,) = values(
        folder(["a.md"], a__md="---\ndate: 2021-03-04\nwhen: [2021-03-04 10:00:00]\n---\ntext\n")
    )
    assert (value["date"], value["when"]) == ("2021-03-04", ["2021-03-04T10:00:00"])


@pytest.mark.parametrize("name", ["../secret.md", "/etc/passwd.md", "https://elsewhere.example/a.md", "", {}])
def test_directory_index_names_only_what_is_beside_it(name):
    with pytest.raises(SourceChanged, match="not a relative file name"):
        folder([name])


def test_directory_none_of_whose_files_answers_fails():
    with pytest.raises(SourceChanged, match="none of 2 files answered"):
        folder(["a.md", "b.md"])


def test_directory_file_beyond_the_limit_is_rejected_unread():
    feed, shelf = recorded("directory")
    connector = connectors.load("directory")
    kept = list(connector.answers(feed, shelf, shelf))
    kept[1] = replace(kept[1], size=1 << 30)
    (reason,) = reasons(list(connector.records(feed, kept, shelf)))
    assert "has 1073741824 bytes" in reason
