"""Who acts for a patient opens the files of the office where they were given that, and nothing else (PC-59)."""

import datetime as dt

import pytest
import time_machine

from portal_core.access.enums import ProxyScope
from portal_core.kernel.models import AuditEvent
from tests.access.test_proxies import give, signed_in_proxy
from tests.cast import make_patient
from tests.helpdesk.factories import AttachmentFactory, TicketFactory, TicketMessageFactory

pytestmark = pytest.mark.django_db


def test_a_proxy_sees_the_files_of_the_office_where_the_scope_says_so(cast, in_person):
    kim = make_patient("Kim", cast.north, "MRN-KIM", birth_date=dt.date(2019, 6, 1), email="")
    place = TicketFactory(office=cast.north, patient=kim)
    from_office = AttachmentFactory(
        ticket=place, message=TicketMessageFactory(ticket=place, author_kind="office"), sender="office", patient=kim,
        name="school-form.pdf",
    )  # fmt: skip
    own = AttachmentFactory(ticket=place, message=TicketMessageFactory(ticket=place), patient=kim, name="own.pdf")
    with time_machine.travel(dt.datetime(2026, 3, 2, 18, tzinfo=dt.UTC), tick=False):
        grant = give(cast, kim, scopes=[ProxyScope.FILES])
        dana = signed_in_proxy(grant)

        assert "school-form.pdf" in dana.get("/portal/").content.decode()
        page = dana.get("/portal/files/").content.decode()
        assert "school-form.pdf" in page
        assert "/portal/requests/new/" not in page
        assert dana.get(f"/portal/files/{from_office.public_id}/").status_code == 200
        assert dana.get(f"/portal/files/{own.public_id}/").status_code == 404
        assert dana.get(f"/portal/requests/{place.public_id}/").status_code == 403
        line = AuditEvent.objects.get(action="file:open")
        assert line.actor_label == "Dana Doe for Kim Patient"

        grant.scopes = ["schedule"]
        grant.save(update_fields=["scopes"])
        assert dana.get("/portal/files/").status_code == 403
        assert dana.get(f"/portal/files/{from_office.public_id}/").status_code == 403
        assert "school-form.pdf" not in dana.get("/portal/").content.decode()
