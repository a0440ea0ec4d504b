"""Room: what is asked of Overpass: a query as it is written, or made of tags and an area.

In: the options of a source. Out: the body of one POST. Reads no answer.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

TAG = re.compile(r"[\w:.-]+(?:=[^=]+)?")
AREA = re.compile(r"^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$")
FORMAT = re.compile(r"\[\s*out\s*:\s*json\s*\]")


class Options(BaseModel):
    """What may be said of an Overpass source besides its address, that of an interpreter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str | None = Field(
        None, description="Whole query in Overpass QL, with `[out:json]` and `out center meta;`."
    )
    tags: tuple[str, ...] = Field(
        (),
        description='Instead of `query`: what is looked for, any of them: `"amenity=give_box"`, `"repair"`, '
        '`"leisure=garden+garden:type=community"`.',
    )
    area: str = Field(
        "FR",
        pattern=AREA.pattern,
        description="With `tags`: ISO 3166 code, of a country or a part: `FR`, `FR-26`.",
    )
    patience: int = Field(180, ge=10, le=900, description="With `tags`: seconds that the server may take.")

    @model_validator(mode="after")
    def _one_question(self) -> Options:
        if (self.query is None) == (not self.tags):
            raise ValueError("either `query` or `tags` is needed: a whole question, or what is looked for")
        if self.query is not None and not FORMAT.search(self.query):
            raise ValueError("`query` does not say `[out:json]`; begin it with `[out:json][timeout:180];`")
        for one in (part for tag in self.tags for part in tag.split("+")):
            if not TAG.fullmatch(one) or '"' in one or "\\" in one:
                raise ValueError(f"tag '{one}' is neither `key` nor `key=value`")
        return self


def content(options: Options, since: datetime | None) -> bytes:
    """The form that holds the query; of `tags`, only what changed after `since`."""
    query = options.query or _query(options, since)
    return f"data={quote(query, safe='')}".encode()


def _query(options: Options, since: datetime | None) -> str:
    """Nodes, ways and relations with any of the tags, in the area, each with one position."""
    level = "ISO3166-2" if "-" in options.area else "ISO3166-1"
    newer = f'(newer:"{since:%Y-%m-%dT%H:%M:%SZ}")' if since else ""
    sought = "".join(f"nwr{_filters(tag)}(area.here){newer};" for tag in options.tags)
    return (
        f'[out:json][timeout:{options.patience}];area["{level}"="{options.area}"]->.here;'
        f"({sought});out center meta;"
    )


def _filters(tag: str) -> str:
    pairs = (one.partition("=") for one in tag.split("+"))
    return "".join(f'["{key}"="{value}"]' if sign else f'["{key}"]' for key, sign, value in pairs)
