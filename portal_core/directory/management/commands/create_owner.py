from argparse import ArgumentParser
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from portal_core.directory.actions import colleagues, offices, practices
from portal_core.directory.models import Office, Practice
from portal_core.kernel.contracts import SYSTEM


class Command(BaseCommand):
    help = (
        "Make an owner of a practice, and the practice if there is none; print the link by which they choose a user "
        "name and a password. For somebody on file with this e-mail address: a new link, also when they are locked out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the owner's own address; nothing is sent to it now")
        parser.add_argument("--first-name", default="", help="needed for somebody new")
        parser.add_argument("--last-name", default="", help="needed for somebody new")
        parser.add_argument("--practice", default="", metavar="NAME", help="name or slug; made when there is none")
        parser.add_argument("--time-zone", default="America/New_York", help="of a new practice")
        parser.add_argument("--office", default="", metavar="NAME", help="first office of a new practice")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError:
            raise CommandError(f"{options['email']} is no e-mail address.") from None
        practice = self._practice(options)
        known = practice.staff.filter(email__iexact=options["email"]).exists()
        if not known and not (options["first_name"].strip() and options["last_name"].strip()):
            raise CommandError("Nobody has this address yet: name them with --first-name and --last-name.")
        person, link = colleagues.make_owner(
            practice=practice, first_name=options["first_name"].strip(), last_name=options["last_name"].strip(),
            email=options["email"], by=SYSTEM,
        )  # fmt: skip
        chosen, lifetime = "a user name and a password", colleagues.FIRST
        if person.user_id is not None:
            chosen, lifetime = "a new password", colleagues.AGAIN
        self.stdout.write(f"{person.name} is an owner and administrator of {practice.name}.")
        self.stdout.write(f"They choose {chosen} here, once:\n\n  {link}\n\n")
        hours = int(lifetime.total_seconds() // 3600)
        self.stdout.write(f"It works for {hours} hours. Whoever opens it first is the owner: hand it over in person.")

    def _practice(self, options: dict[str, Any]) -> Practice:
        name: str = options["practice"].strip()
        rows = list(Practice.objects.order_by("pk"))
        found = [row for row in rows if not name or name in (row.slug, row.name)]
        if rows and len(found) != 1:
            raise CommandError(f"Which practice? Add --practice with one of: {', '.join(row.slug for row in rows)}.")
        practice = found[0] if found else self._new_practice(name, options["time_zone"])
        if not Office.objects.filter(practice=practice).exists():
            offices.open_main(practice=practice, name=options["office"].strip() or practice.name, by=SYSTEM)
        return practice

    def _new_practice(self, name: str, time_zone: str) -> Practice:
        slug = slugify(name)[:60]
        if not slug:
            raise CommandError("There is no practice yet: name it with --practice.")
        if time_zone not in available_timezones():
            raise CommandError(f"{time_zone} is no time zone; America/Chicago would be one.")
        return practices.open_practice(name=name, slug=slug, time_zone=time_zone, by=SYSTEM)
