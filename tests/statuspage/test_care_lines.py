"""OP-02: where patients' care depends on what is wrong, page and mail say where to turn; elsewhere neither does."""

import pytest

from portal_core.kernel import clock, outbox
from portal_core.notify.models import Message
from statuspage.actions import snapshots
from statuspage.models import Component, Page
from tests.statuspage.factories import declare, subscriber

LINE = "In a crisis call or text 988."


def test_a_new_page_knows_what_care_depends_on(page):
    """OP-02"""
    assert dict(Component.objects.values_list("slug", "clinical_priority")) == {
        "telehealth": 1, "patient-portal": 2, "provider-portal": 2, "ehr": 2, "secure-message-e-mail": 3,
        "calendar-sync": 3,
    }  # fmt: skip


@pytest.mark.parametrize(("part", "told"), [("telehealth", True), ("calendar_sync", False)])
def test_page_and_mail_agree_on_where_to_turn(page, part, told):
    """SP-05"""
    Page.objects.update(support_text=LINE)
    subscriber()
    declare(**{part: "major_outage"})
    outbox.drain()

    assert snapshots.view_at(clock.now(), 1).care_affected is told
    assert (LINE in Message.objects.get().text) is told
