"""Room: fields told by CSS selectors → the values they find in a page.

In: `SELECTOR`, `SELECTOR@ATTRIBUTE` or a table with `select`, `many`, `pattern`. Out: texts by field name.
Cleans nothing: that is the mapping's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from bs4 import Tag
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from harvester.connectors._expressions import expression, matched
from harvester.connectors._html import Page, attribute, compiled, text

ATTRIBUTE = re.compile(r"@([A-Za-z_][\w:.-]*)\s*\Z")


class Pick(BaseModel):
    """One field: where it stands, and what of it is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    select: str = Field(description="Selector, with `@ATTRIBUTE` when it is not the text that is wanted.")
    many: bool = Field(default=False, description="All that is found, as a list, not the first only.")
    pattern: str | None = Field(
        None, description="Regular expression; its first group that matched, or all of it, is taken."
    )

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, said: Any) -> Any:
        return {"select": said} if isinstance(said, str) else said

    @field_validator("select")
    @classmethod
    def _selector(cls, said: str) -> str:
        selector, name = _parts(said)
        if not selector and not name:
            raise ValueError("a selector is empty")
        if selector:
            compiled(selector)
        return said

    @field_validator("pattern")
    @classmethod
    def _expression(cls, said: str | None) -> str | None:
        return expression(said)

    def values(self, scope: Tag, page: Page) -> Iterator[str]:
        """What is found inside `scope`, in the order of the page, without what is empty."""
        selector, name = _parts(self.select)
        elements = compiled(selector).select(scope) if selector else [scope]
        for element in elements:
            said = attribute(element, name, page) if name else text(element)
            found = matched(self.pattern, said)
            if found and found.strip():
                yield found.strip()


Picked = Annotated[
    Pick,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "select": {"type": "string"},
                        "many": {"type": "boolean"},
                        "pattern": {"type": "string"},
                    },
                    "required": ["select"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A field of the configuration: a text or a table."""


def read(fields: Mapping[str, Pick], scope: Tag, page: Page) -> dict[str, Any]:
    """The fields found inside `scope`; one that is not there is absent."""
    found: dict[str, Any] = {}
    for name, pick in fields.items():
        values = list(pick.values(scope, page))
        if values:
            found[name] = values if pick.many else values[0]
    return found


def _parts(said: str) -> tuple[str, str | None]:
    """Selector and attribute of `a.site@href`."""
    found = ATTRIBUTE.search(said)
    return (said[: found.start()].strip(), found[1]) if found else (said.strip(), None)
