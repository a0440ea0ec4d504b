"""Room: the address guard, checked on the very address we connect to.

In: a host name and a port. Out: a connection to a public address, or SourceRefused. The name is
resolved once and the checked address is used, so a name that changes its answer gains nothing.
Never speaks HTTP; TLS still verifies the name that was asked for.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore

from harvester.errors import SourceRefused
from harvester.fetch.deadline import Deadline, TimedStream

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to the addresses it has now, as text, best first; OSError when it has none."""

# IANA special-purpose registries, and the metadata services of clouds; the first match speaks.
_REFUSED = tuple(
    (ip_network(network), word)
    for network, word in (
        ("169.254.169.254/32", "cloud metadata"),
        ("100.100.100.200/32", "cloud metadata"),
        ("168.63.129.16/32", "cloud metadata"),
        ("192.0.0.192/32", "cloud metadata"),
        ("fd00:ec2::254/128", "cloud metadata"),
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "private"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "embedded IPv4"),
        ("::ffff:0:0/96", "embedded IPv4"),
        ("::ffff:0:0:0/96", "embedded IPv4"),
        ("64:ff9b::/96", "embedded IPv4"),
        ("64:ff9b:1::/48", "embedded IPv4"),
        ("2001::/32", "embedded IPv4"),
        ("2002::/16", "embedded IPv4"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("3fff::/20", "reserved"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")


def resolve(host: str, port: int) -> list[str]:
    """Addresses of `host` as the system gives them.

    Raises:
        OSError: the host has no address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def refusal(address: str) -> str | None:
    """Why an address must not be asked, in one or two words; None when it is public."""
    known = ip_address(address)
    for network, word in _REFUSED:
        if known.version == network.version and known in network:
            return word
    return None if _is_unicast(known) else "reserved"


def _is_unicast(address: IPv4Address | IPv6Address) -> bool:
    return address.version == 4 or address in _GLOBAL_UNICAST


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to public addresses only, unless `allow_private`; every stream keeps the deadline."""

    def __init__(
        self, source: str, deadline: Deadline, *, allow_private: bool = False, resolver: Resolver = resolve
    ) -> None:
        self._source = source
        self._deadline = deadline
        self._allow_private = allow_private
        self._resolver = resolver
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A stream to the first address of `host` that is allowed and answers.

        Raises:
            SourceRefused: no address of the host is public.
            httpcore.ConnectError: the host has no address, or none answers.
        """
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._allowed(host, port):
            try:
                left = self._deadline.left(timeout)
                stream = self._system.connect_tcp(address, port, left, local_address, socket_options)
                return TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"'{host}' has no address")

    def _allowed(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"'{host}' has no address: {error}") from error
        if self._allow_private:
            return list(addresses)
        refused = {address: word for address in addresses if (word := refusal(address))}
        if addresses and len(refused) == len(set(addresses)):
            address, word = next(iter(refused.items()))
            raise SourceRefused(
                f"{self._source}: host '{host}' is at '{address}', a {word} address; "
                "set allow_private = true for this source if it is yours"
            )
        return [address for address in addresses if address not in refused]
