"""Static files with the hash of their content in the name, compressed beforehand, served for ever."""

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """`collectstatic` writes the manifest; where none was written (tests, a fresh checkout) plain names are used.

    A file missing from an existing manifest is still an error: it would be a 404 in production.
    """

    support_js_module_import_aggregation = True

    def url(self, name: str | None, force: bool = False) -> str:
        if not self.hashed_files and not force:
            return str(StaticFilesStorage.url(self, name))
        return str(super().url(name, force))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        # We load none of htmx's extensions, and comments in them name TypeScript types as if they were modules.
        wanted = {name: source for name, source in paths.items() if not name.startswith("django_htmx/ext/")}
        yield from super().post_process(wanted, dry_run, **options)
