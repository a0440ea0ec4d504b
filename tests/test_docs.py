"""The documentation says what the code does: nothing is left out, nothing is promised, examples are true."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.server import Partners
from harvester import cli, connectors, errors, items, web
from harvester.cli import sourcing
from harvester.cli.harvesting import sentence
from harvester.config import load, tables
from harvester.harvest import Asked, Report, plans, run_source
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.mapping.rules import KEYS
from harvester.model import Outcome
from harvester.publish import Publication
from harvester.triplestore import Checkpoints, Query, QueryPool
from scripts import reference
from scripts.schema import sources_schema

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
TUTORIAL = DOCS / "tutorial.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "store" / "README.md"])
DEMO_URL = "http://127.0.0.1:8018"
TUTORIAL_URL = "http://127.0.0.1:8019"

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return [body for named, body in _FENCE.findall(page.read_text(encoding="utf-8")) if named == language]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- nothing is left out -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", [one.callback.__name__ for one in cli.app.registered_commands])
def test_every_command_is_documented(command):
    assert f"\n## {command}\n" in text("reference/commands.md")


@pytest.mark.parametrize(
    "table",
    [one for one in vars(tables).values() if isinstance(one, type) and one.__name__.endswith("Table")],
)
def test_every_configuration_key_is_documented_and_described(table):
    page = text("reference/configuration.md")
    for name, field in table.model_fields.items():
        assert f"| `{field.alias or name}` |" in page
        assert field.description


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_mapping_entry_is_documented(key):
    assert f"| `{key}` |" in text("reference/configuration.md")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_line_saying_what_to_do(outcome):
    assert len(re.findall(rf"^\| `{outcome}` \|", text("howto/read-a-run.md"), re.MULTILINE)) == 1


def test_every_error_is_documented():
    page = text("reference/errors.md")
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert [one.__name__ for one in found if f"| `{one.__name__}` |" not in page] == []


@pytest.mark.parametrize("name", connectors.names())
def test_every_connector_has_its_page_and_its_options_are_on_it(name):
    page = text(f"connectors/{name}.md")
    assert [
        option for option in connectors.load(name).options.model_fields if f"`{option}`" not in page
    ] == []
    assert f"../connectors/{name}.md" in text("reference/connectors.md")
    assert f"| `{name}` |" in text("howto/add-a-source.md")


@pytest.mark.parametrize("word", [*items.FIELDS, *items.KINDS])
def test_every_item_field_and_kind_is_documented(word):
    assert f"| `{word}` |" in text("reference/items.md")


def test_every_route_is_documented():
    page = text("reference/http.md")
    rooms = [
        importlib.import_module(f"harvester.web.{one.name}") for one in pkgutil.iter_modules(web.__path__)
    ]
    routes = {route.path for room in rooms if hasattr(room, "router") for route in room.router.routes}
    begins = {path.partition(":")[0].rpartition("{")[0] or path for path in routes}
    assert routes
    assert [one for one in sorted(begins) if f"`{one.rstrip('/') or '/'}" not in page] == []


def test_every_file_of_a_store_is_explained():
    page = (ROOT / "store" / "README.md").read_text(encoding="utf-8")
    layout = Layout(Path("store"))
    named = [one for one in vars(Layout) if isinstance(vars(Layout)[one], property)]
    assert [one for one in named if f"`{getattr(layout, one).name}" not in page] == []


def test_every_decision_is_listed():
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [one.name for one in (DOCS / "decisions").glob("0*.md") if f"({one.name})" not in listed] == []


# --- nothing drifts ----------------------------------------------------------------------------------


def test_generated_pages_say_what_the_code_says():
    assert reference.drifted() == [], "run `python scripts/reference.py`"


def test_a_page_changed_by_hand_is_reported_as_drifted(tmp_path):
    for name, body in reference.pages().items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    (tmp_path / "items.md").write_text("by hand", encoding="utf-8")
    assert reference.drifted(tmp_path) == ["items.md"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_resolve(page):
    broken = []
    for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        aimed = (page.parent / path) if path else page
        if "://" in target or target.startswith("mailto:"):
            continue
        if not aimed.exists() or (anchor and anchor not in anchors(aimed)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_sources_shown_in_a_page_have_no_problem(page, tmp_path):
    for number, block in enumerate(blocks(page, "toml")):
        declared = tomllib.loads(block).get("source", {})
        if declared and all({"title", "connector", "url"} <= set(table) for table in declared.values()):
            file = tmp_path / f"block-{number}.toml"
            file.write_text(block, encoding="utf-8")
            assert [str(problem) for problem in plans(load(file))[1]] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_shown_in_a_page_exist(page):
    shown = re.findall(
        r"(?:^|[`$ ]|bin/)harvester ((?:source )?[a-z]+)",
        "\n".join(blocks(page, "sh") + blocks(page, "console")),
    )
    known = {one.name or one.callback.__name__ for one in cli.app.registered_commands}
    known |= {f"source {one.name or one.callback.__name__}" for one in sourcing.app.registered_commands}
    assert sorted(set(shown) - known) == []


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


# --- the schema for editors --------------------------------------------------------------------------


def faults(schema: Any, value: Any, root: Any) -> list[str]:
    """What a JSON Schema has against a value; knows the words that ours uses, and no other."""
    schema = root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    found = [] if _typed(schema.get("type"), value) else [f"{value!r} is not {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{value!r} is not known")
    if "const" in schema and value != schema["const"]:
        found.append(f"{value!r} is not {schema['const']!r}")
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        found.append(f"{value!r} does not fit")
    if "anyOf" in schema and all(faults(one, value, root) for one in schema["anyOf"]):
        found.append(f"{value!r} fits nowhere")
    for one in schema.get("allOf", ()):
        if not faults(one["if"], value, root):
            found += faults(one["then"], value, root)
    if isinstance(value, dict):
        found += _table_faults(schema, value, root)
    if isinstance(value, list):
        found += [fault for one in value for fault in faults(schema.get("items", {}), one, root)]
    return found


def _table_faults(schema: Any, value: dict[str, Any], root: Any) -> list[str]:
    own = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    found = [f"no '{name}'" for name in schema.get("required", ()) if name not in value]
    for name, one in value.items():
        found += faults(schema.get("propertyNames", {}), name, root)
        if name in own:
            found += faults(own[name], one, root)
        elif others is False:
            found.append(f"{name!r} is not known")
        elif isinstance(others, dict):
            found += faults(others, one, root)
    return found


def _typed(wished: Any, value: Any) -> bool:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
    given = names[type(value)]
    wishes = [wished] if isinstance(wished, str) else wished
    return wished is None or given in wishes or (given == "integer" and "number" in wishes)


def schema_faults(toml: str) -> list[str]:
    schema = sources_schema("")
    return faults(schema, tomllib.loads(toml), schema)


def test_the_schema_accepts_the_demonstration():
    assert schema_faults((ROOT / "demo" / "sources.toml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_schema_accepts_the_sources_shown_in_a_page(page):
    for block in blocks(page, "toml"):
        declared = tomllib.loads(block).get("source", {}).values()
        if all({"title", "connector", "url"} <= set(table) for table in declared):
            assert schema_faults(block) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('colour = "red"', "'colour' is not known"),
        ('form = "2"', "'form' is not known"),
        ('licence = "CC-0"', "'CC-0' is not known"),
        ('grace = "soon"', "'soon' does not fit"),
        ('map = { nome = "nom" }', "'nome' is not known"),
        ("attempts = true", "True is not integer"),
    ],
)
def test_the_schema_refuses_what_the_configuration_refuses(line, fault, tmp_path):
    file = tmp_path / "sources.toml"
    file.write_text(
        f'[source.a]\ntitle = "A"\nconnector = "table"\nurl = "https://a.example.org/a.csv"\n{line}\n',
        encoding="utf-8",
    )
    assert schema_faults(file.read_text(encoding="utf-8")) == [fault]
    assert len(plans(load(file))[1]) == (0 if line == "attempts = true" else 1)  # pydantic takes True for 1


def test_the_schema_asks_for_what_a_connector_needs():
    wiki = '[source.a]\ntitle = "A"\nconnector = "yeswiki"\nurl = "https://a.example.org/"\n'
    assert schema_faults(wiki) == ["no 'form'"]
    assert schema_faults(wiki + "form = 2\n") == []


# --- examples are true -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lived:
    """What the examples gave: answers as CSV, and what each run told."""

    readme: str
    tutorial: str
    demo: Mapping[str, Report]
    steps: Sequence[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Lived:
    """The demonstration and the tutorial, lived through in one federation, published once."""
    folder = tmp_path_factory.mktemp("federation")
    config, layout = folder / "sources.toml", Layout(folder / "store")
    with Partners(ROOT / "demo" / "partners") as partners:
        config.write_text(declared(partners.url), encoding="utf-8")
        enabled = [name for name, plan in plans(load(config))[0].items() if plan.source.enabled]
        demo = {name: harvested(config, layout, name) for name in enabled if name != "jardins"}

        def step(rows: list[str]) -> str:
            partners.serve("/jardins.csv", "\n".join([*rows, ""]).encode(), "text/csv")
            return sentence(harvested(config, layout, "jardins"))

        steps = [step(rows) for rows in gardens()]
        publish(config, layout)
        steps.append(step(gardens()[0][:3]))
    answers = [asked(layout, text(f"examples/{name}.rq")) for name in ("readme", "jardins")]
    return Lived(*answers, demo, steps)


def declared(url: str) -> str:
    """The demonstration and the source of the tutorial, asked of the partners that are served."""
    tutorial = next(one for one in blocks(TUTORIAL, "toml") if "[source.jardins]" in one)
    demo = (ROOT / "demo" / "sources.toml").read_text(encoding="utf-8")
    return demo.replace(DEMO_URL, url) + tutorial.replace(TUTORIAL_URL, url)


def gardens() -> list[list[str]]:
    """The lines of the partner's file, as the tutorial has them changed step by step."""
    lines = text("examples/jardins.csv").splitlines()
    short = [*lines, "j9;X;Un nom trop court.;69001;Lyon;;2026-10-30"]
    return [lines, lines, short, [*lines[:-1], lines[-1].replace("Jardin de la Fontaine", "X")]]


