"""Independent clients of the public API: programs of other people, installed from the registries."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT

NPM_PACKAGE = "statuspage.io@3.3.8"  # later versions ship no JavaScript at all
CACHE = ROOT / "var" / "test-clients" / NPM_PACKAGE.replace("@", "-")


def npm_client() -> Path:
    """The directory with the npm client, installed once and kept between runs. Fails with what to do when it cannot."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.fail("The independent API client needs Node.js: apt-get install nodejs npm")
    if not (CACHE / "node_modules" / "statuspage.io" / "package.json").exists():
        fresh = CACHE.with_name(f"{CACHE.name}.{os.getpid()}")
        fresh.mkdir(parents=True)
        (fresh / "package.json").write_text('{"private": true}')
        done = subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", NPM_PACKAGE],
            cwd=fresh, capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(fresh)
            pytest.fail(f"npm could not install {NPM_PACKAGE}; is a registry within reach?\n{done.stderr}")
        try:
            fresh.rename(CACHE)
        except OSError:  # another run was quicker
            shutil.rmtree(fresh)
    return CACHE


READ_ALL = """
const { Statuspage } = require("statuspage.io");
const page = new Statuspage("x");
page.setApiUrl(process.env.PAGE);
const api = page.api;
const asked = {
  summary: api.getSummary(), status: api.getStatus(), components: api.getComponents(),
  incidents: api.incidents.getAll(), unresolved: api.incidents.getUnresolved(),
  upcoming: api.scheduledMaintenances.getUpcoming(),
};
Promise.all(Object.entries(asked).map(async ([name, answer]) => [name, await answer])).then(
  (rows) => console.log(JSON.stringify(Object.fromEntries(rows))),
  (error) => { console.error(error.message); process.exit(1); },
);
"""


def read_by_npm(url: str) -> dict[str, dict]:
    """Everything that the npm client reads of the page at `url`, by the name of its method."""
    done = subprocess.run(
        ["node", "-e", READ_ALL], cwd=npm_client(), env={**os.environ, "PAGE": url}, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(done.stderr)
    return json.loads(done.stdout)


def read_by_exporter(url: str, home: Path) -> list[str]:
    """The lines of metrics that the Prometheus exporter writes about the page at `url`."""
    services = {"us": {"url": f"{url}/api/v2/summary.json", "name": "Us"}}
    (home / "services.json").write_text(json.dumps(services))
    metrics = home / "statuspage.prom"
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    done = subprocess.run(
        [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"],
        cwd=home, capture_output=True, text=True, timeout=60,
        env={
            **environment, "RUN_MODE": "once", "SERVICES_JSON_PATH": str(home / "services.json"),
            "METRICS_TEXTFILE_PATH": str(metrics), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        },
    )  # fmt: skip
    if done.returncode or not metrics.exists():
        pytest.fail(done.stderr)
    return metrics.read_text().splitlines()
