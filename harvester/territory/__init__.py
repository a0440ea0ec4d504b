"""Room: the territories of France, and which commune a place is."""

from harvester.territory.areas import LEVELS, Area, Key, key_of
from harvester.territory.resolver import (
    NAMED_WITHIN,
    NEAREST_WITHIN,
    Doubt,
    Match,
    Method,
    Resolution,
    Territory,
    Written,
    load,
)
from harvester.territory.tables import Commune, Delegated, Department, Epci, Region

__all__ = [
    "LEVELS",
    "NAMED_WITHIN",
    "NEAREST_WITHIN",
    "Area",
    "Commune",
    "Delegated",
    "Department",
    "Doubt",
    "Epci",
    "Key",
    "Match",
    "Method",
    "Region",
    "Resolution",
    "Territory",
    "Written",
    "key_of",
    "load",
]
