"""Room: a web address, an e-mail address or a telephone number in; its one valid form out.

An address fit for an N-Triples IRI goes out, or a generic e-mail, or a landline number: what may belong
to a person is dropped without a word. It never asks the network whether an address answers.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harvester.cleaning.blank import MOST, given, shown

GENERIC = frozenset(
    {
        "accueil", "adherents", "adhesion", "adhesions", "admin", "administration", "agenda", "amap",
        "asso", "association", "atelier", "benevolat", "benevoles", "bibliotheque", "bienvenue",
        "billetterie", "boite", "bonjour", "boutique", "bureau", "ca", "collectif", "com", "commande",
        "commandes", "communication", "contact", "contacts", "contribuer", "coop", "cooperative",
        "coordination", "coucou", "courrier", "ecole", "equipe", "evenement", "evenements", "ferme",
        "festival", "formation", "formations", "hello", "info", "information", "informations", "infos",
        "inscription", "inscriptions", "jardin", "librairie", "magasin", "mail", "mairie", "maison",
        "mediatheque", "newsletter", "partenariat", "partenariats", "participer", "postmaster", "presse",
        "programmation", "projet", "projets", "reception", "reservation", "reservations", "salut",
        "secretariat", "siege", "support", "webmaster",
    }
)  # fmt: skip
"""Local parts that name a role, never a person; the privacy shape checks the same list."""

OVERSEAS = {"262": ("262", "263", "269"), "590": ("590",), "594": ("594",), "596": ("596",)}
"""Calling codes of the overseas départements, and how their landline numbers start."""

_UNWRITTEN = frozenset(
    {"http:", "https:", "http:/", "https:/", "http://", "https://", "http://www.", "https://www."}
)
_ORDINARY = re.compile(
    r"https?://(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+(?::\d{1,5})?"
    r"(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?(?:#[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?"
)
_SCHEMES = re.compile(r"(?:(https?)(?::/{0,3}|//))+|//", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:(?!\d)", re.IGNORECASE)
_TWO = re.compile(r"\s\S{0,9}://")
_PARTS = re.compile(r"([^/?#\\]*)([^#]*)#?(.*)", re.DOTALL)
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]+\.?|(?:\d{1,3}\.){3}\d{1,3}|localhost")
_PORT = re.compile(r":(\d{0,5})$")
_FORBIDDEN = re.compile(
    r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%"
    "\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd]"
)
_EMAIL = re.compile(
    r"(?:mailto:)?([\w.+-]{1,64})@([a-z0-9](?:[a-z0-9-]{0,62}\.){1,8}[a-z]{2,24})", re.IGNORECASE | re.ASCII
)
_BETWEEN_NUMBERS = re.compile(r"[/,;|\n]| ou | et ")
_GAPS = re.compile(r"[\s.()_-]")
_NATIONAL = re.compile(r"(?:(?:\+|00)33|0)?0?([1-9])(\d{8})", re.ASCII)
_ABROAD = re.compile(r"(?:\+|00)(262|590|594|596)0?(\d{9})", re.ASCII)


def url(value: object) -> str | None:
    """An absolute http or https address, valid in an N-Triples IRI; None when nothing is said.

    `https` is assumed where the scheme is missing; what an IRI cannot hold is percent-encoded; a form
    left at "http://" says nothing.

    Raises:
        ValueError: if the value is not one web address.
    """
    written = given(value)
    if written is None or (_ORDINARY.fullmatch(written) and "&amp;" not in written):
        return written
    return None if written.lower() in _UNWRITTEN else _mended(written)


@lru_cache(maxsize=4096)
def _generic_email(written: str) -> str | None:
    parts = _EMAIL.fullmatch(written)
    if parts is None or parts[1].lower() not in GENERIC:
        return None
    return f"{parts[1]}@{parts[2]}".lower()


def email(value: object) -> str | None:
    """A generic e-mail address in lower case, or None.

    It never refuses aloud, because the message would repeat a personal address.
    """
    return _generic_email(value.strip()) if isinstance(value, str) and len(value) <= MOST else None


def telephone(value: object) -> str | None:
    """The first French landline in the value as +33…, or None; mobile and masked numbers are dropped.

    It never refuses aloud, because the message would repeat a personal number.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str) and len(value) > MOST:
        return None
    parts = _BETWEEN_NUMBERS.split(given(value) or "")
    return next((number for part in parts if (number := _landline(part))), None)


def _landline(part: str) -> str | None:
    bare = _GAPS.sub("", part)
    if overseas := _ABROAD.fullmatch(bare):
        return _overseas(overseas[2])
    national = _NATIONAL.fullmatch(bare)
    if national is None or national[1] in "67" or set(national[2]) == {"0"}:
        return None
    digits = national[1] + national[2]
    return _overseas(digits) or f"+33{digits}"


def _overseas(digits: str) -> str | None:
    codes = (code for code, starts in OVERSEAS.items() if digits.startswith(starts))
    return next((f"+{code}{digits}" for code in codes), None)


def _mended(written: str) -> str:
    schemes = _SCHEMES.match(written)
    rest = written[schemes.end() :] if schemes else written
    if _TWO.search(written) or (schemes is None and _OTHER_SCHEME.match(rest)):
        raise _not_one(written)
    authority, tail, fragment = _PARTS.fullmatch(rest).groups()  # type: ignore[union-attr]  # matches any text
    scheme = (schemes and schemes[1]) or "https"
    end = f"#{_encoded(fragment)}" if fragment else ""
    return f"{scheme.lower()}://{_host(authority, written)}{_encoded(tail)}{end}"


def _host(authority: str, written: str) -> str:
    port = _PORT.search(authority)
    host = (authority[: port.start()] if port else authority).lower()
    if not _HOST.fullmatch(host):
        raise _not_one(written)
    return f"{host}:{port[1]}" if port and port[1] else host


def _encoded(part: str) -> str:
    return _FORBIDDEN.sub(_percent, part.replace("&amp;", "&"))


def _percent(forbidden: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in forbidden[0].encode("utf-8", "ignore"))


def _not_one(written: str) -> ValueError:
    return ValueError(f"{shown(written)} is not a web address; one absolute http or https URL is expected")
