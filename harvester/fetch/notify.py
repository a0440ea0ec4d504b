"""Room: a message to the address that the operator chose.

In: an address, or the variable that holds it, and what to say. Out: None when it was accepted, else why not.
It asks once, soon gives up, follows no redirect, and tells nobody the address, which is often a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from harvester.fetch.deadline import Deadline
from harvester.fetch.guard import GuardedBackend
from harvester.fetch.transport import Transport
from harvester.model import Secret

_TIMEOUT_S = 10.0
_DEADLINE_S = 20.0


def sent(webhook: str | Secret, message: Mapping[str, Any], *, agent: str) -> str | None:
    """Send one message as JSON by POST; why it was not accepted, None when it was."""
    address = os.environ.get(webhook.env, "").strip() if isinstance(webhook, Secret) else webhook
    if not address:
        return (
            f"the environment variable '{webhook.env}' is not set" if isinstance(webhook, Secret) else "empty"
        )
    deadline = Deadline()
    backend = GuardedBackend(
        "notify", deadline, allow_private=True
    )  # the operator's own address, not a source's
    headers = {"User-Agent": agent, "Content-Type": "application/json"}
    with httpx.Client(transport=Transport(backend), timeout=_TIMEOUT_S, trust_env=False) as client:
        deadline.start(_DEADLINE_S)
        try:
            with client.stream("POST", address, content=orjson.dumps(message), headers=headers) as answer:
                return None if answer.is_success else f"it answered {answer.status_code}"
        except httpx.TimeoutException:
            return f"it did not answer within {_TIMEOUT_S:g} s"
        except httpx.ConnectError:
            return "it could not be reached"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):  # their texts may repeat the address
            return "it is not an address that answers"
