"""Room: the linter's rules about one shape, which need no other file than its own.

Each takes the shapes as written and one of them, and yields its faults. What the rules ask is of
two kinds: what SHACL says a shape may hold, and the house's own law: named shapes, messages in
both languages, a severity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from harvester import iri
from harvester.errors import suggestion
from harvester.shapes import patterns, terms
from harvester.shapes.graph import SH
from harvester.shapes.written import Malformed, Node, Term, Written, name

Fault = tuple[str, str]
"""(word to find the line by, what is wrong; what to do)."""

Rule = Callable[[Written, Node], Iterator[Fault]]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_PROPERTY_SHAPE = ox.NamedNode(SH + "PropertyShape")
_LANGUAGES = {"en": "English", "fr": "French"}


def _known_terms(whole: Written, shape: Node) -> Iterator[Fault]:
    for predicate in whole.about(shape):
        for namespace, prefix, known in ((SH, "sh", terms.PREDICATES), (iri.NS, "archipel", terms.OWN)):
            term = predicate.removeprefix(namespace)
            if predicate.startswith(namespace) and term not in known:
                near = suggestion(term, known)
                yield f"{prefix}:{term}", f"no term '{prefix}:{term}' of SHACL Core or of ours; {near}"
    for kind in whole.types(shape):
        if isinstance(kind, ox.NamedNode) and kind.value.startswith(SH):
            yield from _known("class", kind, terms.CLASSES)


def _known_values(whole: Written, shape: Node) -> Iterator[Fault]:
    for term, known in (("severity", terms.SEVERITIES), ("nodeKind", terms.NODE_KINDS)):
        for value in whole.values(shape, term):
            yield from _known(f"sh:{term}", value, known)
    for value in whole.values(shape, "datatype"):
        if isinstance(value, ox.NamedNode) and value.value.startswith(_XSD):
            local = value.value.removeprefix(_XSD)
            if local not in terms.DATATYPES:
                yield f"xsd:{local}", f"no datatype 'xsd:{local}'; {suggestion(local, terms.DATATYPES)}"


def _known(what: str, value: Term, known: frozenset[str]) -> Iterator[Fault]:
    word = name(value)
    if word.removeprefix("sh:") not in known or not word.startswith("sh:"):
        yield word, f"no {what} '{word}'; {suggestion(word.removeprefix('sh:'), known)}"


def _named(_whole: Written, shape: Node) -> Iterator[Fault]:
    if isinstance(shape, ox.NamedNode) and not shape.value.startswith(iri.SHAPES):
        yield "", f"its IRI is outside '{iri.SHAPES}'; name it under it"


def _path(whole: Written, shape: Node) -> Iterator[Fault]:
    paths = whole.values(shape, "path")
    if _is_property(whole, shape) and not paths:
        yield "", "has no sh:path and checks nothing; add one"
    for path in paths:
        if not _is_path(whole, path):
            yield "sh:path", f"sh:path {name(path)} is no property path; give the IRI of a property"
    if paths and not _is_property(whole, shape):
        yield "sh:path", "has a sh:path but is no sh:PropertyShape; say `a sh:PropertyShape`"
    if not paths and not _is_property(whole, shape):
        for term, _ in whole.every(shape, terms.PROPERTY_ONLY):
            yield f"sh:{term}", f"sh:{term} means nothing on a node shape; move it to a property shape"


def _is_property(whole: Written, shape: Node) -> bool:
    return _PROPERTY_SHAPE in whole.types(shape)


def _is_path(whole: Written, path: Term) -> bool:
    if isinstance(path, ox.NamedNode):
        return True
    if isinstance(path, ox.BlankNode):
        steps = list(whole.every(path, terms.PATHS))
        if not steps:
            return _is_path_list(whole, path)
        if len(steps) == 1:
            term, value = steps[0]
            return (_is_path_list if term == "alternativePath" else _is_path)(whole, value)
    return False


def _is_path_list(whole: Written, head: Term) -> bool:
    try:
        members = whole.members(head)
    except Malformed:
        return False
    return len(members) > 1 and all(_is_path(whole, member) for member in members)


def _once(whole: Written, shape: Node) -> Iterator[Fault]:
    for term, count in Counter(term for term, _ in whole.every(shape, terms.ONCE)).items():
        if count > 1:
            yield f"sh:{term}", f"has {count} values of sh:{term}; keep one"


def _values(whole: Written, shape: Node) -> Iterator[Fault]:
    for known, wanted, fits in _FITTING:
        for term, value in whole.every(shape, known):
            if not fits(value):
                yield f"sh:{term}", f"sh:{term} is {name(value)}; give {wanted}"
    for term in terms.OWN:
        for value in whole.about(shape).get(iri.NS + term, ()):
            if not _is_switch(value):
                yield f"archipel:{term}", f"archipel:{term} is {name(value)}; give true or false"


def _is_count(value: Term) -> bool:
    return (
        isinstance(value, ox.Literal)
        and value.datatype.value == _XSD + "integer"
        and value.value.isascii()
        and value.value.isdigit()
    )


def _is_switch(value: Term) -> bool:
    return str(value) in (f'"{said}"^^<{_XSD}boolean>' for said in ("true", "false"))


_FITTING: tuple[tuple[frozenset[str], str, Callable[[Term], bool]], ...] = (
    (terms.COUNTS, "an integer, 0 or more", _is_count),
    (terms.BOUNDS, "a literal to compare with", lambda value: isinstance(value, ox.Literal)),
    (terms.IRIS, "an IRI", lambda value: isinstance(value, ox.NamedNode)),
    (terms.SWITCHES, "true or false", _is_switch),
)


def _ordered(whole: Written, shape: Node) -> Iterator[Fault]:
    numbers = {term: _number(value) for term, value in whole.every(shape, terms.COUNTS | terms.BOUNDS)}
    for low, high in terms.ORDERED:
        least, most = numbers.get(low), numbers.get(high)
        if least is None or most is None:
            continue
        if least > most or (least == most and "Exclusive" in low + high):
            yield f"sh:{low}", f"sh:{low} {least} and sh:{high} {most} leave no value; correct one"


def _number(value: Term) -> Decimal | None:
    """A number to compare; None for anything else, "NaN" too."""
    try:
        found = Decimal(value.value) if isinstance(value, ox.Literal) else None
    except InvalidOperation:
        return None
    return found if found is None or found.is_finite() else None


def _patterns(whole: Written, shape: Node) -> Iterator[Fault]:
    flags = "".join(value.value for value in whole.values(shape, "flags") if isinstance(value, ox.Literal))
    if whole.values(shape, "flags") and not whole.values(shape, "pattern"):
        yield "sh:flags", "sh:flags without sh:pattern; remove it"
    for value in whole.values(shape, "pattern"):
        text = value.value if isinstance(value, ox.Literal) else ""
        for told in patterns.faults(text, flags):
            yield "sh:pattern", f"sh:pattern '{text}' {told}"


def _lists(whole: Written, shape: Node) -> Iterator[Fault]:
    for term, head in whole.every(shape, terms.LISTS):
        try:
            members = whole.members(head)
        except Malformed:
            yield f"sh:{term}", f"sh:{term} is no well-formed list; write it as ( … )"
            continue
        if not members and term != "ignoredProperties":
            yield f"sh:{term}", f"sh:{term} is an empty list, which nothing meets; fill it or remove it"
        for member in members:
            yield from _member(term, member)


def _member(term: str, member: Term) -> Iterator[Fault]:
    if term == "languageIn" and not (isinstance(member, ox.Literal) and member.value):
        yield f"sh:{term}", f'sh:{term} lists {name(member)}; give language tags, as "fr"'
    if term == "ignoredProperties" and not isinstance(member, ox.NamedNode):
        yield f"sh:{term}", f"sh:{term} lists {name(member)}; give IRIs of properties"


def _messages(whole: Written, shape: Node) -> Iterator[Fault]:
    if isinstance(shape, ox.BlankNode):
        return
    said: dict[str, list[str]] = {}
    for value in whole.values(shape, "message"):
        if isinstance(value, ox.Literal) and value.value.strip():
            said.setdefault(value.language or "", []).append(value.value)
    for language, word in sorted(_LANGUAGES.items()):
        if len(said.get(language, ())) != 1:
            told = "no" if language not in said else "more than one"
            yield "sh:message", f'has {told} message in {word}; give one sh:message "…"@{language}'
    for language in sorted(said.keys() - _LANGUAGES):
        yield "sh:message", f"has a message in '{language}'; messages are tagged fr and en"


def _severity(whole: Written, shape: Node) -> Iterator[Fault]:
    if isinstance(shape, ox.NamedNode) and not whole.values(shape, "severity"):
        yield "", "has no sh:severity; say sh:Violation, sh:Warning or sh:Info"


def _constrains(whole: Written, shape: Node) -> Iterator[Fault]:
    if not any(whole.every(shape, terms.CONSTRAINTS)):
        yield "", "constrains nothing; say what it checks or remove it"


def _anonymous(whole: Written, shape: Node) -> Iterator[Fault]:
    for term, part in whole.parts(shape):
        if isinstance(part, ox.BlankNode):
            yield f"sh:{term}", f"calls upon a shape without a name in sh:{term}; name it, as shape:…"


RULES: tuple[Rule, ...] = (
    _known_terms, _known_values, _named, _path, _once, _values, _ordered, _patterns, _lists, _messages,
    _severity, _constrains, _anonymous,
)  # fmt: skip
