"""What is special to data_gouv."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping

ROOT = "https://www.data.gouv.fr"
UUID = "3f2c9a10-5b7e-4d1c-8e2f-0a1b2c3d4e5f"
ABOUT = f"{ROOT}/api/2/datasets/resources/{UUID}/"
FILE = f"{ROOT}/api/1/datasets/r/{UUID}"
CSV = "id;nom\n1;Café\n2;Forêt\n".encode()


def portal(body: bytes = CSV, licence: str | None = "lov2", **said: Any) -> Shelf:
    """The portal with one file, described by `said`."""
    digest = {"type": "sha1", "value": hashlib.sha1(CSV).hexdigest()}
    resource = {
        "id": UUID,
        "filetype": "file",
        "checksum": digest,
        "url": "https://static.example/lieux.csv",
    } | said
    bodies = {
        ABOUT: json.dumps({"resource": resource, "dataset_id": "d1"}).encode(),
        f"{ROOT}/api/1/datasets/d1/": json.dumps({"id": "d1", "license": licence}).encode(),
        FILE: body,
    }
    return Shelf(bodies, {FILE: {"media_type": "application/octet-stream"}})


def feed(**options: Any):
    options.setdefault("resource", UUID)
    options.setdefault("map", {"ref": "id"})
    return source("data_gouv", f"{ROOT}/", **options)


def test_recorded_files_become_items():
    feed, shelf = recorded("data_gouv")
    mapper, problems = compile_mapping(feed, connectors.load("data_gouv").mapping, columns=True)
    assert problems == []
    found = [mapper.item(record) for record in harvested(feed, shelf)]
    assert [item.ref for item, _ in found] == ["33-1", "33-2", "33-3", "33-4", "33-5", "33-6", "33-100"]
    assert all({"name", "lat", "lon"} <= item.values.keys() for item, _ in found)


def test_dataset_of_several_files_is_asked_once():
    feed, shelf = recorded("data_gouv")
    harvested(feed, shelf)
    assert len(shelf.asked) == len(set(shelf.asked)) == 5


@pytest.mark.parametrize(
    "given",
    [UUID, UUID.upper(), f"https://www.data.gouv.fr/fr/datasets/r/{UUID}", [UUID]],
    ids=["uuid", "upper", "permanent address", "list"],
)
def test_resource_is_known_by_its_identifier_wherever_it_stands(given):
    shelf = portal()
    assert refs(harvested(feed(resource=given), shelf)) == ["1", "2"]
    assert shelf.asked[-1] == FILE


@pytest.mark.parametrize("given", ["", "lieux.csv", [UUID, "x"], []])
def test_resource_that_is_no_identifier_is_told(given):
    with pytest.raises(ValueError, match="no identifier of a resource"):
        connectors.load("data_gouv").options(resource=given)


def test_file_cut_between_two_lines_is_told_by_its_checksum():
    with pytest.raises(SourceUnavailable, match="is not the one that the portal describes"):
        harvested(feed(), portal(CSV[:-10]))


@pytest.mark.parametrize(
    "said",
    [
        {"filetype": "remote", "checksum": {"type": "sha1", "value": "0" * 40}},
        {"checksum": None},
        {"checksum": {"type": "crc", "value": "1"}},
        {"checksum": {"type": "sha1", "value": None}},
    ],
    ids=["kept elsewhere", "none", "unknown", "empty"],
)
def test_checksum_that_proves_nothing_is_not_asked_for(said):
    assert refs(harvested(feed(), portal(**said))) == ["1", "2"]


@pytest.mark.parametrize("kind", ["sha1", "sha256", "md5"])
def test_checksums_of_each_kind_are_compared(kind):
    digest = hashlib.new(kind, CSV).hexdigest().upper()
    assert refs(harvested(feed(), portal(checksum={"type": kind, "value": digest}))) == ["1", "2"]
    with pytest.raises(SourceUnavailable):
        harvested(feed(), portal(checksum={"type": kind, "value": digest[::-1]}))


def test_name_of_the_file_tells_its_format_behind_the_redirect():
    body = b"id\tnom\n1\tA, B; C\n"
    (value,) = values(harvested(feed(), portal(body, checksum=None, url="https://static.example/x.tsv")))
    assert value == {"id": "1", "nom": "A, B; C"}


def test_options_of_tables_hold():
    body = b"Titre\n\nid|nom\n1|A\n"
    found = harvested(feed(delimiter="|", header_row=3), portal(body, checksum=None))
    assert (values(found), reasons(found)) == ([{"id": "1", "nom": "A"}], [])


@pytest.mark.parametrize(
    "body", [b"{}", b'{"resource": null, "dataset_id": null}', b'{"message": "not found"}']
)
def test_resource_that_the_portal_does_not_describe_fails(body):
    shelf = portal()
    shelf.bodies[ABOUT] = body
    with pytest.raises(SourceChanged, match="no `resource` in the answer"):
        harvested(feed(), shelf)


def test_community_resource_has_no_dataset_and_no_licence():
    shelf = portal()
    shelf.bodies[ABOUT] = shelf.bodies[ABOUT].replace(b'"d1"', b"null")
    assert refs(harvested(feed(), shelf)) == ["1", "2"]
    kept = list(connectors.load("data_gouv").answers(feed(), shelf, shelf))
    assert connectors.load("data_gouv").stated_licence(kept, shelf) is None


def test_page_instead_of_a_file_fails():
    with pytest.raises(SourceChanged, match="expected a table, got an HTML page"):
        harvested(feed(), portal(b"<!DOCTYPE html><html></html>", checksum=None))


@pytest.mark.parametrize(
    ("word", "stated"),
    [
        ("lov2", "https://www.etalab.gouv.fr/licence-ouverte-open-licence"),
        ("odc-odbl", "https://opendatacommons.org/licenses/odbl/"),
        ("other-at", "other-at"),
        ("notspecified", None),
        (None, None),
    ],
)
def test_licence_of_the_dataset_is_told(word, stated):
    shelf = portal(licence=word)
    connector = connectors.load("data_gouv")
    assert connector.stated_licence(list(connector.answers(feed(), shelf, shelf)), shelf) == stated


# --- recognition -------------------------------------------------------------------------------------

PAGE = f"{ROOT}/datasets/lieux/"
DATASET = f"{ROOT}/api/1/datasets/lieux/"


def known(*files: dict[str, Any], rows: str = CSV.decode(), **said: Any) -> Looks:
    """A portal with one dataset; each of its files holds these rows."""
    bodies = {f"{ROOT}/api/1/datasets/r/{one['id']}": rows for one in files}
    return Looks({DATASET: {"id": "d1", "title": "Lieux", "resources": [*files]} | said, **bodies})


def csv(ref: str, **said: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "title": f"{ref}.csv",
        "format": "csv",
        "url": f"https://static.example/{ref}.csv",
    } | said


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("data_gouv").recognised(found, looks)


@pytest.mark.parametrize(
    "told", [{"name": "lieux"}, {"id": "d1", "resources": []}, {"id": 1, "resources": [{}]}, []]
)
def test_data_gouv_address_alone_is_not_enough(told):
    looks = Looks({DATASET: told})
    assert recognised(web_page(PAGE, "data.gouv.fr"), looks) is None
    assert looks.asked == [DATASET]


def test_data_gouv_looks_at_nothing_that_no_address_hints_at():
    looks = known(csv("a"))
    for url in (
        f"{ROOT}/",
        f"{ROOT}/dataset/lieux",
        f"{ROOT}/api/explore/v2.1/catalog/datasets/lieux",
        f"{ROOT}/{UUID}",
    ):
        assert recognised(web_page(url, "data.gouv.fr"), looks) is None
    assert looks.asked == []


def test_data_gouv_first_table_of_a_dataset_is_proposed_and_the_others_are_told():
    notice, archive = csv("n", type="documentation"), csv("z", format="zip")
    looks = known(notice, archive, csv("j", format="json"), csv("a"), csv("b"))
    found = recognised(web_page(PAGE, ""), looks)
    assert (found.url, found.title, found.count) == (f"{ROOT}/", "Lieux", 2)
    assert found.keys == {"resource": "a", "map": {"ref": "id", "name": "nom"}}
    assert list(found.learned) == [
        "resource a: a.csv, csv",
        "resource b: b.csv, csv",
        "resource j: j.csv, json",
    ]
    assert found.unknown[0].startswith("resource: which file is wanted?")


def test_data_gouv_file_that_is_no_table_is_passed_over():
    looks = known(csv("a"), csv("b"))
    looks.bodies[f"{ROOT}/api/1/datasets/r/a"] = "<!DOCTYPE html><html><body>Gone</body></html>"
    assert recognised(web_page(PAGE, ""), looks).keys["resource"] == "b"


def test_data_gouv_file_of_persons_is_not_proposed():
    looks = known(csv("a"), rows="id;nom;prenom\n1;Exemple;Camille\n2;Autre;Dominique\n")
    assert recognised(web_page(PAGE, ""), looks) is None


def test_data_gouv_organisation_publishes_and_a_person_is_not_repeated():
    person = {"first_name": "Camille", "last_name": "Exemple"}
    assert recognised(web_page(PAGE, ""), known(csv("a"), owner=person, organization=None)).publisher is None
    found = recognised(web_page(PAGE, ""), known(csv("a"), organization={"name": "Agence"}, license="lov2"))
    assert (found.publisher, found.licence) == (
        "Agence",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    )


@pytest.mark.parametrize(
    "url",
    [
        f"{ROOT}/fr/datasets/r/{UUID}",
        f"{ROOT}/datasets/lieux/?resource_id={UUID}",
        f"{PAGE}#/resources/{UUID}",
        ABOUT,
    ],
    ids=["permanent", "query", "fragment", "API"],
)
def test_data_gouv_file_that_the_address_names_is_the_one_proposed(url):
    looks = known(csv("a"), csv(UUID))
    looks.bodies[ABOUT] = {"resource": csv(UUID), "dataset_id": "lieux"}
    found = recognised(seen(url, CSV.decode()), looks)
    assert (found.keys["resource"], list(found.learned)) == (UUID, [])
