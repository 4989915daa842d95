from celery import shared_task

from portal_core.accounts.actions import housekeeping


@shared_task(name="accounts.forget_what_is_over")
def forget_what_is_over() -> int:
    return housekeeping.forget_what_is_over()
