from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal_core.kernel import audit
from portal_core.kernel.models import AuditEvent


class Command(BaseCommand):
    help = "Check that no audit line was changed, removed or slipped in."

    def handle(self, *args: Any, **options: Any) -> None:
        audit.seal()
        faults = 0
        for fault in audit.verify():
            faults += 1
            self.stderr.write(f"practice {fault.practice_key or '-'} line {fault.sequence}: {fault.what}")
        if faults:
            raise CommandError(f"{faults} broken place(s) in the audit ledger.")
        self.stdout.write(f"{AuditEvent.objects.count()} audit lines, every chain holds.")
