"""Which network addresses the product may talk to when a stranger named the host: public unicast ones, nothing else.

Pure; the tables follow the IANA special-purpose registries. `ipaddress.is_global` is not enough: before Python 3.13 it
calls multicast, site-local, 192.0.0.0/24 and embedded loopback addresses global.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Not public, or not a single machine, or one that only answers those inside its cloud.
_CLOSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also a cloud's metadata (100.100.100.200)
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's machine agent: a public number that leads inside
        "169.254.0.0/16",  # link-local, and with it most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_OPEN_6 = IPv6Network("2000::/3")  # the only space handed out to the public
_CLOSED_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


def is_public(text: str) -> bool:
    """True for an address on the public internet; text that is no plain address is not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _public_4(address) if isinstance(address, IPv4Address) else _public_6(address)


def is_loopback(text: str) -> bool:
    """True for 127.0.0.0/8 and ::1 themselves, in no disguise."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return address.is_loopback and (isinstance(address, IPv4Address) or address == IPv6Address("::1"))


def is_this_machine(host: str) -> bool:
    """Whether a host name in our own settings names the machine the product runs on: localhost or a loopback
    address."""
    return host.lower() == "localhost" or is_loopback(host)


def _public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _CLOSED_4)


def _public_6(address: IPv6Address) -> bool:
    """Addresses that carry an IPv4 address are judged by that one: a NAT64 network reaches everything through them."""
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _public_4(IPv4Address(int(address) & 0xFFFFFFFF))
    if address in _6TO4:
        return _public_4(IPv4Address((int(address) >> 80) & 0xFFFFFFFF))
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)
