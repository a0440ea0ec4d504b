"""Room: sources.toml, read and checked.

A file comes in; a configuration and every problem found go out. It never fetches and knows no
connector.
"""

from harvester.config.corrections import written
from harvester.config.load import Configuration, load
from harvester.config.shape import shape_problems
from harvester.config.tables import FederationTable, SourceTable

__all__ = ["Configuration", "FederationTable", "SourceTable", "load", "shape_problems", "written"]
