"""Room: what a SPARQL endpoint is asked: how many records there are, a page of them, what is said of some.

In: the options of a source. Out: queries. Pages go on after the last key, never by OFFSET: endpoints sort and
skip in vain, and cap what they skip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from harvester import canonical, vocab
from harvester.connectors._rdf import Adopting, prefixed
from harvester.connectors._sparql import Term
from harvester.profile import adoption

PREFIX = re.compile(r"(?:\s|#[^\n]*\n)*PREFIX\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)
SELECT = re.compile(r"(?:\s|#[^\n]*\n)*SELECT\b", re.IGNORECASE)
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
"""An IRI that can stand between `<` and `>`."""

PARTS = """?subject ?p0 ?o0
OPTIONAL {{ ?o0 ?p1 ?o1 FILTER(isBlank(?o0) || {fragment}{parts})
OPTIONAL {{ ?o1 ?p2 ?o2 FILTER(isBlank(?o1)) }} }}"""
"""Statements, and those about values without a name, two levels deep: the place of an event, its address."""

FRAGMENT = 'STRSTARTS(STR(?o0), CONCAT(STR(?subject), "#"))'


class Options(Adopting):
    """What may be said of a SPARQL source besides the address of its endpoint."""

    classes: tuple[str, ...] = Field(
        (), description="Classes whose instances are records, by prefixed name or IRI."
    )
    subjects: str | None = Field(
        None,
        pattern=r"[?$]subject\b",
        description="Instead of `classes`: a graph pattern that gives ?subject, each a record.",
    )
    select: str | None = Field(
        None,
        pattern=r"[?$]ref\b",
        description="Instead of `classes`: a SELECT whose variables are the fields of records; ?ref names "
        "each.",
    )
    graph: str | None = Field(
        None,
        pattern=f"^{ABSOLUTE.pattern}$",
        description="Named graph that is asked; by default what the endpoint asks.",
    )
    parts: tuple[str, ...] = Field(
        (),
        description="Properties whose values are described along with a record, though they have a name of "
        'their own: `"schema:location"`.',
    )
    namespace: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
        description="How the IRIs of records begin: refs are what follows. By default the endpoint's host.",
    )
    page_size: int = Field(500, ge=1, le=10_000, description="Records asked for at once.")
    method: Literal["get", "post"] | None = Field(
        None, description="How the endpoint is asked: by POST, and by GET when it answers that badly."
    )

    @field_validator("classes", "parts")
    @classmethod
    def _named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            iri(name)
        return names

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if [bool(self.classes), self.subjects is not None, self.select is not None].count(True) != 1:
            raise ValueError("one of `classes`, `subjects` and `select` is needed: what the records are")
        if self.select is not None and not SELECT.match(_parted(self.select)[1]):
            raise ValueError("`select` is no SELECT; begin it with PREFIX lines, or SELECT")
        if self.select is not None and (self.parts or self.kinds or self.page):
            raise ValueError("`parts`, `kinds` and `page` are for what is adopted; `select` says it itself")
        return self


@dataclass(frozen=True, slots=True)
class Queries:
    """The questions to one endpoint: `key` is the variable that names records.

    `listed` is a graph pattern that gives all keys, `told` one that says what there is to say of a key.
    """

    prologue: str
    key: str
    listed: str
    told: str

    def count(self, name: str) -> str:
        """How many keys there are, as `name`, and how many of them can be named again, as `_named`."""
        named = f"BIND(IF(isBlank({self.key}), ?_none, {self.key}) AS ?_key)"
        asked = f"(COUNT(DISTINCT {self.key}) AS ?{name}) (COUNT(DISTINCT ?_key) AS ?_named)"
        return f"{self.prologue}SELECT {asked} WHERE {{\n{self.listed}\n{named} }}"

    def page(self, after: str | None, size: int) -> str:
        """The `size` keys that follow `after` by their characters, each with the number of its rows.

        Sorted around what is distinct, as a text: endpoints may sort IRIs by numbers of their own.
        """
        rest = f" && STR({self.key}) > {canonical.string(after)}" if after is not None else ""
        keys = f"SELECT DISTINCT {self.key} WHERE {{\n{self.listed}\nFILTER(!isBlank({self.key}){rest}) }}"
        page = f"SELECT {self.key} WHERE {{ {{ {keys} }} }} ORDER BY STR({self.key}) LIMIT {size}"
        return (
            f"{self.prologue}SELECT {self.key} (COUNT(*) AS ?_rows) WHERE {{ {{ {page} }}\n{self.told} }} "
            f"GROUP BY {self.key} ORDER BY STR({self.key})"
        )

    def rows(self, keys: Iterable[Term]) -> str:
        """What is said of these keys."""
        values = " ".join(map(written, keys))
        return f"{self.prologue}SELECT * WHERE {{ VALUES {self.key} {{ {values} }}\n{self.told} }}"


def queries(options: Options) -> Queries:
    """The questions that the options of a source come to."""
    if options.select is not None:
        declared, select = _parted(options.select)
        inner = f"{{ {select}\n}}"
        return Queries(_prologue(select, declared), "?ref", inner, inner)
    classes = " ".join(f"<{iri(name)}>" for name in options.classes)
    listed = options.subjects or f"VALUES ?_class {{ {classes} }} ?subject a ?_class ."
    parts = ", ".join(f"<{iri(name)}>" for name in options.parts)
    told = PARTS.format(fragment=FRAGMENT, parts=f" || ?p0 IN ({parts})" if parts else "")
    return Queries(_prologue(listed, {}), "?subject", listed, told)


def iri(name: str) -> str:
    """A class or property as a whole IRI.

    Raises:
        ValueError: neither an IRI nor a name with a prefix that we know.
    """
    prefix, _, local = prefixed(name).partition(":")
    whole = local.startswith("//") or prefix == "urn"
    found = name if whole else f"{_prefixes().get(prefix, '')}{local}"
    if not ABSOLUTE.fullmatch(found):
        raise ValueError(f"'{name}' is no IRI, and its prefix is not known; write the whole IRI")
    return found


def askable(key: Term) -> bool:
    """False for an IRI that no query can hold."""
    return key.kind != "uri" or ABSOLUTE.fullmatch(key.text) is not None


def written(term: Term) -> str:
    """A term as queries and N-Triples write it."""
    if term.kind == "uri":
        return canonical.node(term.text)
    text = canonical.string(term.text, term.language)
    return f"{text}^^{canonical.node(term.datatype)}" if term.datatype and not term.language else text


def _parted(select: str) -> tuple[Mapping[str, str], str]:
    """The prefixes that a query declares, and the query without them: a query inside another has none."""
    declared: dict[str, str] = {}
    while found := PREFIX.match(select):
        declared[found[1]] = found[2]
        select = select[found.end() :]
    return declared, select


def _prologue(text: str, declared: Mapping[str, str]) -> str:
    """The declarations of the prefixes that a text uses, its own before ours, one on a line."""
    known = {**_prefixes(), **declared}
    used: Sequence[str] = [name for name in known if re.search(rf"(?<![\w.-]){re.escape(name)}:", text)]
    return "".join(f"PREFIX {name}: <{known[name]}>\n" for name in used)


def _prefixes() -> Mapping[str, str]:
    return {**vocab.prefixes(), **adoption.known()["prefixes"]}
