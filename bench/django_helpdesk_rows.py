"""The same operations on django-helpdesk, for `bench.many_tickets`: run by the Python of an environment that has it.

    python django_helpdesk_rows.py DATABASE_URL TICKETS ROUNDS SEED

Prints one line of JSON per operation: [name, queries, [milliseconds, …], [CPU milliseconds, …]].
"""

import datetime as dt
import json
import random
import sys
import time
from base64 import b64encode
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.urls import include, path

URL, TICKETS, ROUNDS, SEED = sys.argv[1], *map(int, sys.argv[2:5])
WARM_UP = 3
WORDS = ("portal", "password", "reset", "message", "video", "refill", "browser", "phone", "error", "letter")
where = urlsplit(URL)
settings.configure(
    SECRET_KEY="bench", DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, STATIC_URL="/static/", SITE_ID=1,
    USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", HELPDESK_TEAMS_MODE_ENABLED=False,
    LOGIN_URL="/helpdesk/login/", HELPDESK_ACTIVATE_API_ENDPOINT=False,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": where.path[1:], "USER": where.username,
            "HOST": where.hostname, "PORT": where.port, "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "django.contrib.sites", "django.contrib.staticfiles", "django.contrib.humanize",
        "helpdesk", "rest_framework",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                    "django.template.context_processors.i18n", "django.template.context_processors.static",
                ]
            },
        }
    ],
)  # fmt: skip
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

urlpatterns = [path("helpdesk/", include("helpdesk.urls", namespace="helpdesk"))]


def rows() -> None:
    from helpdesk.models import FollowUp, Queue, Ticket

    dice, now = random.Random(SEED), timezone.now()
    queues = [Queue.objects.create(title=f"Office {n:02}", slug=f"office-{n}") for n in range(18)]
    made = Ticket.objects.bulk_create(
        [
            Ticket(
                title=f"A question about the portal: {dice.choice(WORDS)}", queue=dice.choice(queues),
                description=f"{dice.choice(WORDS)} and {dice.choice(WORDS)} fail, it says {dice.getrandbits(32):08x}",
                submitter_email=f"p{dice.randrange(20_000)}@example.test", status=1 if n % 50 == 0 else 4,
                priority=3, created=now - dt.timedelta(days=730 * dice.random()), secret_key=f"{n:036}",
            )
            for n in range(TICKETS)
        ],
        batch_size=1000,
    )  # fmt: skip
    FollowUp.objects.bulk_create(
        [
            FollowUp(
                ticket=one, date=one.created + dt.timedelta(hours=k), title="Comment", comment="An answer.", public=True
            )
            for one in made
            for k in (1, 2)
        ],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measured(name: str, address: "object", rounds: int) -> None:
    for n in range(WARM_UP):
        answer = client.get(address(n))
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code}")
    with CaptureQueriesContext(connection) as asked:
        client.get(address(WARM_UP))
    queries = len(asked)  # the log is emptied by the next request
    times, work = [], []
    for n in range(rounds):
        begun, worked = time.perf_counter(), time.process_time()
        client.get(address(n + WARM_UP))
        times.append((time.perf_counter() - begun) * 1000)
        work.append((time.process_time() - worked) * 1000)
    print(json.dumps([name, queries, times, work]), flush=True)


def listed(search: str) -> str:
    query = {
        "filtering": {"status__in": [1, 2]}, "filtering_null": {}, "sorting": "created", "sortreverse": False,
        "search_string": search,
    }  # fmt: skip
    if search:
        query["filtering"] = {}
    packed = b64encode(json.dumps(query).encode()).decode()
    return f"{reverse('helpdesk:datatables_ticket_list', args=[packed])}?draw=1&start=0&length=50"


call_command("migrate", verbosity=0)
user = get_user_model().objects.create_superuser("bench", "bench@example.test", "bench")
rows()
client = Client()
client.force_login(user)
dice = random.Random(SEED)
measured("list: the page", lambda _n: reverse("helpdesk:list"), ROUNDS)
measured("list: its rows", lambda _n: listed(""), ROUNDS)
measured("ticket", lambda _n: reverse("helpdesk:view", args=[dice.randrange(1, TICKETS)]), ROUNDS)
measured("search, a word of many", lambda _n: listed("portal"), max(5, ROUNDS // 4))
measured("search, an address", lambda _n: listed(f"p{dice.randrange(20_000)}@example.test"), max(5, ROUNDS // 4))
measured("figures, queues by month", lambda _n: reverse("helpdesk:run_report", args=["queuemonth"]), 5)
