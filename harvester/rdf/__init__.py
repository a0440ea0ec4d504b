"""Room: RDF bytes -> the things they describe, each whole.

In: what a partner answered, in any of the six serialisations. Out: things, with what is said of them
nested where it has no name of its own. It never asks the network: a remote JSON-LD context is one that
`vocab/contexts/` stands in for, or one that the caller has kept. It knows no vocabulary and no profile.
"""

from harvester.rdf.reading import by_graph, serialisation, things
from harvester.rdf.thing import Left, Literal, Thing, Value

__all__ = ["Left", "Literal", "Thing", "Value", "by_graph", "serialisation", "things"]
