"""Where a copy of the page can go: a directory, or a bucket that speaks S3."""

import contextlib
import gzip
import os
import secrets
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

SECONDS = 10  # to connect, and between two bytes


class TargetUnusable(Exception):
    """The target is named wrongly, is away, or refuses us. The text is for operators."""


class Target(Protocol):
    """Each call is atomic for its file: a reader sees the old one or the new one."""

    def read(self, path: str) -> bytes | None:
        """None: there is no such file."""

    def write(self, path: str, body: bytes, content_type: str, cache_control: str) -> None: ...

    def delete(self, path: str) -> None: ...


def open_target(address: str) -> Target:
    """A directory, or `s3://bucket/prefix`. Raises TargetUnusable."""
    if not address.startswith("s3://"):
        return Directory(Path(address))
    parts = urlsplit(address)
    if not parts.netloc:
        raise TargetUnusable("s3:// needs a bucket: s3://bucket/prefix")
    return Bucket(parts.netloc, parts.path.strip("/"))


class Directory:
    """Files, each with a .gz beside it where that is smaller, so that any web server can send either."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TargetUnusable(f"{self.root}: {error.strerror}") from error

    def write(self, path: str, body: bytes, content_type: str, cache_control: str) -> None:
        packed = gzip.compress(body, 6, mtime=0)
        try:
            # The packed one first: whoever takes it beside the old plain one reads the newer words.
            if len(packed) < len(body):
                self._put(self.root / f"{path}.gz", packed)
            else:
                (self.root / f"{path}.gz").unlink(missing_ok=True)
            self._put(self.root / path, body)
        except OSError as error:
            raise TargetUnusable(f"{self.root}: {error.strerror}") from error

    def delete(self, path: str) -> None:
        for name in (path, f"{path}.gz"):
            (self.root / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: others live there
            (self.root / path).parent.rmdir()

    def _put(self, target: Path, body: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.parent / f".{secrets.token_hex(8)}.tmp"
        with fresh.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)


class Bucket:
    """Credentials, region and address come from the usual AWS_… variables (AWS_ENDPOINT_URL_S3: another provider)."""

    def __init__(self, bucket: str, prefix: str) -> None:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise TargetUnusable("s3:// needs the package boto3: pip install 'lantern[s3]'") from error
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        self._errors: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
        limits = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 3, "mode": "standard"})
        try:
            self._client: Any = boto3.client("s3", config=limits)
        except self._errors as error:
            raise TargetUnusable(f"s3: {type(error).__name__}") from error

    def read(self, path: str) -> bytes | None:
        try:
            found: bytes = self._client.get_object(Bucket=self.bucket, Key=self.prefix + path)["Body"].read()
        except self._errors as error:
            if self._code(error) == "NoSuchKey":
                return None
            raise TargetUnusable(f"s3://{self.bucket}: {self._code(error)}") from error
        return found

    def write(self, path: str, body: bytes, content_type: str, cache_control: str) -> None:
        try:
            self._client.put_object(
                Bucket=self.bucket, Key=self.prefix + path, Body=body, ContentType=content_type,
                CacheControl=cache_control,
            )  # fmt: skip
        except self._errors as error:
            raise TargetUnusable(f"s3://{self.bucket}: {self._code(error)}") from error

    def delete(self, path: str) -> None:
        try:
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + path)
        except self._errors as error:
            raise TargetUnusable(f"s3://{self.bucket}: {self._code(error)}") from error

    def _code(self, error: Exception) -> str:
        answer: dict[str, Any] = getattr(error, "response", {})
        return str(answer.get("Error", {}).get("Code") or type(error).__name__)
