from celery import shared_task

from portal_core.access.actions import onboarding


@shared_task(name="access.work_onboarding")
def work_onboarding(run_id: str) -> int:
    return onboarding.work(run_id=run_id)


@shared_task(name="access.sweep_onboarding")
def sweep_onboarding() -> int:
    return onboarding.sweep()
