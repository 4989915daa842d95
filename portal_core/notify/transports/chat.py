"""Posts to chat channels. Whoever knows such an address may post to it; it is the only secret, so none is signed.

Hosts are compared as a whole or by a whole domain, never by a part of the text: `hooks.slack.com.evil.example` is
somebody else's.
"""

from portal_core.notify.transports.base import Parcel, TransportError
from portal_core.notify.transports.posting import Post, PostingTransport, body_of, host_of

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
# Workflows ("when a Teams webhook request is received") live on Power Platform, older ones on Logic Apps; the others
# are those of channel connectors, which Microsoft has switched off: who still has one is told so by its answer.
TEAMS_HOSTS = frozenset({"outlook.office.com", "outlook.office365.com"})
TEAMS_DOMAINS = (".api.powerplatform.com", ".logic.azure.com", ".logic.azure.us", ".webhook.office.com")


def is_slack(url: str) -> bool:
    """Whether this is the address of a Slack incoming webhook."""
    return _host(url) in SLACK_HOSTS


def is_teams(url: str) -> bool:
    """Whether this is the address of a Microsoft Teams workflow or channel webhook."""
    host = _host(url)
    return host in TEAMS_HOSTS or host.endswith(TEAMS_DOMAINS)


class SlackTransport(PostingTransport):
    channel = "slack"
    per_host = 4

    def post_for(self, parcel: Parcel) -> Post:
        if not is_slack(parcel.address):
            raise TransportError("not_slack", permanent=True)
        return _post(parcel, self.channel)


class TeamsTransport(PostingTransport):
    channel = "teams"
    per_host = 4

    def post_for(self, parcel: Parcel) -> Post:
        if not is_teams(parcel.address):
            raise TransportError("not_teams", permanent=True)
        return _post(parcel, self.channel)


def _post(parcel: Parcel, channel: str) -> Post:
    body = body_of(parcel, channel)
    return Post(parcel, host_of(parcel.address), parcel.address, body, lambda: {"Content-Type": "application/json"})


def _host(url: str) -> str:
    try:
        return host_of(url)
    except TransportError:
        return ""
