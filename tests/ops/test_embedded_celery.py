"""The worker inside the server starts and ends at any moment."""

import subprocess
import sys

import pytest

from tests.product import ROOT

SCRIPT = """
import sys, time
import django
django.setup()
from ops.celery import app
from ops.runtime.embedded_celery import EmbeddedCelery

app.conf.beat_schedule = {}
tasks = EmbeddedCelery(app)
tasks.start()
if sys.argv[1] == "ready":
    assert tasks.wait_ready()
begun = time.monotonic()
print(tasks.stop(8), time.monotonic() - begun < 5)
"""


@pytest.mark.parametrize("when", ["at once", "ready"])
def test_it_ends_when_told_even_before_it_was_up(when, tmp_path):
    env = {"DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}

    done = subprocess.run([sys.executable, "-c", SCRIPT, when], cwd=ROOT, env=env, capture_output=True, text=True)

    assert done.stderr == ""
    assert done.stdout.split() == ["True", "True"]
