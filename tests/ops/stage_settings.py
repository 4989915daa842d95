from ops.settings import *  # noqa: F403

ROOT_URLCONF = "tests.ops.stage"
CELERY_BEAT_SCHEDULE: dict[str, object] = {}
CELERY_IMPORTS = ["tests.ops.stage"]
