"""Room: N-Triples bytes -> findings, by the shapes of `shapes/`.

One contract, two engines: `shacl` where it has a wheel, `pyshacl` on the rdflib memory graph
everywhere else and as oracle in the tests. Messages are read from the shapes graph by shape IRI,
never from the engine, so that both speak alike. It sees one batch of records, never the store.
Shapes with faults are refused before the first batch.
"""

from harvester.shapes.checker import Checker
from harvester.shapes.engines import Engine, Result, default_engine, pyshacl_engine, shacl_engine
from harvester.shapes.graph import concealing, message, messages, paths, shape_files, shapes_turtle
from harvester.shapes.linter import lint, refuse_faults

__all__ = [
    "Checker", "Engine", "Result", "concealing", "default_engine", "lint", "message", "messages",
    "paths", "pyshacl_engine", "refuse_faults", "shacl_engine", "shape_files", "shapes_turtle",
]  # fmt: skip
