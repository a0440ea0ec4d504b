"""Room: the rows that tell of one key → its record.

In: rows, the options of the source. Out: a record adopted from what they say, or made of their variables; why
there is none. A record depends on its own rows only, not on the page that they came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harvester import canonical
from harvester.connectors import Raw
from harvester.connectors._answers import where
from harvester.connectors._rdf import Adopter, root
from harvester.connectors._sparql import Row, Term, rows
from harvester.connectors._sparql_queries import Options, written
from harvester.connectors._sparql_steps import Step
from harvester.connectors._things import steady
from harvester.errors import RecordError, SourceChanged
from harvester.model import IRI, Listed, Record, Rejected, Source
from harvester.model import Raw as Value
from harvester.rdf import things

LEVELS = 3
FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
LANGUAGE = re.compile(r"[A-Za-z]+(-[A-Za-z0-9]+)*")


@dataclass(slots=True)
class Reading:
    """Reads what steps tell; `owner` is the last key that is no fragment, `led` what it leads to."""

    source: Source
    options: Options
    raw: Raw
    owner: str = ""
    led: frozenset[str] = frozenset()

    def records(self, step: Step) -> Iterator[Listed]:
        """The records of one step, in the order of their keys."""
        if step.nameless:
            yield Rejected(
                None,
                f"{step.nameless} records without an IRI, which nothing tells from others another night; "
                "leave them out with `subjects`",
            )
        yield from (Rejected(key.text, "its IRI cannot be asked for") for key in step.lost)
        for key, told in self._told(step).items():
            if one := self._record(key, told):
                yield one

    def _told(self, step: Step) -> Mapping[Term, Sequence[Row]]:
        """The rows of each key of a step, all that were counted."""
        name = "subject" if self.options.select is None else "ref"
        found: dict[Term, list[Row]] = {key: [] for key in step.told}
        for row in rows(step.answer, self.source, self.raw) if step.told else ():
            if row.get(name) in found:
                found[row[name]].append(row)
        for key, counted in step.told.items():
            if len(found[key]) < counted:
                raise SourceChanged(
                    f"{where(step.answer, self.source)}: {len(found[key])} rows of '{key.text}', which has "
                    f"{counted}: it cuts its answers; lower `page_size`"
                )
        return found

    def _record(self, key: Term, told: Sequence[Row]) -> Listed | None:
        if self.options.select is not None:
            return Record(key.text.removeprefix(self.options.namespace or "") or key.text, _fields(told))
        if key.text.partition("#")[0] == self.owner and key.text in self.led:
            return None  # a part of the record before it, and told with it
        if "#" not in key.text:
            self.owner, self.led = key.text, frozenset(_led(told))
        try:
            return self._adopted(key, told)
        except (RecordError, SourceChanged) as error:
            return Rejected(key.text.removeprefix(self._namespace) or key.text, str(error))

    def _adopted(self, key: Term, told: Sequence[Row]) -> Listed | None:
        document = canonical.lines(_lines(told))
        found = things(document, "application/n-triples", base=self.source.url)
        named = {one.iri: steady(one) for one in found if one.iri}
        if IRI(key.text) not in named:
            raise RecordError(f"'{key.text}' is no IRI; a record needs one")
        adopter = Adopter(self._namespace, self.source.language, self.options, named)
        return adopter.listed(named[IRI(key.text)])

    @property
    def _namespace(self) -> str:
        return self.options.namespace or root(self.source.url)


def _led(told: Sequence[Row]) -> Iterator[str]:
    """What a record leads to and that is described with it."""
    for row in told:
        yield from (row[name].text for name in ("o0", "o1") if name in row)


def _lines(told: Sequence[Row]) -> Iterator[str]:
    """The statements of rows: each says something of the value before it."""
    for row in told:
        node = row["subject"]
        for level in range(LEVELS):
            predicate, value = row.get(f"p{level}"), row.get(f"o{level}")
            if predicate is None or value is None:
                break
            yield f"{_written(node)} {_written(predicate)} {_written(value)} ."
            node = value


def _written(term: Term) -> str:
    """A term in N-Triples; what may stand in none is written in its escapes, or left out."""
    if term.kind == "uri":
        return canonical.node(_escaped(term.text))
    if term.kind == "bnode":
        return f"_:b{term.text.encode().hex()}"
    if term.kind != "literal":
        raise RecordError(f"a value of the kind '{term.kind}', which is not read")
    language = (term.language or "").replace("_", "-")
    datatype = _escaped(term.datatype) if term.datatype else None
    return written(Term("literal", term.text, language if LANGUAGE.fullmatch(language) else None, datatype))


def _escaped(iri: str) -> str:
    return FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04X}", iri)


def _fields(told: Sequence[Row]) -> dict[str, Value]:
    """The variables of the rows of a key, each with its value, or its values in an order that stays."""
    found: dict[str, list[Value]] = {}
    for row in told:
        for name, term in row.items():
            values = found.setdefault(name, [])
            if name != "ref" and term.kind != "bnode" and (value := _value(term)) not in values:
                values.append(value)
    return {
        name: values[0] if len(values) == 1 else sorted(values, key=repr)
        for name, values in found.items()
        if values
    }


def _value(term: Term) -> Value:
    """A text, with its language where it says it."""
    return {"@value": term.text, "@language": term.language} if term.language else term.text
