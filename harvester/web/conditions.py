"""Room: what an answer of the endpoint is valid for, and under which limits it was made, as headers.

An entity tag names the checkpoint, the query with its dataset and format, and the code that answers: a
program that has an answer under that tag need not ask again. Tags are weak: they tell contents, not bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from harvester.triplestore import Mark, Query
from harvester.web import conditional
from harvester.web.serving import Serving

VARIES = {"Vary": "Accept, Accept-Encoding, Accept-Language"}


def tag(mark: Mark, query: Query) -> str:
    """The entity tag of the answer to a query on a checkpoint, whatever its encoding."""
    about = [query.text, query.results, query.graph, *query.default_graph, None, *query.named_graphs]
    return f"W/{conditional.tag(_code(), mark.fingerprint, query.base, about)}"


def held(header: str | None, tag: str) -> bool:
    """True when If-None-Match names this tag; `*` names none, for it says nothing of the query."""
    return header is not None and tag in (one.strip() for one in header.split(","))


def validators(mark: Mark | None, query: Query, *, volatile: bool) -> Mapping[str, str]:
    """Headers of an answer that may be asked for again; one that holds for a moment must not be kept."""
    if volatile or mark is None:
        return {"Cache-Control": "no-store"}
    return {
        "ETag": tag(mark, query),
        "Last-Modified": formatdate(mark.made_at, usegmt=True),
        "Cache-Control": "no-cache",
    }


def limits(serving: Serving) -> Mapping[str, str]:
    """What one query may take, as a structured field (RFC 9651): seconds, bytes, bytes, queries at once."""
    told = serving.pool.limits
    length = f"length={told.length}, concurrent={told.each}"
    return {"Query-Limits": f"time={told.time_s:g}, memory={told.memory}, {length}"}


@cache
def _code() -> str:
    return " ".join(f"{name}={_version(name)}" for name in ("archipel-harvester", "pyoxigraph"))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a folder, not installed
        return "0"
