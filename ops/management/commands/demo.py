from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.demo import access, calls, desk, files, mail, people, status, visits


class Command(BaseCommand):
    help = (
        "Make the demo practice with its people, status page, appointments and tickets. A second run changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if people.has_foreign_data():
            raise CommandError("This database holds a practice or people that the demo did not make. Nothing was done.")
        practice = people.create()
        access.create(practice)
        status.create()
        visits.create(practice)
        desk.create(practice)
        mail.create(practice)
        calls.create(practice)
        files.create(practice)
        self.stdout.write(f"{practice.name}. Everybody's password: {people.PASSWORD}")
        for title, address, sign_ins in (
            ("Staff", "/desk/sign-in/", people.STAFF),
            ("Patients", "/portal/sign-in/", people.PATIENT_SIGN_INS),
        ):
            self.stdout.write(f"{title} ({address})")
            for one in sign_ins:
                self.stdout.write(f"  {one.username:<8}{one.what}")
