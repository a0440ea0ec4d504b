"""Room: the packages that hold the official geography in, the files of `vocab/territoire/` out.

    python scripts/territories.py            writes them anew, from packages that npm fetches by name
    python scripts/territories.py --check    asks no network; lists what does not hold together and exits 1

Points are not in these packages: they stay as the committed file of communes has them. The same packages
give the same bytes. What each column means is told in `vocab/territoire/README.md`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a script, only `scripts/` itself is known

from harvester.territory import tables
from harvester.territory.limits import Limits

FOLDER = Path(__file__).resolve().parents[1] / "vocab" / "territoire"
GEOGRAPHY = "@etalab/decoupage-administratif@6.0.0"  # vintage 2026
BORDERS = "@rapideditor/country-coder@5.6.1"

KINDS = {"commune-deleguee": "deleguee", "commune-associee": "associee"}

HEADS = {
    tables.COMMUNES: (
        "code",
        "nom",
        "type",
        "departement",
        "region",
        "epci",
        "codes_postaux",
        "population",
        "lat",
        "lon",
    ),
    tables.DELEGATED: ("code", "nom", "type", "commune"),
    tables.OLD_CODES: ("ancien_code", "code_actuel"),
    tables.EPCIS: ("code", "nom", "type"),
    tables.DEPARTMENTS: ("code", "nom", "region"),
    tables.REGIONS: ("code", "nom"),
}
"""The columns of each file."""

COUNTS = {
    tables.COMMUNES: 34_969 + 45,
    tables.DELEGATED: 2_105 + 471,
    tables.OLD_CODES: 4_240,
    tables.EPCIS: 1_255,
    tables.DEPARTMENTS: 101 + 8,
    tables.REGIONS: 18 + 8,
}
"""Lines of each file in the vintage 2026."""

_CODES = {
    tables.COMMUNES: r"(\d{2}|2[AB])\d{3}",
    tables.DELEGATED: r"(\d{2}|2[AB])\d{3}",
    tables.OLD_CODES: r"(\d{2}|2[AB])\d{3}",
    tables.EPCIS: r"\d{9}",
    tables.DEPARTMENTS: r"\d{2}|2[AB]|9[78]\d",
    tables.REGIONS: r"\d{2}|9[78]\d",
}

Table = list[list[str]]
Points = Mapping[str, Sequence[str]]


def main() -> int:
    """Build or check; the exit code."""
    parser = argparse.ArgumentParser(description="Build or check the files of vocab/territoire/.")
    parser.add_argument(
        "--check", action="store_true", help="build nothing: list what does not hold together"
    )
    if parser.parse_args().check:
        found = problems(FOLDER)
        print("\n".join(found) or "vocab/territoire: everything holds together")
        return 1 if found else 0
    with tempfile.TemporaryDirectory() as scratch:
        geography, borders = fetched(GEOGRAPHY, Path(scratch)), fetched(BORDERS, Path(scratch))
        for name, content in built(geography, borders, points(FOLDER)).items():
            (FOLDER / name).write_bytes(content)
            print(f"vocab/territoire/{name}: {len(content)} bytes")
    return 0


def fetched(package: str, scratch: Path) -> Path:
    """The folder of a package, fetched by its name and version with the npm client."""
    folder = scratch / re.sub(r"\W+", "-", package)
    folder.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def points(folder: Path) -> dict[str, list[str]]:
    """Latitude and longitude of each commune, as the committed file writes them."""
    return {row[0]: row[8:10] for row in _lines(folder, tables.COMMUNES)[1:]}


def built(geography: Path, borders: Path, known: Points) -> dict[str, bytes]:
    """The files by name, from the two packages and the points we hold."""
    communes = _json(geography / "data" / "communes.json")
    epcis = _json(geography / "data" / "epci.json")
    departments = _json(geography / "data" / "departements.json")
    regions = _json(geography / "data" / "regions.json")
    return {
        tables.COMMUNES: gzip.compress(
            _csv(HEADS[tables.COMMUNES], _communes(communes, epcis, known)), compresslevel=9, mtime=0
        ),
        tables.DELEGATED: _csv(HEADS[tables.DELEGATED], _delegated(communes)),
        tables.OLD_CODES: _csv(HEADS[tables.OLD_CODES], _old_codes(communes)),
        tables.EPCIS: _csv(HEADS[tables.EPCIS], ([one["code"], one["nom"], one["type"]] for one in epcis)),
        tables.DEPARTMENTS: _csv(
            HEADS[tables.DEPARTMENTS], ([one["code"], one["nom"], one["region"]] for one in departments)
        ),
        tables.REGIONS: _csv(HEADS[tables.REGIONS], ([one["code"], one["nom"]] for one in regions)),
        tables.LIMITS: _limits(_json(borders / "src" / "data" / "borders.json")),
    }


def _communes(communes: Any, epcis: Any, known: Points) -> Iterator[list[str]]:
    member_of = {member["code"]: epci["code"] for epci in epcis for member in epci["membres"]}
    for one in communes:
        if one["type"] in ("commune-actuelle", "arrondissement-municipal"):
            code = one["code"]
            yield [
                code,
                one["nom"],
                "A" if one["type"] == "arrondissement-municipal" else "C",
                one["departement"],
                one["region"],
                member_of.get(one.get("commune", code), ""),
                " ".join(one.get("codesPostaux", ())),
                str(one.get("population", "")),
                *known.get(code, ("", "")),
            ]


def _delegated(communes: Any) -> Iterator[list[str]]:
    for one in communes:
        if kind := KINDS.get(one["type"]):
            yield [one["code"], one["nom"], kind, one["chefLieu"]]


def _old_codes(communes: Any) -> Iterator[list[str]]:
    """Codes no commune bears any more; a delegated commune leads where it says, whoever else claims it."""
    current = {
        one["code"] for one in communes if one["type"] in ("commune-actuelle", "arrondissement-municipal")
    }
    leads = {old: one["code"] for one in communes for old in one.get("anciensCodes", ())}
    leads |= {one["code"]: one["chefLieu"] for one in communes if one["type"] in KINDS}
    return ([old, new] for old, new in leads.items() if old not in current)


def _limits(borders: Any) -> bytes:
    """The polygons of the parts of France as GeoJSON, one feature a line."""
    features = [
        {
            "type": "Feature",
            "properties": {"nom": one["properties"]["nameEn"]},
            "geometry": one["geometry"],
        }
        for one in borders["features"]
        if one["geometry"] and one["properties"].get("country") == "FR"
    ]
    lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def problems(folder: Path) -> list[str]:
    """Everything that does not hold together in the files of a folder; empty when all is well."""
    held = {name: _lines(folder, name) for name in HEADS}
    found = [one for name in HEADS for one in _in_one_file(name, held[name])]
    bodies = {name: lines[1:] for name, lines in held.items()}
    for check in (_hierarchy, _intercommunalities, _forerunners, _geography(folder)):
        found += check(bodies)
    return found


def _in_one_file(name: str, lines: Table) -> Iterator[str]:
    head = list(HEADS[name])
    if lines[0] != head:
        yield f"{name}: columns are {lines[0]}, expected {head}"
    codes = [line[0] for line in lines[1:]]
    if len(codes) != COUNTS[name]:
        yield f"{name}: {len(codes)} lines, expected {COUNTS[name]}"
    if codes != sorted(codes):
        yield f"{name}: not sorted by code"
    yield from (f"{name}: {code} stands {n} times" for code, n in Counter(codes).items() if n > 1)
    yield from (f"{name}: '{code}' is no code" for code in codes if not re.fullmatch(_CODES[name], code))
    yield from (
        f"{name}: a cell is missing or empty in {line}" for line in lines[1:] if not _whole(name, line)
    )


def _whole(name: str, line: list[str]) -> bool:
    """True when every column is there, and filled but for the last five of a commune."""
    return len(line) == len(HEADS[name]) and all(line[:5] if name == tables.COMMUNES else line)


def _hierarchy(bodies: Mapping[str, Table]) -> Iterator[str]:
    regions = {line[0] for line in bodies[tables.REGIONS]}
    region_of = {line[0]: line[2] for line in bodies[tables.DEPARTMENTS]}
    communes = {line[0]: line for line in bodies[tables.COMMUNES]}
    for code, region in region_of.items():
        if region not in regions:
            yield f"{tables.DEPARTMENTS}: {code} is in région {region}, which is not known"
    for code, line in communes.items():
        if region_of.get(line[3]) != line[4]:
            yield f"{tables.COMMUNES}: {code} is in département {line[3]} and région {line[4]}"
        if line[2] == "A" and tables.DIVIDED.get(code[:3]) not in communes:
            yield f"{tables.COMMUNES}: {code} is an arrondissement of no city"
        yield from (
            f"{tables.COMMUNES}: {code} has '{one}' as postcode" for one in line[6].split() if len(one) != 5
        )
    idle = (regions | region_of.keys()) - {part for line in communes.values() for part in line[3:5]}
    yield from (f"{tables.COMMUNES}: no commune in {code}" for code in sorted(idle))


def _intercommunalities(bodies: Mapping[str, Table]) -> Iterator[str]:
    known = {line[0] for line in bodies[tables.EPCIS]}
    used = {line[5] for line in bodies[tables.COMMUNES]} - {""}
    yield from (f"{tables.EPCIS}: {code} has no member" for code in sorted(known - used))
    yield from (f"{tables.COMMUNES}: EPCI {code} is not known" for code in sorted(used - known))


def _forerunners(bodies: Mapping[str, Table]) -> Iterator[str]:
    """Delegated communes and old codes lead to live communes, and to the same ones."""
    live = {line[0] for line in bodies[tables.COMMUNES] if line[2] == "C"}
    leads = {line[0]: line[1] for line in bodies[tables.OLD_CODES]}
    for old, new in leads.items():
        if new not in live or old in live:
            yield f"{tables.OLD_CODES}: {old} leads to {new}: an old code leads to a live commune"
    for code, _, kind, commune in bodies[tables.DELEGATED]:
        if commune not in live or kind not in KINDS.values():
            yield f"{tables.DELEGATED}: {code} is '{kind}' of {commune}, which is no live commune"
        if code != commune and leads.get(code) != commune:
            yield f"{tables.OLD_CODES}: {code} leads to {leads.get(code)}, {tables.DELEGATED} says {commune}"


def _geography(folder: Path) -> Callable[[Mapping[str, Table]], Iterator[str]]:
    limits = Limits.read(folder / tables.LIMITS)

    def check(bodies: Mapping[str, Table]) -> Iterator[str]:
        for line in bodies[tables.COMMUNES]:
            if bool(line[8]) != bool(line[9]) or (
                line[8] and not limits.hold(float(line[8]), float(line[9]))
            ):
                yield f"{tables.COMMUNES}: {line[0]} has its point at {line[8:]}, which is not in France"

    return check


def _lines(folder: Path, name: str) -> Table:
    content = (folder / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8")
    return list(csv.reader(io.StringIO(text)))


def _csv(head: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(sorted(lines))
    return out.getvalue().encode("utf-8")


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
