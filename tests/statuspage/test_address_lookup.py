"""An address is found by an index, whether or not its page is known: lists have a hundred thousand rows."""

import pytest
from django.db import connection

from statuspage.models import Subscriber
from tests.statuspage.factories import subscriber


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a table this small from end to end")
def test_an_address_is_found_without_reading_the_list(page):
    row = subscriber("ann@example.test")

    found = Subscriber.objects.of_address(row.way, "ann@example.test")

    assert [one.pk for one in found] == [row.pk]
    assert "SCAN" not in found.explain()
