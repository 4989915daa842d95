import datetime as dt

from telehealth.rules.turn import ice_servers

NOW = dt.datetime(2026, 12, 1, 12, 0, tzinfo=dt.UTC)


def test_without_a_relay_there_are_only_host_candidates():
    """TH-19: no third party is ever asked, not even for our own address."""
    assert ice_servers(urls=[], secret="s", now=NOW, nonce="n") == []
    assert ice_servers(urls=["turn:turn.example.org"], secret="", now=NOW, nonce="n") == []


def test_credentials_run_out_and_name_nobody():
    """The value is what coturn computes: base64(HMAC-SHA1(secret, "expiry:nonce"))."""
    servers = ice_servers(urls=["turn:turn.example.org:3478"], secret="north", now=NOW, nonce="abc")

    assert servers == [
        {
            "urls": ["turn:turn.example.org:3478"],
            "username": "1796148000:abc",
            "credential": "d6ZC/t7t/7/29iCbqsYMHg4w52c=",
        }
    ]
