"""Power cuts between "incident saved" and "mails sent": nobody is forgotten and nobody hears twice (SP-02)."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.browser import sign_in
from tests.fakes.smtp import smtp_sink
from tests.product import Product, ScaledProduct

pytestmark = pytest.mark.timeout(400)

SUBSCRIBERS = 60
NAME = "Provider portal is slow"

SUBSCRIBE = f"""
from portal_core.kernel.contracts import SYSTEM
from statuspage.actions.subscribers import import_confirmed
for number in range({SUBSCRIBERS}):
    import_confirmed(email=f"reader{{number}}@example.test", consent="asked for it at the front desk", by=SYSTEM)
"""
DECLARE = f"""
from portal_core.kernel.contracts import SYSTEM
from statuspage import queries
from statuspage.actions import incidents
component = queries.components()[0]
incidents.declare(name="{NAME}", body="We are looking into it.", components={{component.id: "degraded_performance"}},
    status="investigating", by=SYSTEM, key="survival")
"""


def declare_in_the_console(page, url: str) -> None:
    sign_in(page, "ines", url)
    page.goto(f"{url}/triage/it/incidents/new/")
    page.locator("input[name=name]").fill(NAME)
    page.locator("textarea[name=body]").fill("We are looking into it.")
    page.locator("select[name=component]").select_option(index=1)
    page.locator("input[name=status]").first.check()
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/triage/it/incidents/*/")


def readers_of(sink) -> Counter[str]:
    return Counter(mail.recipient for mail in list(sink.mails) if mail.recipient.startswith("reader"))


def everybody_once() -> Counter[str]:
    return Counter({f"reader{number}@example.test": 1 for number in range(SUBSCRIBERS)})


def all_heard(product: Product, sink) -> Callable[[], bool]:
    def told() -> bool:
        waiting = product.shell(
            "from portal_core.notify.models import Delivery;"
            "print(Delivery.objects.filter(state__in=['waiting', 'sending']).count())"
        )
        return len(readers_of(sink)) == SUBSCRIBERS and waiting == "0"

    return told


def test_killed_right_after_the_incident_was_saved(fresh_product):
    """SP-02: the incident is committed and the process gone before anything followed; the next start tells all."""
    with smtp_sink() as sink:
        fresh_product.env["EMAIL_URL"] = sink.url
        fresh_product.shell(SUBSCRIBE)
        fresh_product.manage("shell", "--no-imports", "-c", DECLARE)  # writes and ends: no worker, no wake-up
        assert readers_of(sink) == Counter()

        fresh_product.start()

        fresh_product.wait(all_heard(fresh_product, sink))
        assert readers_of(sink) == everybody_once()


@pytest.mark.browser
def test_killed_while_the_first_mail_waits_for_the_server(fresh_product, people):
    """SP-02: declared in the console, kill -9 with the deliveries claimed and none sent, started again."""
    hold = threading.Event()
    with smtp_sink(hold=hold) as sink:
        fresh_product.env["EMAIL_URL"] = sink.url
        fresh_product.shell(SUBSCRIBE)
        fresh_product.start()
        declare_in_the_console(people.new_page("ines"), fresh_product.url)
        fresh_product.wait(lambda: sink.connections > 0)
        fresh_product.kill("server")
        assert sink.mails == []
        hold.set()

        fresh_product.restart()

        fresh_product.wait(all_heard(fresh_product, sink))
        assert readers_of(sink) == everybody_once()
    people.forgive("WebSocket|ERR_CONNECTION")


@pytest.mark.browser
@pytest.mark.services
def test_the_worker_is_killed_in_scaled_mode(prepared_scaled, postgres, redis_server, people):
    """SP-02: the worker dies by kill -9 with the deliveries claimed; another takes over once the lease has run out."""
    hold = threading.Event()
    with smtp_sink(hold=hold) as sink:
        product = ScaledProduct(
            postgres, redis_server, like=prepared_scaled, env={"EMAIL_URL": sink.url}, redis_number=8
        )
        try:
            product.start()
            product.shell(SUBSCRIBE)
            declare_in_the_console(people.new_page("ines"), product.url)
            product.wait(lambda: sink.connections > 0)
            product.kill("worker")
            hold.set()
            product.shell(
                "from django.utils import timezone; from portal_core.notify.models import Delivery;"
                "Delivery.objects.filter(state='sending').update(available_at=timezone.now())"
            )

            product.restart()

            product.wait(all_heard(product, sink))
            assert readers_of(sink) == everybody_once()
        finally:
            product.stop()
    people.forgive("WebSocket|ERR_CONNECTION")
