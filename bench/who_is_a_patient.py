"""Whether the time an answer takes tells who is a patient: sign-in help, registration, and both when slowed down.

    .venv/bin/python -m bench.who_is_a_patient [--tries 200] 2>/dev/null

The embedded product over HTTP, its worker in the same process, as people run it. Every try comes from an address of its
own (the server believes this bench as its proxy) and is of a kind drawn by lot, so that whatever else the machine does
meets all kinds alike. Reported for each kind: median and 95th percentile in milliseconds, and against the first kind of
the table (what is sent by somebody nobody knows):

- `slower`: how often a try of this kind takes longer than one of the first kind; 0.50 is a coin;
- D and p of the two-sample Kolmogorov-Smirnov test: p over 0.05 means that so many tries do not tell them apart;
- the same for the try that comes right after one of this kind: what follows an answer (a mail) runs meanwhile.

The row "by lot" splits the first kind in two halves at random: what the method finds where there is nothing to find.
"""

import argparse
import bisect
import http.client
import math
import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlencode

from bench.served import product

MAKE = """
import datetime as dt
from portal_core.access.models import PortalAccess
from portal_core.directory.models import Office, Patient, Practice
n = {tries}
practice = Practice.objects.create(name="Bench", slug="bench", self_registration=True)
office = Office.objects.create(practice=practice, name="Main", is_main=True, phone="+12175550101")
born = dt.date(1950, 1, 1)
rows = []
for kind in ("hit", "miss", "twin", "off", "known", "alike", "slow"):
    for number in range(n):
        who = number // 4 if kind == "twin" else number
        for copy in range(2 if kind == "twin" and number % 4 == 0 else 1 if kind != "twin" else 0):
            rows.append(Patient(
                practice=practice, home_office=office, mrn=f"{{kind}}-{{number}}-{{copy}}", first_name="A",
                last_name=f"{{kind}}{{who}}", birth_date=born + dt.timedelta(days=who), zip="62701",
                email=f"{{kind}}{{who}}@patients.example",
            ))
Patient.objects.bulk_create(rows)
PortalAccess.objects.bulk_create(
    PortalAccess(patient=row, level="can_access", enabled_at=dt.datetime.now(dt.UTC), enabled_by="Bench")
    for row in Patient.objects.exclude(mrn__startswith="off")
)
print(office.public_id)
"""
DOORS = ("/portal/activate/", "/portal/forgot-password/", "/portal/forgot-username/")
FIRST = "nobody"


