"""Room: minting. The only place where an IRI is made.

Names come in (source id, ref, level, code), IRIs go out. Records, sources, runs and graphs live
under the federation's base; terms, concepts and territories under `https://w3id.org/archipel/`,
the same in every installation. Nothing is looked up.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from harvester.model import IRI

ROOT = "https://w3id.org/archipel/"
NS = ROOT + "ns#"
SHAPES = ROOT + "shapes#"

_SAFE = "-._~"


def record(base: str, source: str, ref: str) -> IRI:
    """`{base}id/{source}/{ref}`: the ref is percent-encoded, slashes kept when unambiguous."""
    return IRI(f"{base}id/{source}/{_path(ref)}")


def _path(ref: str) -> str:
    segments = ref.split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        return quote(ref, safe="-_~").replace(".", "%2E")
    return quote(ref, safe=_SAFE + "/")


def record_of(base: str, iri: str) -> tuple[str, str] | None:
    """The (source, ref) a record IRI was minted from; fragments are ignored. None if foreign."""
    prefix = base + "id/"
    if not iri.startswith(prefix):
        return None
    source, slash, ref = iri.removeprefix(prefix).split("#", 1)[0].partition("/")
    return (source, unquote(ref)) if slash and ref else None


def fragment(owner: IRI, name: str) -> IRI:
    """A dependent of a record: `{record}#{name}`."""
    return IRI(f"{owner}#{name}")


def source(base: str, source_id: str) -> IRI:
    """The source as a dataset; also the address of its page."""
    return IRI(f"{base}sources/{source_id}")


def catalogue(base: str) -> IRI:
    """The federation as a catalogue; also the address of its page."""
    return IRI(f"{base}catalog")


def whole(base: str) -> IRI:
    """Everything published, as one dataset."""
    return IRI(f"{base}catalog#tout")


def version(base: str, change: int) -> IRI:
    """A record as one change left it."""
    return IRI(f"{base}version/{change}")


def stream(base: str, source: str | None = None) -> IRI:
    """The event stream of all changes, or of those of one source; its page without the fragment."""
    return IRI(f"{base}changes{f'?source={source}' if source else ''}#flux")


def run(base: str, source_id: str, run_id: int) -> IRI:
    """One harvest of one source."""
    return IRI(f"{base}run/{source_id}/{run_id}")


def graph(base: str, name: str) -> IRI:
    """A named graph: `source/{id}`, `prov`, `vocab`, `territoire`."""
    return IRI(f"{base}graph/{name}")


def source_graph(base: str, source_id: str) -> IRI:
    """The named graph that holds the records of one source."""
    return graph(base, f"source/{source_id}")


def territory(level: str, code: str) -> IRI:
    """A territory by level and code: levels are commune, departement, region, epci."""
    return IRI(f"{ROOT}territoire/{level}/{code}")


def concept(scheme: str, name: str) -> IRI:
    """A concept of one of our schemes."""
    return IRI(f"{ROOT}vocab/{scheme}/{quote(name, safe=_SAFE)}")


def term(name: str) -> IRI:
    """A class or property of our own namespace."""
    return IRI(NS + name)
