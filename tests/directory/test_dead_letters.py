"""Steps that were given up: a banner for those who run the practice or lead IT, a page, and another try."""

import pytest

from portal_core.kernel import clock, outbox
from portal_core.kernel.models import AuditEvent, OutboxMessage

PAGE = "/desk/dead-letters/"

pytestmark = pytest.mark.django_db


def bury(many: int = 1) -> list[OutboxMessage]:
    now = clock.now()
    return [
        OutboxMessage.objects.create(
            event_id=f"e{number}", event_name="helpdesk.TicketSolved", handler="helpdesk.handlers.tell_requester",
            payload={"ticket_id": "secret"}, created_at=now, available_at=now, attempts=8, dead_at=now,
            last_error="BadAddress",
        )
        for number in range(many)
    ]  # fmt: skip


def states() -> list[tuple[int, bool]]:
    return [(row.attempts, row.dead_at is None) for row in OutboxMessage.objects.order_by("pk")]


def test_the_page_says_what_was_not_done_and_never_of_whom(cast, staff_client):
    bury()

    page = staff_client(cast.ana).get(PAGE).content.decode()

    for words in ("Ticket solved", "Tell requester", "BadAddress", "Try again"):
        assert words in page
    assert "secret" not in page


def test_one_is_tried_again(cast, staff_client):
    first, _second = bury(2)
    ana = staff_client(cast.ana)

    answers = [ana.post(PAGE, {"message": first.pk}, follow=True).content.decode() for _ in range(2)]

    assert states() == [(0, True), (8, False)]
    assert "1 step is tried again now. Look again in a minute." in answers[0]
    assert "Somebody has tried it again already." in answers[1]
    line = AuditEvent.objects.get(action="outbox:revive")
    assert (line.actor_id, line.facts) == (
        cast.ana.public_id,
        {"message": first.pk, "event": "helpdesk.TicketSolved", "handler": "helpdesk.handlers.tell_requester"},
    )


def test_all_are_tried_again(cast, staff_client):
    bury(3)

    page = staff_client(cast.ana).post(PAGE, follow=True).content.decode()

    assert "3 steps are tried again now." in page
    assert states() == [(0, True)] * 3
    assert AuditEvent.objects.filter(action="outbox:revive").count() == 3


@pytest.mark.parametrize("message", ["x", "-1", "9" * 30, "٣"])
def test_a_strange_number_does_nothing(cast, staff_client, message):
    bury()

    assert staff_client(cast.ana).post(PAGE, {"message": message}).status_code == 302
    assert states() == [(8, False)]


@pytest.mark.parametrize(
    ("who", "status"), [("ana", 200), ("omar", 200), ("olivia", 403), ("carla", 403), ("ines", 200), ("ian", 403)]
)
def test_who_sees_the_banner_and_the_page(cast, staff_client, who, status):
    bury()
    outbox.count_dead()  # what the sweep does every three seconds
    visitor = staff_client(getattr(cast, who))

    assert visitor.get(PAGE).status_code == status
    assert ("See which, and try again" in visitor.get("/desk/me/").content.decode()) is (status == 200)
    if status == 403:
        assert visitor.post(PAGE).status_code == 403
        assert states() == [(8, False)]


def test_no_banner_when_all_is_done(cast, staff_client):
    assert outbox.count_dead() == 0
    assert "See which, and try again" not in staff_client(cast.ana).get("/desk/me/").content.decode()
