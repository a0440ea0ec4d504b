"""What the tests of the whole way share: partners on loopback, and a federation in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import settings

from demo.server import Partners
from harvester import territory
from harvester.config import load
from harvester.harvest import Asked, Report, plans, run_source
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation as Configured
from harvester.publish import Publication
from harvester.triplestore import Checkpoints

settings.register_profile("suite", deadline=None, max_examples=60)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

ROOT = Path(__file__).parents[1]

HEAD = (
    '[federation]\ntitle = "Essai"\nbase = "http://localhost:8000/"\ncontact = "mailto:contact@example.org"\n'
)
PREFIXES = """
PREFIX archipel: <https://w3id.org/archipel/ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX igeo: <http://rdf.insee.fr/def/geo#>
PREFIX pair: <http://virtual-assembly.org/ontologies/pair#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
"""


class Federation:
    """A sources.toml and a store in a folder, harvested in this process."""

    def __init__(self, folder: Path, furnished: Path) -> None:
        self.furnished = furnished
        self.config = folder / "sources.toml"
        self.layout = Layout(folder / "store")
        shutil.copytree(furnished, self.layout.oxigraph)

    def declare(self, toml: str) -> None:
        """Write the file; the `[federation]` table is added."""
        self.config.write_text(HEAD + toml, encoding="utf-8")

    def plan(self, source: str):
        """The plan of a source; its problems, if any, fail the test."""
        usable, problems = plans(load(self.config))
        assert [str(problem) for problem in problems if problem.source in (None, source)] == []
        return usable[source]

    def run(self, source: str, *, asked: Asked | None = None, **changed: Any) -> Report:
        """One run; `changed` replaces fields of the source."""
        plan = self.plan(source)
        return run_source(
            replace(plan.source, **changed), load(self.config).federation, self.layout, asked or Asked()
        )

    def ledger(self) -> Ledger:
        """The ledger, open."""
        return Ledger.open(self.layout.ledger, base=load(self.config).federation.base)

    def publish(self) -> None:
        """Bring the store up to the ledger, as the holder of the writer's lock does."""
        self._publication(self.layout).close()

    def dump(self, layout: Layout | None = None) -> bytes:
        """The canonical dump of the store, published first; of one made anew when another layout is given."""
        publication = self._publication(layout or self.layout)
        try:
            return publication.dump()
        finally:
            publication.close()

    def _publication(self, layout: Layout) -> Publication:
        if not layout.oxigraph.exists():
            shutil.copytree(self.furnished, layout.oxigraph)
        publication = Publication(layout, load(self.config).federation, self.ledger())
        publication.refresh()
        return publication

    def ask(self, query: str) -> list[tuple[str | None, ...]]:
        """Rows of a SELECT on the published checkpoint, as plain text."""
        checkpoint = Checkpoints(self.layout.checkpoints).current()
        assert checkpoint is not None
        store = ox.Store.read_only(str(checkpoint))
        solutions = store.query(PREFIXES + query, use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions)
        return [tuple(getattr(value, "value", None) for value in row) for row in solutions]


def without_territories(folder: Path) -> Path:
    """A triple store that holds the vocabulary, and is told that it holds the territories: small to copy."""
    layout = Layout(folder)
    layout.oxigraph.mkdir(parents=True)
    (layout.oxigraph / "territoire.fingerprint").write_text(territory.load().fingerprint(), encoding="utf-8")
    return _furnish(layout)


def _furnish(layout: Layout) -> Path:
    ledger = Ledger.open(layout.ledger, base="http://localhost:8000/")
    Publication(layout, Configured(), ledger).close()
    ledger.close()
    return layout.oxigraph


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A triple store without the territories, made once and copied."""
    return without_territories(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="session")
def furnished_whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A triple store that holds the vocabulary and the territories, made once and copied."""
    return _furnish(Layout(tmp_path_factory.mktemp("furnished-whole")))


@pytest.fixture
def federation(tmp_path: Path, furnished: Path) -> Federation:
    """An empty federation."""
    return Federation(tmp_path, furnished)


@pytest.fixture
def partners(tmp_path: Path) -> Iterator[Partners]:
    """Partners that answer what the test serves, on a free port of loopback."""
    root = tmp_path / "partners"
    root.mkdir()
    with Partners(root) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def no_proxy() -> None:
    """Loopback is never asked through a proxy of the machine."""
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
