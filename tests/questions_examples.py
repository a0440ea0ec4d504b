"""Room: a federation made by hand, and the rows that each question must give of it.

Every trap that a question can fall into has its record here: a day and an hour, a cancelled event, a city
with arrondissements, a pair told twice, a duplicate of the same phase, an organisation that no source gives as
an initiative. Rows are written out; IRIs are shortened to `source/ref`, `scheme/id`, `level/code`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Row = tuple[str | None, ...]

BASE = "http://localhost:8000/"

NOW = datetime.now(UTC).replace(microsecond=0)


def _day(days: int) -> str:
    return (NOW + timedelta(days=days)).date().isoformat()


def _hour(**since: int) -> str:
    return (NOW + timedelta(**since)).isoformat()


JUVIGNAC, MONTPELLIER, PARIS_11, RENNES, TOULOUSE = "34123", "34172", "75111", "35238", "31555"
NEAR = {"lat": 43.62, "lon": 3.80}
OCEANS = "acidification-oceans"

SOURCES: Mapping[str, tuple[str, Sequence[dict[str, Any]]]] = {
    "carte-a": ("initiative", [
        {"ref": "jardin", "name": "Jardin", "insee": JUVIGNAC, **NEAR, "theme": ["alimentation"],
         "phase": "emergence", "sdg": ["15"], "partner_of": ["epicerie", "https://ailleurs.example.org/"],
         "needs": [{"name": "Une serre", "support": ["financement"]},
                   {"name": "Des bras", "support": ["contributeurs"]}]},
        {"ref": "epicerie", "name": "Épicerie", "insee": MONTPELLIER, "lat": 43.61, "lon": 3.877,
         "theme": ["alimentation", "solidarite"], "phase": "essaimage", "partner_of": ["jardin", "epicerie"],
         "needs": [{"support": ["financement"]}]},
        {"ref": "cooperative", "kind": "organisation", "name": "Coopérative", "insee": JUVIGNAC,
         "theme": ["mobilite", "habitat"], "partners": [{"name": "Voisine"}]},
        {"ref": "cafe", "name": "Café", "insee": PARIS_11, "lat": 48.86, "lon": 2.38, "theme": ["culture-lien"]},
        {"ref": "ferme", "name": "Ferme", "insee": TOULOUSE, "lat": 43.6, "lon": 1.44,
         "theme": ["alimentation"], "phase": "emergence", "boundary": [OCEANS], "covers": ["departement/34"],
         "videos": [{"name": "La mer", "embed": "https://videos.example.org/mer"}]},
    ]),
    "carte-b": ("initiative", [
        {"ref": "jardin-bis", "name": "Jardin (bis)", "insee": JUVIGNAC, "theme": ["nature-eau"],
         "phase": "developpement"},
        {"ref": "ferme-bis", "name": "Ferme (bis)", "insee": TOULOUSE, "phase": "emergence"},
        {"ref": "nulle-part", "name": "Sans lieu", "theme": ["alimentation"], "phase": "emergence",
         "partner_of": ["ferme-bis"], "documented_by": [f"{BASE}id/videotheque/oceans"]},
        {"ref": "chantier", "kind": "project", "name": "Chantier à venir", "insee": TOULOUSE, "start": _day(9)},
    ]),
    "annuaire": ("organisation", [
        {"ref": "office", "name": "Office", "insee": JUVIGNAC, **NEAR, "theme": ["alimentation"],
         "phase": "perennisation",
         "needs": [{"name": "Un local", "support": ["local", "financement"]}]},
    ]),
    "agenda": ("event", [
        {"ref": "jour", "name": "Un jour", "insee": MONTPELLIER, "start": _day(10)},
        {"ref": "aujourdhui", "name": "Aujourd'hui", "insee": MONTPELLIER, "start": _day(0)},
        {"ref": "hier", "name": "Hier", "insee": MONTPELLIER, "start": _day(-1)},
        {"ref": "heure", "name": "Une heure", "insee": JUVIGNAC, "start": _hour(hours=3)},
        {"ref": "passee", "name": "Heure passée", "insee": JUVIGNAC, "start": _hour(hours=-1)},
        {"ref": "annule", "name": "Annulé", "insee": JUVIGNAC, "start": _day(20), "status": "annule"},
        {"ref": "reporte", "name": "Reporté", "insee": JUVIGNAC, "start": _day(30), "status": "reporte"},
        {"ref": "paris", "name": "À Paris", "insee": PARIS_11, "start": _day(5)},
        {"ref": "projet", "kind": "project", "name": "Un projet", "insee": JUVIGNAC, "start": _day(7)},
    ]),
    "videotheque": ("video", [
        {"ref": "oceans", "name": "Les océans", "embed": "https://videos.example.org/o", "boundary": [OCEANS],
         "about": ["https://ailleurs.example.org/", "oceans-2"]},
        {"ref": "oceans-2", "name": "Les océans, suite", "embed": "https://videos.example.org/o2",
         "boundary": [OCEANS], "licence": "permission"},
        {"ref": "ferme-vue", "name": "La ferme", "embed": "https://videos.example.org/f",
         "about": [f"{BASE}id/carte-a/ferme"]},
        {"ref": "climat", "name": "Le climat", "embed": "https://videos.example.org/c",
         "boundary": ["changement-climatique"]},
    ]),
    "pacte": ("commitment", [
        {"ref": "c1", "name": "Juvignac, 2020", "insee": JUVIGNAC, "measure": ["1", "2"]},
        {"ref": "c2", "name": "Juvignac, 2021", "insee": JUVIGNAC, "measure": ["2", "3"]},
        {"ref": "c3", "name": "Rennes", "insee": RENNES, "measure": ["1"]},
        {"ref": "c4", "name": "Une liste", "insee": RENNES, "measure": ["4"], "commits": "une-liste"},
    ]),
    "listes": ("participatory-list", [
        {"ref": "paris", "name": "Liste de Paris", "insee": PARIS_11, "election": "municipales-2020", "assessments": [
            {"criterion": "boussole-2019/pas-de-programme", "rating": 3, "self_assessed": True},
            {"criterion": "boussole-2019/autonomie-partis", "rating": 1, "self_assessed": False},
            {"criterion": "criteres-pionniers/engagement", "rating": 5, "self_assessed": True}]},
        {"ref": "rennes", "name": "Liste de Rennes", "insee": RENNES, "election": "municipales-2020",
         "page": "https://listes.example.org/rennes"},
        {"ref": "note", "kind": "assessment", "name": "Note de Rennes", "about": ["rennes"],
         "criterion": "boussole-2026/repere-1", "rating": 4.5, "self_assessed": True},
    ]),
}  # fmt: skip

CLOSE = [
    ("carte-a/jardin", "skos:closeMatch", "carte-b/jardin-bis"),
    ("carte-b/jardin-bis", "skos:closeMatch", "carte-a/jardin"),
    ("carte-b/ferme-bis", "owl:sameAs", "carte-a/ferme"),
    ("carte-a/jardin", "skos:closeMatch", "carte-a/epicerie"),
]
"""Links between records, as the links graph tells them."""

CLUSTERS = [{"carte-a/jardin", "carte-b/jardin-bis"}, {"carte-a/ferme", "carte-b/ferme-bis"}]

_A, _B = "sources/carte-a", "sources/carte-b"
_INITIATIVES = {
    "alimentation": "Alimentation et agriculture",
    "solidarite": "Solidarité et inclusion",
    "habitat": "Habitat et urbanisme",
    "mobilite": "Mobilité",
    "nature-eau": "Nature, eau, biodiversité",
}

ROWS: Mapping[int, Sequence[Row]] = {
    1: [
        ("carte-a/cooperative", "Coopérative", _A, "Carte a"),
        ("carte-a/jardin", "Jardin", _A, "Carte a"),
        ("carte-b/jardin-bis", "Jardin (bis)", _B, "Carte b"),
    ],
    2: [
        ("carte-a/epicerie", "Épicerie", "Montpellier"),
        ("carte-a/ferme", "Ferme", "Hérault|Toulouse"),
        ("carte-a/jardin", "Jardin", "Juvignac"),
    ],
    3: [
        (f"themes/{theme}", _INITIATIVES[theme], n)
        for theme, n in (("alimentation", "3"), ("habitat", "1"), ("mobilite", "1"), ("nature-eau", "1"),
                         ("solidarite", "1"))
    ],
    4: [
        ("agenda/aujourdhui", "Aujourd'hui", _day(0)),
        ("agenda/heure", "Une heure", _hour(hours=3).replace("+00:00", "Z")),
        ("agenda/jour", "Un jour", _day(10)),
        ("agenda/reporte", "Reporté", _day(30)),
    ],
    5: [
        ("carte-a/epicerie", "Épicerie", "43.61", "3.877"),
        ("carte-a/jardin", "Jardin", "43.62", "3.8"),
    ],
    6: [
        (f"sdg/{goal}", n)
        for goal, n in (
            # alimentation 2; solidarite 1, 5, 10; mobilite 11; habitat 11; culture-lien 9, 11; nature-eau 6, 14, 15
            ("1", "1"), ("2", "4"), ("5", "1"), ("6", "1"), ("9", "1"), ("10", "1"), ("11", "2"), ("14", "1"),
            ("15", "2"),  # one by its theme, one because it says so
        )
    ],
    7: [
        ("annuaire/office", "Office", "annuaire/office#besoin", "Un local"),
        ("carte-a/epicerie", "Épicerie", "carte-a/epicerie#besoin", None),
        ("carte-a/jardin", "Jardin", "carte-a/jardin#besoin", "Une serre"),
    ],
    8: [
        ("carte-a/ferme#video", "La mer", "licences/ODbL-1.0", "carte-a/ferme"),
        ("videotheque/ferme-vue", "La ferme", "licences/ODbL-1.0", "carte-a/ferme"),
        ("videotheque/oceans", "Les océans", "licences/ODbL-1.0", "carte-b/nulle-part"),
        ("videotheque/oceans", "Les océans", "licences/ODbL-1.0", "https://ailleurs.example.org/"),
        ("videotheque/oceans", "Les océans", "licences/ODbL-1.0", "videotheque/oceans-2"),
    ],
    9: [
        ("carte-a/ferme", "Ferme", _A, "carte-b/ferme-bis", "Ferme (bis)", _B),
        ("carte-a/jardin", "Jardin", _A, "carte-b/jardin-bis", "Jardin (bis)", _B),
    ],
    10: [("commune/34123", "Juvignac", "3"), ("commune/35238", "Rennes", "1")],
    11: [
        ("listes/paris", "Liste de Paris", "Paris|Paris 11e Arrondissement", "boussole-2019/pas-de-programme",
         "Pas de programme prédéfini", "3"),
        ("listes/rennes", "Liste de Rennes", "Rennes", "boussole-2026/repere-1",
         "Repère 1 de la Boussole 2026 (intitulé à compléter)", "4.5"),
    ],
    14: [
        ("carte-a/cooperative", "Coopérative", "carte-a/cooperative#partenaire", "Voisine"),
        ("carte-a/epicerie", "Épicerie", "carte-a/jardin", "Jardin"),
        ("carte-b/ferme-bis", "Ferme (bis)", "carte-b/nulle-part", "Sans lieu"),
    ],
    15: [
        ("phases/emergence", "Émergence", "2"),
        ("phases/developpement", "Développement", "1"),
        ("phases/essaimage", "Essaimage", "1"),
    ],
    16: [
        (f"sources/{name}", name.capitalize().replace("-", " "), str(len(rows)))
        for name, (_kind, rows) in sorted(SOURCES.items())
    ],
    17: [
        ("listes/rennes", "Liste de Rennes", "https://listes.example.org/rennes"),
        ("pacte/c3", "Rennes", None),
        ("pacte/c4", "Une liste", None),
    ],
    20: [
        ("agenda/aujourdhui", "Aujourd'hui", _day(0)),
        ("agenda/heure", "Une heure", _hour(hours=3).replace("+00:00", "Z")),
        ("agenda/jour", "Un jour", _day(10)),
        ("agenda/paris", "À Paris", _day(5)),
        ("agenda/reporte", "Reporté", _day(30)),
    ],
}  # fmt: skip
"""Question -> its rows, sorted. A place of several names has them sorted, joined by `|`; goals have no label."""
