"""Static files with the hash of their content in the name, compressed beforehand, served for ever."""

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
