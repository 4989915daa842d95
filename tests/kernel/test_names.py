"""Names that strangers gave us are looked up against a clock (SP-02: webhooks): no name server holds our threads."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal_core.kernel.http.names import Names, Unknown
from portal_core.kernel.http.outbound import NotSent, OutboundClient
from tests.fakes.https_sink import https_sink
from tests.fakes.name_server import name_server

HUNG = [f"hangs{number}.test" for number in range(20)]


@pytest.fixture
def server():
    with name_server() as one:
        yield one


@pytest.fixture
def names(server):
    return Names(servers=["127.0.0.1"], port=server.port)


def test_both_kinds_of_addresses_come_in_turns(server, names):
    server.book = {("shop.test", "A"): ["192.0.2.1", "192.0.2.2"], ("shop.test", "AAAA"): ["2001:db8::1"]}

    first, second, third = names.addresses("shop.test")

    assert {first, third} == {"192.0.2.1", "192.0.2.2"}  # a name server may turn them round
    assert second == "2001:db8::1"
    assert server.asked == [("shop.test", "A"), ("shop.test", "AAAA")]


@pytest.mark.parametrize(("family", "address"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_one_kind_alone_will_do(server, names, family, address):
    server.book = {("shop.test", family): [address]}

    assert names.addresses("shop.test") == [address]


def test_no_such_name_is_said_after_one_question(server, names):
    with pytest.raises(Unknown):
        names.addresses("nowhere.test")

    assert server.asked == [("nowhere.test", "A")]


def test_a_name_that_cannot_be_one_is_unknown(server, names):
    with pytest.raises(Unknown):
        names.addresses("a" * 64 + ".test")

    assert server.asked == []


def test_without_a_name_server_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr("dns.resolver.Resolver.read_resolv_conf", lambda self, file: (_ for _ in ()).throw(OSError))

    with pytest.raises(Unknown):
        Names().addresses("shop.test")


def test_this_machine_is_never_asked_for(server, names):
    assert names.addresses("localhost") == ["127.0.0.1"]
    assert server.asked == []


def test_a_silent_second_question_does_not_cost_the_first_answer(server, names, monkeypatch):
    monkeypatch.setattr("portal_core.kernel.http.names.SECOND", 0.2)
    server.book = {("shop.test", "A"): ["192.0.2.1"], ("shop.test", "AAAA"): None}

    assert names.addresses("shop.test") == ["192.0.2.1"]


def test_names_that_hang_end_by_themselves_and_hold_up_nobody_else(server, names):
    """Twenty at once, more than any pool of ours had room for."""
    server.book = {(name, "A"): None for name in HUNG} | {("shop.test", "A"): ["192.0.2.1"]}

    def hangs(name):
        with pytest.raises(Unknown):
            names.addresses(name, patience=1.5)

    began = time.monotonic()
    with ThreadPoolExecutor(len(HUNG)) as crowd:
        waiting = [crowd.submit(hangs, name) for name in HUNG]
        while len({name for name, _ in server.asked}) < len(HUNG):
            assert time.monotonic() - began < 1.4
        assert names.addresses("shop.test") == ["192.0.2.1"]
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.result(timeout=10)

    assert time.monotonic() - began < 8


def test_a_post_to_a_good_name_arrives_while_others_hang(server, names, settings):
    server.book = {("hangs.test", "A"): None, ("sink.test", "A"): ["127.0.0.1"]}
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    with https_sink() as sink:
        settings.OUTBOUND_CA_FILE = sink.ca_file
        client = OutboundClient(resolver=lambda host, patience: names.addresses(host, min(patience, 0.3)))
        with pytest.raises(NotSent) as refused:
            client.post("https://hangs.test/", b"", {})
        answer = client.post(sink.url("/hook", "sink.test"), b"", {})
        client.close()

    assert (refused.value.code, answer.status) == ("name_not_found", 204)
