"""Which URLs we dial for a customer, and which addresses never.

Promises: what is refused here is refused at registration and again at every dial, on each address a name
resolves to. Leaves out resolving. The text of a refusal never names an address that was found.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from shared.kernel.errors import Reject

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# `ipaddress.is_global` is no such list: it lets NAT64 and 6to4 forms of 127.0.0.1, multicast and more through.
_DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32"),
        *("2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_METADATA = frozenset({ip_address("169.254.169.254"), ip_address("fd00:ec2::254")})
"""Cloud credentials for the asking: no configuration opens these."""
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_INSIDE_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa")

_PORT = {"https": 443, "http": 80}
_USUAL_PORTS = frozenset({443, 8443})
_MAX_URL = 2_048
_MAX_LABEL, _MAX_HOST = 63, 253
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_PATH_SAFE = "/%:@!$&'()*+,;=~?"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is lower-case ASCII without brackets, `path` what goes on the request line."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def inside_only(self) -> bool:
        """Whether only an allowed network may be dialled so: in plain text, or on an unusual port."""
        return self.scheme == "http" or self.port not in _USUAL_PORTS

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> Address | None:
        """The address, where the host is one and not a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a text like `10.1.0.0/16, fd12::/32`; raises ValueError where one is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def permitted(ip: str, allowed_networks: Iterable[Network], *, inside_only: bool = False) -> bool:
    """Whether we dial this address: a public one (unless `inside_only`), or one of an allowed network."""
    try:
        found = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    address = found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
    if address in _METADATA:
        return False
    if any(address in network for network in allowed_networks):
        return True
    return not inside_only and not any(address in network for network in _DENIED)


def check(url: str, allowed_networks: Iterable[Network]) -> Target:
    """The parts of a URL we may dial; raises Reject `address_not_allowed` where we may not.

    With networks allowed, a name may lead into one of them: then only its addresses can tell.
    """
    allowed = tuple(allowed_networks)
    target = _parsed(url)
    if target.address is not None:
        if not permitted(target.host, allowed, inside_only=target.inside_only):
            raise _refused()
    elif target.host in _METADATA_NAMES or (not allowed and (target.inside_only or _names_the_inside(target.host))):
        raise _refused()
    return target


def _refused() -> Reject:
    return Reject("address_not_allowed", "the address is not allowed: a public https URL is", "url")


def _parsed(url: str) -> Target:
    # A parser that forgives what another does not is how checks are got around: only plain text is parsed at all.
    if len(url) > _MAX_URL or not url.isprintable() or any(character in url for character in ' \\#"<>^`{|}'):
        raise _refused()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused() from None
    if parts.scheme not in _PORT or "@" in parts.netloc or not parts.hostname or port == 0:
        raise _refused()
    bracketed = parts.netloc.startswith("[")
    host = _literal_v6(parts.hostname) if bracketed else _name_or_v4(parts.hostname)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Target(parts.scheme, host, port or _PORT[parts.scheme], quote(path, safe=_PATH_SAFE))


def _literal_v6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise _refused() from None
    if address.scope_id is not None:
        raise _refused()
    return str(address)


def _name_or_v4(host: str) -> str:
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _refused() from None
    labels = name.split(".")
    if len(name) > _MAX_HOST or not all(_is_label(label) for label in labels):
        raise _refused()
    # What ends in a number is an IPv4 address to some resolver (2130706433, 0177.0.0.1, 0x7f.1): one spelling only.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        try:
            return str(IPv4Address(name))
        except ValueError:
            raise _refused() from None
    return name


def _is_label(label: str) -> bool:
    return 0 < len(label) <= _MAX_LABEL and _LABEL.issuperset(label)


def _names_the_inside(host: str) -> bool:
    return "." not in host or host.endswith(_INSIDE_SUFFIXES)
