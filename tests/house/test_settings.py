import re
import subprocess
import sys

from tests.house.requirements_table import ROOT

ENVIRONMENT = re.compile(r"env\.(?:str|bool|int|list|float)\(\s*\"([A-Z_]+)\"")


def test_every_environment_variable_is_documented():
    read = set(ENVIRONMENT.findall((ROOT / "ops" / "settings.py").read_text()))
    page = (ROOT / "docs" / "operations" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE))

    assert read - documented == set()
    assert documented - read - {"HOST", "PORT"} == set()


def test_every_command_is_documented():
    ours = {path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py")}
    ours |= {path.stem for path in ROOT.glob("portal_core/*/management/commands/[a-z]*.py")}
    page = (ROOT / "docs" / "operations" / "first-start.md").read_text().partition("## Commands")[2]

    assert len(ours) > 12
    assert set(re.findall(r"`([a-z_]+)`", page.replace("`manage.py …`", ""))) & ours == ours
    pages = set(re.findall(r"\]\(([a-z-]+\.md)\)", (ROOT / "docs" / "operations" / "first-start.md").read_text()))
    assert not [page for page in pages if not (ROOT / "docs" / "operations" / page).exists()]


def test_the_lock_files_pin_by_hash_and_carry_no_address():
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==", text, flags=re.MULTILINE)

        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index-url" not in text
        assert "--find-links" not in text


def test_database_and_key_are_their_owners_alone(tmp_path):
    """Patients stand in the embedded database; other accounts of the machine have no business in it."""
    write = (
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('migrate', 'contenttypes', verbosity=0)"
    )
    env = {"DJANGO_SETTINGS_MODULE": "ops.settings", "DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", write], cwd=ROOT, env=env, check=True)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir() if path.is_file()}

    assert {"lantern.sqlite3", "secret.key"} <= set(modes)
    assert set(modes.values()) == {0o600}
