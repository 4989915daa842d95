"""Whether the address an e-mail claims to come from is confirmed by our own receiving server. Pure.

The server that takes the mail in checks SPF, DKIM and DMARC and writes what it found into `Authentication-Results`
(RFC 8601), above the `Received` line it adds itself. Whoever sent the mail can write such a line too; theirs stands
below. So a line counts only if it bears the name of our server and stands above the last `Received` line of our own.
A confirmed address tells that the mail came from where it says, and still not who sat there.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from helpdesk.enums import SenderCheck

LONGEST = 8000  # characters of one line
MOST = 20  # lines looked at
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


class Finding(NamedTuple):
    """One check of one method ("dkim", "spf", "dmarc"): its result, and the domain it is about."""

    method: str
    result: str
    domain: str


def check(fields: Iterable[tuple[str, str]], *, server: str, hops: int, sender: str) -> SenderCheck:
    """`fields`: name and value of the header, from the top. `server`: the name our receiving server signs with; empty:
    nothing is known. `hops`: how many `Received` lines our own servers add. `sender`: the From address."""
    if not server:
        return SenderCheck.UNKNOWN
    domain = sender.rpartition("@")[2].strip().lower().rstrip(".")
    findings = [one for value in _ours(fields, server, hops) for one in parse(value)[1]]
    return SenderCheck.CONFIRMED if domain and _confirmed(findings, domain) else SenderCheck.NOT_CONFIRMED


def _ours(fields: Iterable[tuple[str, str]], server: str, hops: int) -> list[str]:
    found: list[str] = []
    passed = 0
    for name, value in fields:
        if name.lower() == "received":
            passed += 1
            if passed == hops:
                break
        elif name.lower() == "authentication-results" and len(found) < MOST and parse(value)[0] == server.lower():
            found.append(value)
    return found if passed == hops else []  # no line of ours: the mail did not come through that server


def _confirmed(findings: list[Finding], domain: str) -> bool:
    """DMARC decides where its result is plain; else a passed DKIM or SPF check of the same domain or one above it."""
    dmarc = {one.result for one in findings if one.method == "dmarc" and one.result != "none"}
    if dmarc:
        return dmarc == {"pass"}
    passed = (one.domain for one in findings if one.method in ("dkim", "spf") and one.result == "pass")
    return any(_belongs(domain, one) for one in passed)


def _belongs(domain: str, to: str) -> bool:
    return bool(to) and "." in to and (domain == to or domain.endswith(f".{to}"))


def parse(value: str) -> tuple[str, list[Finding]]:
    """The server's name and what it found; ("", []) for what is no such line."""
    first, *rest = _pieces(_without_comments(" ".join(value[:LONGEST].split())))
    words = first.split()
    server = words[0].strip('"').lower() if words else ""
    found: list[Finding] = []
    for piece in rest:
        tokens = re.sub(r"\s*=\s*", "=", piece).split()
        if not tokens or "=" not in tokens[0]:
            continue
        method, _, result = tokens[0].partition("=")
        found.append(Finding(method.partition("/")[0].lower(), result.lower(), _domain(method.lower(), tokens[1:])))
    return server, found


PROPERTIES = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail"), "dmarc": ("header.from",)}


def _domain(method: str, tokens: list[str]) -> str:
    said = dict(token.lower().partition("=")[::2] for token in tokens if "=" in token)
    for name in PROPERTIES.get(method.partition("/")[0], ()):
        domain = said.get(name, "").strip('"<>').rpartition("@")[2].rstrip(".")
        if _HOST.fullmatch(domain):
            return domain
    return ""


def _without_comments(text: str) -> str:
    """Comments may nest and hold anything; what is in quotes is none."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in text:
        if escaped:
            escaped = False
            if not depth:
                kept.append(char)
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
            kept.append(char)
        elif not quoted and char == "(":
            depth += 1
        elif not quoted and char == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(char)
    return "".join(kept)


def _pieces(text: str) -> list[str]:
    """Cut at semicolons outside of quotes; at least one piece."""
    pieces, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == ";" and not quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return [piece.strip() for piece in pieces]
