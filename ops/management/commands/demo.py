import inspect
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.demo import people

PRODUCTS = ("access", "status", "visits", "desk")  # in this order: tickets may speak of visits and patients


class Command(BaseCommand):
    help = (
        "Make the demo practice with its people, status page, appointments and tickets. A second run changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if people.has_foreign_data():
            raise CommandError("This database holds a practice or people that the demo did not make. Nothing was done.")
        practice = people.create()
        for module in _products():
            wants_practice = bool(inspect.signature(module.create).parameters)
            module.create(practice) if wants_practice else module.create()
        self.stdout.write(f"{practice.name}. Everybody's password: {people.PASSWORD}")
        for title, address, sign_ins in (
            ("Staff", "/desk/sign-in/", people.STAFF),
            ("Patients", "/portal/sign-in/", people.PATIENT_SIGN_INS),
        ):
            self.stdout.write(f"{title} ({address})")
            for one in sign_ins:
                self.stdout.write(f"  {one.username:<8}{one.what}")


def _products() -> Iterator[Any]:
    for name in PRODUCTS:
        if find_spec(f"ops.demo.{name}") is not None:
            yield import_module(f"ops.demo.{name}")
