"""Room: the terms of SHACL Core, sorted by what the linter asks of their values. Data only.

Source: the SHACL recommendation of 2017, appendix "Summary of Syntax Rules". SHACL-SPARQL is left
out on purpose: partners must be able to check a record with any engine.
"""

from __future__ import annotations

TARGETS = frozenset(("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf"))

COUNTS = frozenset(
    ("minCount", "maxCount", "minLength", "maxLength", "qualifiedMinCount", "qualifiedMaxCount")
)
"""Non-negative integers."""

BOUNDS = frozenset(("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"))
"""Literals to compare with."""

SWITCHES = frozenset(("closed", "deactivated", "qualifiedValueShapesDisjoint", "uniqueLang"))
"""true or false."""

SHAPES = frozenset(("node", "not", "property", "qualifiedValueShape"))
"""One shape."""

SHAPE_LISTS = frozenset(("and", "or", "xone"))
"""A list of shapes."""

LISTS = SHAPE_LISTS | {"ignoredProperties", "in", "languageIn"}

IRIS = TARGETS - {"targetNode"} | {
    "class", "datatype", "disjoint", "equals", "lessThan", "lessThanOrEquals", "nodeKind", "severity",
}  # fmt: skip
"""An IRI."""

PATTERNS = frozenset(("flags", "pattern"))

PROPERTY_ONLY = frozenset(
    (
        "lessThan", "lessThanOrEquals", "maxCount", "minCount", "qualifiedMaxCount", "qualifiedMinCount",
        "qualifiedValueShape", "qualifiedValueShapesDisjoint", "uniqueLang",
    )
)  # fmt: skip
"""Said of the values of a path: a node shape has none."""

CONSTRAINTS = (
    COUNTS | BOUNDS | SHAPES | LISTS | PATTERNS | PROPERTY_ONLY
    | {"class", "closed", "datatype", "disjoint", "equals", "hasValue", "nodeKind"}
)  # fmt: skip

ONCE = (
    COUNTS | BOUNDS | SWITCHES | PATTERNS
    | {"datatype", "ignoredProperties", "in", "languageIn", "nodeKind", "path", "severity"}
)  # fmt: skip
"""At most one value."""

PATHS = frozenset(("alternativePath", "inversePath", "oneOrMorePath", "zeroOrMorePath", "zeroOrOnePath"))

ANNOTATIONS = frozenset(("defaultValue", "description", "group", "message", "name", "order"))

PREDICATES = TARGETS | CONSTRAINTS | SWITCHES | PATHS | ANNOTATIONS | {"path", "severity"}

SEVERITIES = frozenset(("Info", "Violation", "Warning"))
NODE_KINDS = frozenset(
    ("BlankNode", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRI", "IRIOrLiteral", "Literal")
)
CLASSES = frozenset(("NodeShape", "PropertyGroup", "PropertyShape"))

ORDERED = (
    ("minCount", "maxCount"), ("minLength", "maxLength"), ("qualifiedMinCount", "qualifiedMaxCount"),
    ("minInclusive", "maxInclusive"), ("minInclusive", "maxExclusive"), ("minExclusive", "maxInclusive"),
    ("minExclusive", "maxExclusive"),
)  # fmt: skip
"""The first is never above the second; where one is exclusive they are not even equal."""

OWN = frozenset(("concealsValue",))
"""What shapes may say beside SHACL, in our own namespace: true or false."""

DATATYPES = frozenset(
    (
        "anyURI", "base64Binary", "boolean", "byte", "date", "dateTime", "dateTimeStamp", "dayTimeDuration",
        "decimal", "double", "duration", "float", "gDay", "gMonth", "gMonthDay", "gYear", "gYearMonth",
        "hexBinary", "int", "integer", "language", "long", "negativeInteger", "nonNegativeInteger",
        "nonPositiveInteger", "normalizedString", "positiveInteger", "short", "string", "time", "token",
        "unsignedByte", "unsignedInt", "unsignedLong", "unsignedShort", "yearMonthDuration",
    )
)  # fmt: skip
"""Of XML Schema, as RDF 1.1 allows them."""
