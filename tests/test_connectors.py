"""One conformance suite for every connector found; what is special to each is in connectors/<name>/."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from shelf import HTML, RECORDINGS, harvested, reasons, recorded, refs, values

from harvester import connectors
from harvester.errors import SourceChanged
from harvester.model import Listing

HERE = Path(__file__).parent
PAGES = HERE.parent / "docs" / "connectors"
MODULES = Path(connectors.__file__).parent
FORBIDDEN = frozenset({"rdflib", "pyoxigraph", "pyshacl", "shacl", "httpx", "httpcore", "requests", "socket"})
ALL = pytest.mark.parametrize("name", connectors.names())


def test_connectors_are_found_by_their_file():
    files = {path.stem for path in MODULES.glob("*.py")}
    assert set(connectors.names()) == {name for name in files if not name.startswith("_")}
    assert {"gogocarto", "yeswiki", "table", "directory"} <= set(connectors.names())


def test_unknown_connector_is_named_with_the_known_ones():
    with pytest.raises(LookupError, match="no connector 'yeswki'; known: communecter, data_gouv"):
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
