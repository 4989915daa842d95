"""The cache of the scaled mode. Nothing in it is the only copy of a fact, so a Redis that is away costs what it holds
(who is looking at what, counts of tries) and never a page."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds for connecting and for each answer: four threads answer all requests
PAUSE = 2.0  # seconds nobody asks after a failure; a server that swallows packets would cost a second for each question


class ForgivingClient:
    """Django's client; while Redis is away an empty cache: nothing is found, nothing is kept, every count is the
    first."""

    _asked_again_at = 0.0  # time.monotonic(); of all threads of the process

    def __init__(self, servers: list[str], **options: Any) -> None:
        self._client: Any = RedisCacheClient(servers, **options)

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        return self._ask(lambda: self._client.add(key, value, timeout), True)

    def get(self, key: str, default: Any) -> Any:
        return self._ask(lambda: self._client.get(key, default), default)

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        self._ask(lambda: self._client.set(key, value, timeout), None)

    def touch(self, key: str, timeout: int | None) -> bool:
        return self._ask(lambda: self._client.touch(key, timeout), False)

    def delete(self, key: str) -> bool:
        return self._ask(lambda: self._client.delete(key), False)

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        return self._ask(lambda: self._client.get_many(keys), {})

    def has_key(self, key: str) -> bool:
        return self._ask(lambda: self._client.has_key(key), False)

    def incr(self, key: str, delta: int) -> int:
        """Raises ValueError where Redis answers and has no such key."""
        return self._ask(lambda: self._client.incr(key, delta), delta)

    def set_many(self, data: Mapping[str, Any], timeout: int | None) -> None:
        self._ask(lambda: self._client.set_many(data, timeout), None)

    def delete_many(self, keys: Iterable[str]) -> None:
        self._ask(lambda: self._client.delete_many(keys), None)

    def clear(self) -> bool:
        return self._ask(self._client.clear, False)

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        if time.monotonic() < ForgivingClient._asked_again_at:
            return otherwise
        try:
            return question()
        except RedisError as error:
            ForgivingClient._asked_again_at = time.monotonic() + PAUSE
            logger.warning("cache: Redis is away (%s); pages go on without it", type(error).__name__)
            return otherwise


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        # No further tries of the driver's own: the next question is one.
        waits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
        super().__init__(server, {**params, "OPTIONS": {**waits, **params.get("OPTIONS", {})}})
        self._class: Any = ForgivingClient