class Visitor:
    """One keep-alive connection that says it is somebody else every time."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.number = 0
        self.connection.request("GET", DOORS[0])
        answer = self.connection.getresponse()
        (self.token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def send(self, path: str, fields: dict[str, str]) -> tuple[int, float]:
        """(status, milliseconds until the whole answer was here)"""
        self.number += 1
        body = urlencode({**fields, "csrfmiddlewaretoken": self.token})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie,
            "X-Forwarded-For": f"198.18.{self.number // 250 % 250}.{self.number % 250}",
        }  # fmt: skip
        begun = time.perf_counter()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, (time.perf_counter() - begun) * 1000


Try = tuple[str, dict[str, str]]


def four(who: str, number: int, **changes: str) -> dict[str, str]:
    days = time.gmtime(86400 * number - 20 * 365.25 * 86400 + 86400 / 2)  # 1950-01-01 and on
    fields = {
        "email": f"{who}{number}@patients.example", "last_name": f"{who}{number}", "zip_code": "62701",
        "birth_date": time.strftime("%Y-%m-%d", days),
    }  # fmt: skip
    return {**fields, **changes}


def helped(kind: str, number: int) -> Try:
    """One try at the four fields. Nobody gets more than five: the sixth would be slowed down."""
    fields = {
        "nobody": lambda: four("nobody", number, birth_date="1930-01-01", zip_code="00000"),
        "all four match": lambda: four("hit", number),
        "one differs": lambda: four("miss", number, zip_code="99999"),
        "twins": lambda: four("twin", number // 4),
        "access is off": lambda: four("off", number),
    }[kind]()
    return DOORS[number % 3], fields


def registering(kind: str, number: int, office: str) -> Try:
    fields = {
        "nobody": lambda: four("nobody", number, birth_date="1930-01-01"),
        "on file, all agrees": lambda: four("known", number),
        "looks like somebody": lambda: four("alike", number, email=f"other{number}@patients.example"),
    }[kind]()
    return "/portal/register/", {**fields, "office": office, "first_name": "A", "phone": "", "website": ""}


def slowed(kind: str, number: int) -> Try:
    """The sixth and later tries with one address."""
    who = "slow" if kind == "a patient's address" else "stranger"
    return DOORS[number % 3], four(who, number % 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tries", type=int, default=200, help="of every kind")
    tries = parser.parse_args().tries
    with product(MAKE.format(tries=tries), options=("--behind-proxy",)) as (port, words):
        office, visitor = words.splitlines()[-1], Visitor(port)
        for number in range(30):  # warm
            visitor.send(*helped("nobody", 100_000 + number))
        kinds = ["nobody", "all four match", "one differs", "twins", "access is off"]
        report("Sign-in help", run(visitor, kinds, tries, helped, 302))
        kinds = ["nobody", "on file, all agrees", "looks like somebody"]
        report("Registration", run(visitor, kinds, tries, lambda kind, n: registering(kind, n, office), 302))
        kinds = ["nobody", "a patient's address"]
        for number in range(4):
            for kind in kinds:
                for _ in range(5):
                    visitor.send(*slowed(kind, number))
        report("Sign-in help, slowed down", run(visitor, kinds, tries, slowed, 429))


def run(
    visitor: Visitor, kinds: list[str], tries: int, make: Callable[[str, int], Try], status: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Kind → (its times, the times of whatever came right after it)."""
    lots = [(kind, number) for kind in kinds for number in range(tries)]
    random.Random(5).shuffle(lots)
    found: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    before = ""
    for kind, number in lots:
        answered, took = visitor.send(*make(kind, number))
        if answered != status:
            raise RuntimeError(f"{kind}: {answered} instead of {status}")
        found[kind][0].append(took)
        if before:
            found[before][1].append(took)
        before = kind
    return {kind: found[kind] for kind in kinds}


def report(title: str, found: dict[str, tuple[list[float], list[float]]]) -> None:
    print(f"\n{title}")
    print(f"{'':24} {'tries':>6} {'median':>8} {'p95':>8} {'slower':>7} {'D':>6} {'p':>6}   right after: D, p")
    base = found[FIRST]
    for kind, (own, after) in found.items():
        line = f"{kind:24} {len(own):>6} {statistics.median(own):>8.1f} {statistics.quantiles(own, n=20)[18]:>8.1f}"
        if kind != FIRST:
            line += f" {compared(base[0], own)}   {compared(base[1], after)[8:]}"
        print(line)
    mixed = random.Random(6).sample(base[0], len(base[0]))
    half = len(mixed) // 2
    print(f"{'nobody, by lot':24} {'':>6} {'':>8} {'':>8} {compared(mixed[:half], mixed[half:])}")


def compared(one: list[float], other: list[float]) -> str:
    left, right = sorted(one), sorted(other)
    slower = sum(bisect.bisect_left(left, value) + bisect.bisect_right(left, value) for value in right)
    distance = max(
        abs(bisect.bisect_right(left, value) / len(left) - bisect.bisect_right(right, value) / len(right))
        for value in (*left, *right)
    )
    size = math.sqrt(len(left) * len(right) / (len(left) + len(right)))
    by_chance = chance((size + 0.12 + 0.11 / size) * distance)
    return f"{slower / (2 * len(left) * len(right)):>7.2f} {distance:>6.3f} {by_chance:>6.3f}"


def chance(stretched: float) -> float:
    """Kolmogorov's distribution: how often equal things look at least this different (Stephens' correction above)."""
    if stretched < 0.2:
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * stretched) ** 2) for k in range(1, 101))
    return min(max(sum(terms), 0.0), 1.0)


if __name__ == "__main__":
    main()
