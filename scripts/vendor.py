"""Make harvester/web/static/vendor/ again from the packages its manifest names, by the npm client.

python scripts/vendor.py            # every file anew; refused when its hash is not that of the manifest
python scripts/vendor.py --accept   # after a version was changed in the manifest: write the new hashes
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "harvester/web/static/vendor"
MANIFEST = FOLDER / "manifest.toml"


def packages() -> list[Mapping[str, Any]]:
    """What the manifest names."""
    return list(tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["package"])


def fetched(name: str, version: str, folder: Path) -> Path:
    """The archive of a package, fetched by npm into a folder."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return folder / done.stdout.split()[-1]


def files() -> Iterator[tuple[str, str, bytes]]:
    """(name here, hash expected, content) of every file of every package."""
    with tempfile.TemporaryDirectory() as folder:
        for package in packages():
            with tarfile.open(fetched(package["name"], package["version"], Path(folder))) as archive:
                for file in package["file"]:
                    member = archive.extractfile(f"package/{file['from']}")
                    assert member is not None, f"{package['name']}: no file {file['from']}"
                    yield file["to"], file["sha256"], member.read()


def main() -> int:
    """Fetch, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write the hashes of what was fetched")
    accept = parser.parse_args().accept
    text, wrong = MANIFEST.read_text(encoding="utf-8"), []
    for name, expected, content in files():
        found = sha256(content).hexdigest()
        if found != expected and not accept:
            wrong.append(f"{name}: {found} found, {expected} expected (manifest.toml)")
            continue
        text = re.sub(rf'(to = "{re.escape(name)}"\nsha256 = ")[0-9a-f]*"', rf'\g<1>{found}"', text)
        (FOLDER / name).write_bytes(content)
    MANIFEST.write_text(text, encoding="utf-8")
    print("\n".join(wrong) or f"{FOLDER}: made again", file=sys.stderr if wrong else sys.stdout)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
