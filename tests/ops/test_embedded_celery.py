"""The worker inside the server starts and ends at any moment, and it is noticed when it ends by itself."""

import subprocess
import sys

import pytest

from tests.product import ROOT

SCRIPT = """
import sys, time
import django
django.setup()
from ops.celery import app
from ops.runtime import embedded_celery
from ops.runtime.embedded_celery import EmbeddedCelery

app.conf.beat_schedule = {}
tasks = EmbeddedCelery(app)
embedded_celery.check()
tasks.start()
if sys.argv[1] == "ready":
    assert tasks.wait_ready()
    embedded_celery.check()
    embedded_celery.Watched.looked_at -= 31
    try:
        tasks.check()
    except embedded_celery.NotWorking as error:
        assert str(error) == "celery-beat is stuck"
    else:
        raise AssertionError
if sys.argv[1] == "dead":
    assert tasks.wait_ready()
    embedded_celery.stop_flag.should_stop = 0
    tasks._worker.join(5)
    try:
        embedded_celery.check()
    except embedded_celery.NotWorking as error:
        assert str(error) == "celery-worker"
    else:
        raise AssertionError
begun = time.monotonic()
print(tasks.stop(8), time.monotonic() - begun < 5)
"""


@pytest.mark.parametrize("when", ["at once", "ready", "dead"])
def test_it_ends_when_told_even_before_it_was_up(when, tmp_path):
    env = {"DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}

    done = subprocess.run([sys.executable, "-c", SCRIPT, when], cwd=ROOT, env=env, capture_output=True, text=True)

    assert done.stderr == ""
    assert done.stdout.split() == ["True", "True"]
