"""Static files: hashed where they were collected, plain where they were not, and nothing named that does not exist."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from portal_core.ui.storage import HashedStaticFilesStorage


def test_without_a_manifest_names_are_plain(tmp_path):
    storage = HashedStaticFilesStorage(location=tmp_path, base_url="/static/")
    assert storage.url("ui/main.js") == "/static/ui/main.js"


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The product's own static files, collected as `bin/run` collects them."""
    root = tmp_path_factory.mktemp("static")
    backend = {"BACKEND": "portal_core.ui.storage.HashedStaticFilesStorage"}
    with override_settings(STATIC_ROOT=str(root), STORAGES={"staticfiles": backend, "default": backend}):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield HashedStaticFilesStorage(location=root, base_url="/static/"), root


def test_collected_names_carry_the_hash_of_their_content(collected):
    storage, root = collected
    address = storage.url("ui/css/tokens.css")
    assert re.fullmatch(r"/static/ui/css/tokens\.[0-9a-f]{12}\.css", address)
    assert (root / address.removeprefix("/static/")).exists()
    assert (root / (address.removeprefix("/static/") + ".gz")).exists()


def test_modules_import_each_other_by_hashed_name(collected):
    """Otherwise a new main.js would run beside an old live.js from the cache."""
    storage, root = collected
    main = (root / storage.url("ui/main.js").removeprefix("/static/")).read_text()
    imports = re.findall(r'import\s*"\./([\w-]+)\.([0-9a-f]{12})\.js"', main)
    assert [name for name, _digest in imports] == re.findall(
        r'import "\./([\w-]+)\.js"', (root / "ui/main.js").read_text()
    )


def test_a_name_that_was_not_collected_is_an_error(collected):
    storage, _root = collected
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        storage.url("ui/nothing.css")


def test_every_icon_file_of_the_layout_exists():
    for name in ("ui/icons/lantern.svg", "ui/icons/apple-touch-icon.png", "ui/site.webmanifest", "ui/icons/sprite.svg"):
        assert finders.find(name), name
