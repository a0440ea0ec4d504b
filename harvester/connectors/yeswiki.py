"""Room: YesWiki, the forms of a wiki (directories, agendas, resources), read through bazar.

In: the public API of one wiki. Out: the entries of the declared forms, and the labels of their lists. The
old json page takes over where the API does not answer. Never reads a person's account or address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import find, snippet, where
from harvester.connectors._json import Document, starts
from harvester.connectors._yeswiki_forms import recognised
from harvester.connectors._yeswiki_lists import Labels, labelled, labels, list_names
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "name": ["bf_titre", "title"],
    "description": {"from": ["bf_chapeau", "bf_description"], "join": "\n\n"},
    "lat": ["geolocation.bf_latitude", "bf_latitude"],
    "lon": ["geolocation.bf_longitude", "bf_longitude"],
    "street": {"from": ["bf_adresse", "bf_adresse1", "bf_adresse2"], "join": ", "},
    "postcode": "bf_code_postal",
    "city": "bf_ville",
    "country": "bf_pays",
    "homepage": ["bf_site_internet", "bf_url", "bf_site_web"],
    "image": "_image",
    "page": "_page",
    "telephone": "bf_telephone",
    "created": "date_creation_fiche",
    "modified": "date_maj_fiche",
    "start": "bf_date_debut_evenement",
    "end": "bf_date_fin_evenement",
}

IGNORED = frozenset(
    {"id_fiche", "tag", "id_typeannonce", "form_id", "statut_fiche", "url", "semantic", "carte_google"}
    | {"fichierfichier", "imagebf_image", "bf_date_fin_evenement_data", "bf_site_facebook"}
)

PRIVATE = frozenset({"bf_mail", "bf_auteur", "user", "owner", "createur", "html_data"})
"""Accounts, addresses and presentation: dropped before anything is hashed or kept."""


NAMING = frozenset({"id_fiche", "tag", "bf_titre", "title"})
"""Every entry has one of these; what an API tells when it fails has none."""


class Options(BaseModel):
    """What may be said of a YesWiki source besides its address, the root of the wiki."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    form: str | tuple[str, ...] = Field(description="Number of the form to read, or a list of numbers.")
    lists: bool = Field(
        default=True,
        description="Read the labels of list fields: `listeListeType` gains `listeListeType_labels`.",
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Per form: its entries, then its definition and the lists that it names and does not carry."""
    options = Options(**source.options)
    for form in _forms(options):
        yield _entries(source, form, client, raw)
    if options.lists:
        yield from _definitions(source, options, client, raw)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Entries form by form, in the wiki's order.

    Raises:
        SourceChanged: a form has no answer, or one that is not a list or object of its entries.
    """
    options = Options(**source.options)
    named = _labels(source, options, answers, raw)
    for form in _forms(options):
        answer = find(answers, _api(source, f"forms/{form}/entries"), _legacy(source, f"entries&id={form}"))
        if answer is None:
            raise SourceChanged(f"yeswiki '{source.id}': no answer kept for form '{form}'; harvest again")
        with raw.open(answer) as stream:
            for entry in Document(stream, where=where(answer, source)).seek("", keyed=True).items():
                _check(entry, form, where(answer, source))
                yield _record(entry, _root(source), named)


def _forms(options: Options) -> tuple[str, ...]:
    return (options.form,) if isinstance(options.form, str) else options.form


def _check(entry: Value, form: str, place: str) -> None:
    """Raise SourceChanged for what is no entry of a form, and for an entry of another one."""
    if isinstance(entry, str) or (isinstance(entry, dict) and NAMING.isdisjoint(entry)):
        raise SourceChanged(f"{place}: expected entries, got {snippet(str(entry))}; ask the wiki")
    told = str(entry.get("id_typeannonce") or form) if isinstance(entry, dict) else form
    if told != form:  # a cache that does not look at the question
        raise SourceChanged(f"{place}: expected entries of form '{form}', got one of '{told}'; ask the wiki")


def _root(source: Source) -> str:
    root = source.url.partition("?")[0]
    return root if root.endswith(("/", ".php")) else f"{root}/"


def _api(source: Source, path: str) -> str:
    # the route is the first query argument, without "=": no client library writes it so
    return f"{_root(source)}?api/{path}"


def _legacy(source: Source, demand: str) -> str:
    return f"{_root(source)}?BazaR/json&demand={demand}"


def _entries(source: Source, form: str, client: Fetches, raw: Raw) -> Answer:
    answer = _if_there(client, _api(source, f"forms/{form}/entries"))
    if answer is not None and _is_json(answer, raw):
        return answer
    return client.get(_legacy(source, f"entries&id={form}"), accept="application/json")


def _definitions(source: Source, options: Options, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Forms and lists that are there: without them, entries keep the keys of their lists."""
    wanted: dict[str, None] = {}
    for form in _forms(options):
        definition = _if_there(client, _api(source, f"forms/{form}"))
        if definition is not None and _is_json(definition, raw):
            yield definition
            wanted |= dict.fromkeys(list_names(raw.read(definition)))
    for name in wanted:
        answer = _if_there(client, _legacy(source, f"lists&list={quote(name)}"))
        if answer is not None and _is_json(answer, raw):
            yield answer


def _if_there(client: Fetches, url: str) -> Answer | None:
    try:
        return client.get(url, accept="application/json")
    except SourceChanged:  # 404: a wiki older than this address
        return None


def _is_json(answer: Answer, raw: Raw) -> bool:
    with raw.open(answer) as stream:
        return starts(stream)


def _labels(source: Source, options: Options, answers: Sequence[Answer], raw: Raw) -> Labels:
    definitions = {_api(source, f"forms/{form}") for form in _forms(options)}
    prefix = _legacy(source, "lists&list=")
    return labels(
        [raw.read(answer) for answer in answers if answer.url in definitions],
        {
            answer.url.removeprefix(prefix): raw.read(answer)
            for answer in answers
            if answer.url.startswith(prefix)
        },
    )


def _record(entry: Value, root: str, named: Labels) -> Record | Rejected:
    if not isinstance(entry, dict):
        return Rejected(None, f"expected an entry, got {entry!r:.60}")
    ref = entry.get("id_fiche") or entry.get("tag")
    if not isinstance(ref, str):
        return Rejected(None, f"no 'id_fiche'; title '{entry.get('bf_titre', '')}'")
    status = entry.get("statut_fiche", "1")
    if str(status) != "1":
        return Rejected(ref, f"statut_fiche '{status}': not validated on the wiki")
    kept = {key: value for key, value in entry.items() if key not in PRIVATE}
    kept |= {f"{key}_labels": labelled(kept[key], named[key]) for key in named.keys() & kept.keys()}
    kept |= _point(kept.get("carte_google")) | _image(kept, root)
    return Record(ref, kept | {"_page": f"{root}?{quote(ref)}"})


def _point(text: Value) -> dict[str, str]:
    lat, bar, lon = text.partition("|") if isinstance(text, str) else ("", "", "")
    return {"bf_latitude": lat, "bf_longitude": lon} if bar else {}


def _image(entry: Mapping[str, Any], root: str) -> dict[str, str]:
    name = next((entry[key] for key in entry if key.startswith("image") and entry[key]), None)
    if not isinstance(name, str):
        return {}
    folder = root.rpartition("/")[0]
    return {"_image": name if name.startswith(("http://", "https://")) else f"{folder}/files/{quote(name)}"}
