"""A name server on this machine: answers what it was told, is silent about what hangs, knows nothing else."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """`book`: (name, "A" or "AAAA") -> addresses, or None where it never answers. `asked`: every question, in order."""

    port: int
    book: dict[tuple[str, str], list[str] | None] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, family = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked.append((name, family))
        known = self.book.get((name, family), [])
        if known is None:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if known:
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", family, known))
        elif not any(entry[0] == name for entry in self.book):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


@contextlib.contextmanager
def name_server() -> Iterator[NameServer]:
    """Serve over UDP on a free port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        server = NameServer(door.getsockname()[1])

        def serve() -> None:
            while wire := door.recvfrom(4096):
                if not wire[0]:  # an empty datagram: the end
                    return
                if (reply := server.answer(wire[0])) is not None:
                    door.sendto(reply, wire[1])

        thread = threading.Thread(target=serve, name="name-server")
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", server.port))
            thread.join()
