"""Room: the address of a shared spreadsheet, as people copy it → the address of its rows.

In: an address. Out: the address of the file behind it: Google Sheets, EtherCalc (Framacalc), Nextcloud
shares; any other as it is. Asks for nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

SHEETS = re.compile(
    r"https://docs\.google\.com/spreadsheets/d/(?!e/)([\w-]+)(?:/(?:edit|view|htmlview)?)?(?:[?#].*)?\Z"
)
PUBLISHED = re.compile(r"(https://docs\.google\.com/spreadsheets/d/e/[\w-]+)/pub(?:html)?(?:[?#].*)?\Z")
SHEET = re.compile(r"[?#&]gid=(\d+)")
SHARE = re.compile(r"(.*/s/[A-Za-z0-9]{10,20})/?\Z")
CALCS = ("framacalc.org", "ethercalc.org", "ethercalc.net")


def exported(url: str) -> str:
    """Where the rows are."""
    if found := SHEETS.match(url):
        sheet = SHEET.search(url)
        tail = f"&gid={sheet[1]}" if sheet else ""
        return f"https://docs.google.com/spreadsheets/d/{found[1]}/export?format=csv{tail}"
    if found := PUBLISHED.match(url):
        sheet = SHEET.search(url)
        tail = f"&gid={sheet[1]}&single=true" if sheet else ""
        return f"{found[1]}/pub?output=csv{tail}"
    parts = urlsplit(url)
    if _is_calc(parts.hostname or "") and "." not in parts.path and parts.path.strip("/"):
        path = parts.path.rstrip("/").replace("/=", "/")
        return urlunsplit((parts.scheme, parts.netloc, f"{path}.csv", "", ""))
    if found := SHARE.match(parts.path):
        return urlunsplit((parts.scheme, parts.netloc, f"{found[1]}/download", parts.query, ""))
    return url


def _is_calc(host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in CALCS) or host.startswith("calc.")
