"""The product's settings, in a data directory of this run's own, with what makes tests quick.

`pytest` alone uses SQLite in memory and the in-process layers; `pytest -p tests.scaled` starts a private PostgreSQL and
Redis and runs the same tests on those.
"""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="lantern-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
for name in (
    "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL", "SENTRY_DSN", "TURN_URLS", "INBOUND_MAIL_DOMAIN",
    "CLAMD_URL",
):  # fmt: skip
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = _data
os.environ["DEMO"] = "1"
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "")
if os.environ["REDIS_URL"]:
    # One Redis database per parallel worker: rate limits and groups of one must not reach another.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] += f"/{worker}"

from ops.settings import *  # noqa: E402, F403
from ops.settings import ALLOWED_HOSTS, DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

DATA_DIR.mkdir(parents=True, exist_ok=True)
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS += ["testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
OUTBOX_WAKE = False
if not os.environ["DATABASE_URL"]:
    # A file, as in the product: threads of one in-memory database cannot wait for each other's locks.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
