"""Where a practice says which number its line has and where it rings (HD-10)."""

import pytest
from django.urls import reverse

from helpdesk.actions import phone_line
from helpdesk.errors import LineLoops, LineTaken, WrongOffice
from helpdesk.models import DeskPhone, VoiceLine
from tests.helpdesk.conftest import PUBLIC

pytestmark = pytest.mark.django_db
LINE = "+12175550000"


def test_a_manager_sets_the_line_and_where_it_rings(cast, twilio, staff_client):
    ana, page = staff_client(cast.ana), reverse("helpdesk:phone")
    typed = {
        "number": "(217) 555-0000",
        "transcribe": "on",
        "desk_it": "",
        f"desk_{cast.north.public_id}": "217-555-0101",
    }
    for _ in range(2):
        assert ana.post(page, typed).status_code == 302

    assert list(VoiceLine.objects.values_list("number", "transcribe")) == [(LINE, True)]
    assert list(DeskPhone.objects.values_list("office__name", "number")) == [("North", "+12175550101")]
    shown = ana.get(page).content.decode()
    assert f"{PUBLIC}/hooks/twilio/voice/" in shown
    ana.post(page, {"number": ""})
    assert (VoiceLine.objects.count(), DeskPhone.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"number": "12"}, "Enter a phone number with area code."),
        ({"number": "217-555-0000", "desk_it": "217-555-0000"}, "The line cannot ring on itself"),
        ({"number": "217-555-0999"}, "Another practice uses this number already."),
    ],
)
def test_a_line_that_cannot_be_is_refused_whole(cast, staff_client, typed, fault):
    phone_line.set_line(practice=cast.elsewhere, number="+12175550999", transcribe=False, by=cast.charlie.actor)

    answer = staff_client(cast.ana).post(reverse("helpdesk:phone"), typed)

    assert answer.status_code == 422
    assert fault in answer.content.decode()
    assert not VoiceLine.objects.filter(practice=cast.practice).exists()
    assert not DeskPhone.objects.exists()


def test_only_those_who_run_the_practice_set_the_line(cast, staff_client):
    for person in (cast.olivia, cast.ian, cast.carla):
        assert staff_client(person).get(reverse("helpdesk:phone")).status_code == 403
    by = cast.ana.actor
    phone_line.set_line(practice=cast.practice, number=LINE, transcribe=False, by=by)
    with pytest.raises(LineTaken):
        phone_line.set_line(practice=cast.elsewhere, number=LINE, transcribe=False, by=by)
    with pytest.raises(LineLoops):
        phone_line.set_desk_phone(practice=cast.practice, office=None, number=LINE, by=by)
    with pytest.raises(WrongOffice):
        phone_line.set_desk_phone(practice=cast.practice, office=cast.elsewhere_office, number="+12175550101", by=by)
