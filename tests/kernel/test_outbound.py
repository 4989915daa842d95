"""Posting to strangers' addresses (SP-02: webhooks): never inside, never for long, never unverified."""

import socket
import threading
import time

import pytest
from django.core.checks import run_checks

from portal_core.kernel.http import outbound
from portal_core.kernel.http.addresses import is_loopback, is_public
from portal_core.kernel.http.names import Unknown
from portal_core.kernel.http.outbound import NotSent, OutboundClient, target
from tests.fakes.https_sink import https_sink


@pytest.fixture
def sink(settings):
    with https_sink() as server:
        settings.OUTBOUND_ALLOW_LOOPBACK = True
        settings.OUTBOUND_CA_FILE = server.ca_file
        yield server


@pytest.fixture
def client(settings):
    made = []

    def make(resolver=None):
        made.append(OutboundClient(resolver=resolver))
        return made[-1]

    yield make
    for one in made:
        one.close()


def here(host, patience):
    return ["127.0.0.1"]


def refusal(deed, *args):
    with pytest.raises(NotSent) as refused:
        deed(*args)
    return refused.value.code, refused.value.permanent


# --- which addresses ----------------------------------------------------------------------------
def words(text):
    return text.split()


PUBLIC = words("""
    1.1.1.1 8.8.8.8 192.0.1.1 172.15.0.1 172.32.0.1 100.63.255.255 100.128.0.1 169.253.0.1 168.63.129.17 223.255.255.255
    2606:4700::1111 2001:4860:4860::8888 2a00:1450::1 2003::1
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8 64:ff9b::808:808 2002:808:808::1
""")
CLOSED = words("""
    127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.170.2
    100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1
    198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1
    ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::10.1.2.3 64:ff9b:1::8.8.8.8 100::1
    2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001::1 2001:10::1 2001:20::1
    2001:db8::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
    4000::1 e000::1
    2606:4700::1111%1 127.1 0x7f000001 2130706433 0177.0.0.1 127.0.0.1:80 [::1] localhost
""")


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_open(address):
    assert is_public(address)


@pytest.mark.parametrize("address", [*CLOSED, "", " 8.8.8.8", "8.8.8.8 "])
def test_everything_else_is_closed(address):
    assert not is_public(address)


def test_loopback_is_known_in_no_disguise():
    assert [is_loopback(text) for text in ("127.0.0.1", "127.9.9.9", "::1")] == [True, True, True]
    assert not any(map(is_loopback, ("::ffff:127.0.0.1", "2002:7f00:1::", "10.0.0.1", "::", "localhost", "")))


# --- which URLs ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "host", "port", "path", "origin"),
    [
        ("https://Hooks.Example.org", "hooks.example.org", 443, "/", "https://hooks.example.org"),
        ("https://a.example:443/x?y=1#z", "a.example", 443, "/x?y=1", "https://a.example"),
        ("https://a.example:8443/", "a.example", 8443, "/", "https://a.example:8443"),
        ("https://xn--bcher-kva.example/a//b", "xn--bcher-kva.example", 443, "/a//b", "https://xn--bcher-kva.example"),
        ("HTTPS://a.example?q", "a.example", 443, "/?q", "https://a.example"),
    ],
)
def test_a_good_address_is_taken_apart(url, host, port, path, origin):
    found = target(url)

    assert (found.host, found.port, found.path, found.origin) == (host, port, path, origin)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://a.example/", "not_https"),
        ("ftp://a.example/", "not_https"),
        ("//a.example/", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("https:/a.example/", "bad_host"),
        ("https://user@a.example/", "credentials_in_url"),
        ("https://user:word@a.example/", "credentials_in_url"),
        ("https://a.example@127.0.0.1/", "credentials_in_url"),
        ("https://a.example:80/", "bad_port"),
        ("https://a.example:22/", "bad_port"),
        ("https://a.example:1023/", "bad_port"),
        ("https://a.example:99999/", "bad_url"),
        ("https://a.example:x/", "bad_url"),
        ("https://localhost/", "bad_host"),
        ("https://intranet/", "bad_host"),
        ("https://a.example./", "bad_host"),
        ("https://a..example/", "bad_host"),
        ("https://-a.example/", "bad_host"),
        ("https://a_b.example/", "bad_host"),
        ("https://127.0.0.1/", "bad_host"),
        ("https://8.8.8.8/", "bad_host"),
        ("https://127.1/", "bad_host"),
        ("https://2130706433/", "bad_host"),
        ("https://0x7f000001/", "bad_host"),
        ("https://0x7f.0.0.0x1/", "bad_host"),
        ("https://0177.0.0.1/", "bad_host"),
        ("https://[::1]/", "bad_host"),
        ("https://[::ffff:127.0.0.1]/", "bad_host"),
        ("https://[64:ff9b::7f00:1]/", "bad_host"),
        ("https://a.example%00.b/", "bad_host"),
        ("https://①②⑦.0.0.1/", "bad_url"),
        ("https://bücher.example/", "bad_url"),
        ("https://a.example/\r\nX: y", "bad_url"),
        ("https://a.example/ b", "bad_url"),
        ("https://a.example\\@b.example/", "bad_url"),
        ("https://" + "a" * 64 + ".example/", "bad_host"),
        ("https://" + "a." * 126 + "example/", "bad_host"),
        ("https://a.example/" + "x" * 2000, "bad_url"),
        ("", "bad_url"),
    ],
)
def test_a_bad_address_is_refused_by_name(url, code):
    assert refusal(target, url) == (code, True)


