"""The server as a process: it refuses what it must, stops when told, and finds its data again."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.product import ROOT, Product
from tests.services import wait_until


def serve(product: Product, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Try to serve; for attempts that are expected to end by themselves."""
    return subprocess.run(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT, env=product.env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_it_prints_the_addresses_and_the_demo_people(product):
    said = product.log()

    assert f"Lantern is running:  {product.url}/" in said
    assert f"{product.url}/portal/sign-in/" in said
    assert f"{product.url}/mailbox/" in said
    with_password, _, without = said.partition("Demo sign-ins, password demo-please-change:")[2].partition(
        "without a sign-in"
    )
    for name in ["olivia", "oscar", "ian", "ines", "carla", "dan", "ana", "omar", "pat"]:
        assert f"    {name} " in with_password
    for name in ["paula", "piet"]:
        assert f"    {name} " in without


def test_a_second_process_on_the_same_data_is_refused(product):
    attempt = serve(product, "--port", "0")

    assert attempt.returncode == 1
    assert f"already being served by process {product.processes['server'].pid}" in attempt.stderr
    assert "Traceback" not in attempt.stderr
    assert product.get("/readyz")[0] == 200


def test_an_old_database_is_refused_with_the_command_to_run(tmp_path):
    empty = Product()
    try:
        attempt = serve(empty, "--port", "0")
    finally:
        empty.stop()

    assert attempt.returncode == 1
    assert "Run: python manage.py migrate" in attempt.stderr
    assert "Traceback" not in attempt.stderr


def test_a_taken_port_is_said_and_fails(fresh_product):
    """And style sheets and scripts are there before it listens, also where nobody asked to prepare anything."""
    shutil.rmtree(fresh_product.data_dir / "static")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        attempt = serve(fresh_product, "--port", str(port))

    assert attempt.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in attempt.stderr
    assert list((fresh_product.data_dir / "static" / "ui" / "css").glob("base.*.css"))


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_a_second_and_a_half(fresh_product, by):
    fresh_product.start()
    process = fresh_product.processes["server"]

    begun = time.monotonic()
    process.send_signal(by)
    code = process.wait(10)

    assert code == 0
    assert time.monotonic() - begun <= 1.5
    assert fresh_product.log().endswith("Stopped.\n")
    assert "Traceback" not in fresh_product.log()


def waited_for_a_processor(pid: int) -> float:
    """Seconds the process was ready to run while the tests beside this one, with their browsers, had the processors."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def test_after_a_power_cut_it_finds_its_data_within_five_seconds(fresh_product):
    fresh_product.start()
    count = "from portal_core.accounts.models import User; print(User.objects.count())"
    before = fresh_product.shell(count)
    assert int(before) > 0

    fresh_product.kill()
    begun = time.monotonic()
    fresh_product.restart()
    taken = time.monotonic() - begun

    assert taken - waited_for_a_processor(fresh_product.processes["server"].pid) < 5
    assert fresh_product.shell(count) == before
    assert "Making the demo practice" not in fresh_product.log()


def test_bin_run_serves_stops_and_finds_its_data_again(fresh_product):
    """The script itself, twice: ready, stopped by SIGTERM with nothing left behind, and the data still there."""
    for user in ("dan", "dora"):
        fresh_product.env |= {"PORT": str(fresh_product.port), "PIP_NO_INDEX": "1"}
        with (fresh_product.home / "server.log").open("wb") as out:
            process = subprocess.Popen([ROOT / "bin" / "run"], env=fresh_product.env, stdout=out, stderr=out)
        fresh_product.processes["server"] = process
        fresh_product.wait_ready()
        people = f"User.objects.filter(username='{user}').update(username='dora')"
        assert fresh_product.shell(f"from portal_core.accounts.models import User; print({people})") == "1"
        code, _ = fresh_product.terminate()
        assert code == 0
        assert fresh_product.log().endswith("Stopped.\n")


def test_a_running_task_gets_to_its_end(own_stage, tmp_path):
    note = tmp_path / "note"
    own_stage.start()
    own_stage.get(f"/slow?file={note}")
    wait_until(note.exists, own_stage.processes["server"], Path(own_stage.home / "server.log"))

    code, _ = own_stage.terminate()

    assert (code, note.read_text()) == (0, "ended")


def test_a_request_in_progress_gets_its_answer(own_stage):
    own_stage.start()
    with socket.create_connection(("127.0.0.1", own_stage.port), timeout=5) as visitor:
        visitor.sendall(b"GET /nap?seconds=0.6 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        own_stage.get("/healthz")  # by now the first request is being served
        code, _ = own_stage.terminate()
        answer = visitor.makefile("rb").read()

    assert code == 0
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"rested")


def test_the_demo_reset_needs_consent_and_a_stopped_server(product, fresh_product):
    refused = subprocess.run(
        [sys.executable, "manage.py", "demo_reset", "--yes"],
        cwd=ROOT, env=product.env, capture_output=True, text=True,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "already being served" in refused.stderr
    unsure = subprocess.run(
        [sys.executable, "manage.py", "demo_reset"],
        cwd=ROOT, env=fresh_product.env, capture_output=True, text=True, input="n\n",
    )  # fmt: skip
    assert unsure.returncode == 1
    assert "Nothing was changed." in unsure.stderr


def test_the_demo_reset_makes_the_demo_fresh(fresh_product):
    users = "from portal_core.accounts.models import User; "
    fresh_product.shell(users + "User.objects.filter(username='dan').update(username='dora')")

    fresh_product.manage("demo_reset", "--yes")

    assert fresh_product.shell(users + "print(User.objects.filter(username='dan').exists())") == "True"
