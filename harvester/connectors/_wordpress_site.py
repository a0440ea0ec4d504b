"""Room: recognising a WordPress site, and which of its types hold posts.

In: any page of the site, or an address of its API. Out: a proposal for the types that are not empty, those of
the page or the address alone when it is of one. Leaves out what WordPress and its plug-ins keep as posts for
themselves, and types that have a connector of their own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from harvester.connectors._link_header import linked
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members
from harvester.connectors._shape import mapping, sequence
from harvester.connectors._wordpress_pages import number, opened
from harvester.connectors._wordpress_root import RELATION, TYPES

MOST = 12
"""Types counted: a site with more of them is for a person to choose from."""

AUXILIARY = ("wp_", "nav_menu_item", "attachment", "elementor_", "e-", "acf-", "tribe_", "tec_")
"""How names of types begin that hold menus, templates, pictures, or events that another connector reads."""

PLACE = {"lat": "lat", "lon": "lng", "postcode": "post_code", "city": "city"}
"""Item fields of a place, by the names that a map field of ACF gives them."""

API = re.compile(r"(.*?(?:/wp-json(?=/|\Z)|[?&]rest_route=(?=/)|(?=/wp/v2/)))")
SEVERAL = "types: of different kinds, they read better as one source each with its `kind`; leave out persons"
USED = "script[src*='/wp-content/'], link[href*='/wp-content/'], img[src*='/wp-content/']"
OF_A_PLUGIN = re.compile(r"(?:/wp-json/|rest_route=/)(?!wp/)\w|post-type-archive-(?:tribe|tec)_")


@dataclass(frozen=True, slots=True)
class Type:
    """A public type: its name and base, how it is called, how many posts it has, and one of them."""

    name: str
    base: str
    label: str
    count: int
    sample: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        own = [f"{holder}.{one}" for holder in ("acf", "meta") for one in mapping(self.sample.get(holder))]
        return f"type {self.name}: {self.label}, {self.count}" + (f", with {', '.join(own)}" if own else "")


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A site, by the hints of its pages or by any address of its API; the root of the API must answer."""
    api = _api(seen)
    told = members(look(api, accept="application/json") if api else None)
    known = list(_types(api, look)) if api and "wp/v2" in sequence(told.get("namespaces")) else []
    if not api or not known:
        return None
    filled = [one for one in known if one.count and one.name != "page"]
    chosen = [one for one in filled if one.name in _asked(seen) or one.base in _asked(seen)] or filled
    names = [one.name for one in chosen] or ["post"]
    return Proposal(
        Certainty.SHAPE if OF_A_PLUGIN.search(f"{seen.url} {_body(seen)}") else Certainty.NAMED,
        _address(api, told, seen),
        title=html.unescape(str(told.get("name") or "")) or seen.title,
        licence=seen.licence,
        count=sum(one.count for one in chosen),
        keys={"types": names, "kind": "document" if names == ["post"] else None, "map": _place(chosen)},
        learned=[one.sentence for one in known],
        unknown=[SEVERAL] if len(names) > 1 else [],
    )


def _api(seen: Seen) -> str | None:
    """The root of the API, where the site says or where such sites have it; None without any hint of one."""
    given = API.match(seen.url)
    if given:
        return f"{given[1]}/"
    told = None
    with suppress(ValueError):  # "http://[" and the like
        told = linked(seen.headers.get("link"), RELATION, base=seen.url)
    named = seen.links(f'link[rel="{RELATION}"]')
    used = (one.partition("/wp-content/") for one in seen.links(USED))
    here = [f"{site}/wp-json/" for site, _, file in used if file and site.startswith(seen.root)]
    return told or next(iter([*named, *here]), None)


def _types(api: str, look: Look) -> Iterator[Type]:
    """The public types of a site, counted."""
    told = look(f"{api}{TYPES}", accept="application/json")
    shown = {
        name: one for name, one in mapping(told.json if told else None).items() if _is_content(name, one)
    }
    for name, one in list(shown.items())[:MOST]:
        route = f"{api}{one.get('rest_namespace', 'wp/v2')}/{one['rest_base']}"
        answer = look(
            f"{route}{'&' if '?' in route else '?'}per_page=1&_fields=id,acf,meta&_envelope=1",
            accept="application/json",
        )
        body, _, headers = opened(answer.json, answer.headers) if answer else (None, 0, {})
        first = mapping(next(iter(sequence(body)), None))
        count = number(headers.get("x-wp-total")) or 0
        yield Type(name, str(one["rest_base"]), str(one.get("name", name)), count, first)


def _is_content(name: str, told: Any) -> bool:
    return bool(mapping(told).get("rest_base")) and not name.startswith(AUXILIARY)


def _body(seen: Seen) -> str:
    """The classes of the body, where WordPress writes which type a page is of."""
    body = seen.soup.body if seen.soup else None
    return " ".join(sequence(body.get("class"))) if body else ""


def _asked(seen: Seen) -> set[str]:
    """Names or bases of the type whose list or posts were asked for."""
    shown = re.findall(r"(?:post-type-archive|single)-(\S+)", _body(seen))
    return {*shown, *re.findall(r"/wp/v2/([\w-]+)", seen.url)}


def _address(api: str, told: Mapping[str, Any], seen: Seen) -> str:
    """The site, when its API is found from there; else the API."""
    if api.endswith("/wp-json/"):
        return api.removesuffix("/wp-json/")
    return api if "rest_route=" in api else str(told.get("home") or seen.url)


def _place(types: Iterable[Type]) -> dict[str, Any]:
    """A mapping for the place, when a map field of ACF holds it."""
    found: dict[str, list[str]] = {}
    for one in types:
        for name, value in mapping(one.sample.get("acf")).items():
            if {"lat", "lng"} <= mapping(value).keys():
                for ours, theirs in PLACE.items():
                    if theirs in value:
                        found.setdefault(ours, []).append(f"acf.{_quoted(name)}.{theirs}")
    return {ours: paths[0] if len(paths) == 1 else paths for ours, paths in found.items()}


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f'"{name}"'
