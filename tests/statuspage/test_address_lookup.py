"""An address is found by an index, whether or not its page is known: lists have a hundred thousand rows."""

from django.db import connection

from statuspage.models import Subscriber
from tests.statuspage.factories import subscriber


def test_an_address_is_found_without_reading_the_list(page):
    row = subscriber("ann@example.test")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read a table this small from end to end

    found = Subscriber.objects.of_address(row.way, "ann@example.test")

    assert [one.pk for one in found] == [row.pk]
    plan = found.explain()
    assert "SCAN" not in plan
    assert "Seq Scan" not in plan
