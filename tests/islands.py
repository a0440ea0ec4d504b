"""A small federation harvested by the product: two sources under one licence, one under another, one without."""

from __future__ import annotations

import json
from typing import Any

from harvester.config import load

MAP = (
    '{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville", lat = "lat", lon = "lon",'
    ' page = "page", homepage = "site", keywords = "mots", email = "courriel" }'
)
LICENCES = {"jardins": "ODbL-1.0", "cafes": "etalab-2.0", "ateliers": "ODbL-1.0", "secrets": "unknown"}


def place(ref: str, name: str, **more: Any) -> dict[str, Any]:
    """One record of a partner, in Aniane."""
    told = {"id": ref, "nom": name, "code": "34150", "ville": "Aniane", "lat": 43.684, "lon": 3.587}
    return {**told, "texte": f"{name}, ouvert à tous.", "page": f"https://partenaire.example/{ref}", **more}


RECORDS: dict[str, list[dict[str, Any]]] = {
    "jardins": [
        place("j1", "Jardin des possibles", mots=["sol", "eau"], site="https://jardin.example/"),
        place("j2", '=cmd|"/C calc"!A0', courriel="contact@jardin.example"),
        place("j/3", "Jardin sans point, avec «\u2028guillemets»\n", lat=None, lon=None),
    ],
    "cafes": [place("c1", "Café des voisins", ville="Lyon 3e", code="69003", lat=45.76, lon=4.85)],
    "ateliers": [place("a1", "Atelier vélo"), place("a2", "Atelier bois")],
    "secrets": [place("s1", "Sans licence")],
}


def toml(url: str) -> str:
    """The sources as a maintainer writes them."""
    return "".join(
        f'[source.{name}]\ntitle = "Les {name}"\nconnector = "table"\nlicence = "{licence}"\n'
        f'url = "{url}/{name}/liste.json"\nallow_private = true\ndelay = "0s"\nattempts = 1\ngrace = "0d"\n'
        f'expect = {{ max_shrink = 1.0 }}\nkind = "{"organisation" if name == "ateliers" else "initiative"}"\n'
        f'publisher = {{ name = "Réseau des {name}", url = "https://{name}.example/" }}\nmap = {MAP}\n'
        for name, licence in LICENCES.items()
    )


def serve(partners: Any, source: str, records: object) -> None:
    partners.serve(f"/{source}/liste.json", json.dumps(records).encode(), "application/json")


def harvest(federation: Any, *names: str) -> None:
    """Harvest these sources, or all of them."""
    for name in names or LICENCES:
        assert federation.run(name).outcome.succeeded


def declared(federation: Any, partners: Any) -> Any:
    """The federation, harvested once."""
    for name, records in RECORDS.items():
        serve(partners, name, records)
    federation.declare(toml(partners.url))
    harvest(federation)
    return federation


def configured(federation: Any) -> Any:
    return load(federation.config).federation