def harvested(config: Path, layout: Layout, source: str) -> Report:
    """One run of one source, in this process, without waiting between requests."""
    plan = plans(load(config))[0][source]
    return run_source(replace(plan.source, delay=timedelta(0)), load(config).federation, layout, Asked())


def publish(config: Path, layout: Layout) -> None:
    """Bring the store up to the ledger."""
    federation = load(config).federation
    ledger = Ledger.open(layout.ledger, base=federation.base)
    publication = Publication(layout, federation, ledger)
    try:
        publication.refresh()
    finally:
        publication.close()
        ledger.close()


def asked(layout: Layout, query: str) -> str:
    """The answer of the published data as CSV, as `harvester query` writes it."""
    pool = QueryPool(Checkpoints(layout.checkpoints).current(), workers=1)
    try:
        return b"".join(pool.ask(Query(query, results="csv")).chunks).decode().replace("\r\n", "\n")
    finally:
        pool.close()


def test_the_readme_shows_its_query_and_the_answer_of_the_demonstration(lived):
    assert blocks(README, "sparql") == [text("examples/readme.rq")]
    assert blocks(README, "csv") == [lived.readme]


def test_the_runs_in_the_readme_are_those_of_the_demonstration(lived):
    shown = re.findall(r"^\S+ +done(?:-issues)? .+$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [sentence(lived.demo[line.split()[0]]) for line in shown] == shown
    assert shown


def test_the_runs_in_the_tutorial_end_as_it_says(lived):
    page = TUTORIAL.read_text(encoding="utf-8")
    outcomes = [line.split()[1] for line in lived.steps]
    assert outcomes == ["done", "unchanged", "done-issues", "done-issues", "held"]
    assert [line for line in lived.steps if line not in page] == []


def test_the_tutorial_shows_its_file_and_the_answer_it_gives(lived):
    page = TUTORIAL.read_text(encoding="utf-8")
    assert "\n".join(text("examples/jardins.csv").splitlines()[:2]) in page
    assert lived.tutorial in page
