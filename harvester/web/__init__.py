"""Room: everything served over HTTP, reads only: pages, linked data, SPARQL, health.

In come requests; out go answers told from the ledger and from checkpoints, in French or English, as
HTML or RDF. No route writes, fetches or evaluates a query in this process.
"""

from harvester.web.app import Serving, create_app

__all__ = ["Serving", "create_app"]