# --- where a post goes --------------------------------------------------------------------------
def test_a_post_arrives_as_it_was_sent(sink, client):
    sink.answers["/hook"] = (201, {"Retry-After": "7", "X-Y": "z"}, b"taken")

    answer = client(here).post(sink.url("/hook?a=b", "sink.test"), b'{"a": 1}', {"Content-Type": "application/json"})

    assert (answer.status, answer.body, answer.headers["x-y"], answer.retry_after) == (201, b"taken", "z", 7.0)
    post = sink.posts[0]
    assert (post.path, post.body) == ("/hook?a=b", b'{"a": 1}')
    assert post.headers == {
        "host": f"sink.test:{sink.port}",
        "user-agent": "Lantern",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": "8",
    }


def test_a_connection_is_kept_for_the_next_post(sink, client):
    one = client(here)
    for path in ("/a", "/b", "/c"):
        one.post(sink.url(path, "sink.test"), b"", {})

    assert [(post.path, post.connection) for post in sink.posts] == [("/a", 1), ("/b", 1), ("/c", 1)]


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(sink, client):
    """DNS rebinding: the second answer would lead inside."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    one = client(lambda host, patience: answers.pop(0))

    assert one.post(sink.url("/hook", "sink.test"), b"", {}).status == 204

    assert answers == [["10.0.0.1"]]


def test_the_system_is_not_asked_again_behind_our_back(sink, client, monkeypatch):
    asked = []
    real = socket.getaddrinfo

    def spy(host, *args, **kwargs):
        asked.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", spy)

    client(here).post(sink.url("/hook", "sink.test"), b"", {})

    assert asked == ["127.0.0.1"]  # the checked number, not the name


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_connected_to(sink, client, settings, inside):
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    one = client(lambda host, patience: [inside])

    assert refusal(one.post, sink.url("/hook", "sink.test"), b"", {}) == ("private_address", True)
    assert sink.connections == 0


def test_one_closed_address_among_open_ones_is_enough(sink, client):
    one = client(lambda host, patience: ["127.0.0.1", "10.0.0.1"])

    assert refusal(one.post, sink.url("/hook", "sink.test"), b"", {}) == ("private_address", True)
    assert sink.connections == 0


def test_the_allowance_for_tests_opens_loopback_only(client, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    one = client(lambda host, patience: ["192.168.0.1"])

    assert refusal(one.post, "https://sink.test/", b"", {}) == ("private_address", True)


def test_the_next_address_is_tried_when_one_is_closed(sink, client):
    one = client(lambda host, patience: ["127.0.0.2", "127.0.0.1"])  # nobody listens on the first

    assert one.post(sink.url("/hook", "sink.test"), b"", {}).status == 204


def test_nobody_there(client, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True

    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"https://sink.test:{taken.getsockname()[1]}/"
        assert refusal(client(here).post, url, b"", {}) == ("unreachable", False)


def nowhere(host, patience):
    raise Unknown


@pytest.mark.parametrize("resolver", [nowhere, lambda host, patience: []])
def test_a_name_that_does_not_exist(client, resolver):
    assert refusal(client(resolver).post, "https://sink.test/", b"", {}) == ("name_not_found", False)


def test_a_look_up_gets_no_longer_than_the_post_has(client, monkeypatch):
    monkeypatch.setattr(outbound, "TOTAL", 2.5)
    given = []

    refusal(client(lambda host, patience: given.append(patience) or []).post, "https://sink.test/", b"", {})

    assert 2.0 < given[0] <= 2.5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(sink, client, status):
    sink.answers["/hook"] = (status, {"Location": sink.url("/inside", "sink.test")}, b"")

    assert client(here).post(sink.url("/hook", "sink.test"), b"", {}).status == status
    assert [post.path for post in sink.posts] == ["/hook"]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked(sink, client, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert client(here).post(sink.url("/hook", "sink.test"), b"", {}).status == 204


@pytest.mark.parametrize("certificate", ["stranger", "other_name", "expired"])
def test_a_bad_certificate_ends_it_before_anything_is_said(client, settings, certificate):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    with https_sink(certificate) as sink:
        settings.OUTBOUND_CA_FILE = sink.ca_file

        assert refusal(client(here).post, sink.url("/hook", "sink.test"), b"", {}) == ("bad_certificate", False)

    assert sink.posts == []


def test_plain_http_behind_the_port_is_no_tls(client, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            peer, _ = server.accept()
            with peer:
                peer.recv(10)
                peer.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        url = f"https://sink.test:{server.getsockname()[1]}/"
        assert refusal(client(here).post, url, b"", {}) == ("tls", False)
        thread.join(5)


# --- how long and how much ----------------------------------------------------------------------
@pytest.mark.parametrize("manner", ["hang", "slow_head"])
def test_who_answers_too_slowly_is_left(sink, client, monkeypatch, manner):
    """Byte by byte, no single read would ever time out."""
    monkeypatch.setattr(outbound, "TOTAL", 0.5)
    getattr(sink, manner).add("/hook")

    began = time.monotonic()
    assert refusal(client(here).post, sink.url("/hook", "sink.test"), b"", {}) == ("timeout", False)

    assert time.monotonic() - began < 3.5


def test_a_slow_body_does_not_undo_what_the_head_said(sink, client, monkeypatch):
    monkeypatch.setattr(outbound, "TOTAL", 0.5)
    sink.slow_body.add("/hook")
    one = client(here)

    began = time.monotonic()
    answer = one.post(sink.url("/hook", "sink.test"), b"", {})

    assert answer.status == 200
    assert len(answer.body) < 1000
    assert time.monotonic() - began < 3.5
    assert not one.idle  # and the half-read connection is not used again


def test_a_huge_body_is_read_to_64_kb(sink, client):
    sink.huge_body.add("/hook")
    one = client(here)

    answer = one.post(sink.url("/hook", "sink.test"), b"", {})

    assert (answer.status, len(answer.body)) == (200, 65536)
    assert not one.idle


def test_who_hangs_up_has_not_answered(sink, client):
    sink.hang_up.add("/hook")

    assert refusal(client(here).post, sink.url("/hook", "sink.test"), b"", {}) == ("connection_lost", False)


def test_a_connection_the_other_side_closed_is_opened_again(sink, client):
    sink.answers["/hook"] = (200, {"Connection": "close"}, b"")
    one = client(here)

    assert [one.post(sink.url("/hook", "sink.test"), b"", {}).status for _ in range(2)] == [200, 200]
    assert sink.connections == 2


def test_only_so_many_connections_are_kept(sink, client, monkeypatch):
    monkeypatch.setattr(outbound, "KEPT_OPEN", 1)
    one = client(here)

    one.post(sink.url("/hook", "sink.test"), b"", {})
    one.post(sink.url("/hook", "other.test"), b"", {})

    assert [key for key, _ in one.idle] == [("other.test", sink.port)]


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("0", 0.0), ("999999", 86400.0), ("-1", None), ("²", None)])
def test_retry_after_is_a_number_of_seconds(text, seconds):
    assert outbound.Answer(429, {"retry-after": text}).retry_after == seconds


@pytest.mark.parametrize(
    ("debug", "demo", "found"), [(False, False, ["kernel.E001"]), (True, False, []), (False, True, [])]
)
def test_the_allowance_for_tests_is_refused_in_production(settings, debug, demo, found):
    settings.DEBUG, settings.DEMO, settings.OUTBOUND_ALLOW_LOOPBACK = debug, demo, True

    assert [error.id for error in run_checks(tags=["outbound"])] == found
