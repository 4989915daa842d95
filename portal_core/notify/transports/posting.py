"""What webhooks, chat posts and browser notifications share: many at once, few per host, and nobody waits for long.

An endpoint that hangs costs one of AT_ONCE threads for ten seconds. After that its host is left alone for a while, and
what else is for it goes back untried; hosts that hung lately come last and never take more than half of the threads.
"""

import json
import logging
import threading
import time
from abc import abstractmethod
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from portal_core.kernel import clock
from portal_core.kernel.http.outbound import Answer, NotSent, OutboundClient, target
from portal_core.notify.rules.excerpt import READ
from portal_core.notify.transports.base import Outcome, Parcel, Transport, TransportError, Tried

logger = logging.getLogger(__name__)

AT_ONCE = 16
SLOW_AT_ONCE = AT_ONCE // 2
TURN = 25.0  # seconds: what has not begun by then goes back untried; the last post's ten are well within a lease
LEFT_ALONE = 30.0  # seconds a host that did not answer is not asked again
REMEMBERED = 600.0  # seconds it comes last
TRY_AGAIN = frozenset({408, 409, 425, 429})  # of the 4xx, those that say nothing about the address
UNSUBSCRIBE = "{unsubscribe}"


@dataclass(frozen=True, slots=True)
class Post:
    """One request, ready but for its signature, which is made when it leaves."""

    parcel: Parcel
    host: str
    url: str
    body: bytes
    headers: Callable[[], dict[str, str]]


class PostingTransport(Transport):
    """Posts parcels; subclasses say what and where, and what an answer means."""

    channel = ""
    per_host = 1

    def __init__(self, client: OutboundClient | None = None) -> None:
        self.client = client or OutboundClient()
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"notify-{self.channel}")

    @abstractmethod
    def post_for(self, parcel: Parcel) -> Post:
        """What to send. Raises TransportError for a parcel that cannot be sent. Called in the worker's own thread."""

    def refusal(self, answer: Answer) -> TransportError | None:
        """None if the answer means that it arrived."""
        if 200 <= answer.status < 300:
            return None
        permanent = 300 <= answer.status < 500 and answer.status not in TRY_AGAIN
        return TransportError(f"http_{answer.status}", permanent=permanent, retry_after=answer.retry_after)

    def send(self, batch: Iterable[Parcel]) -> Iterator[Outcome]:
        """All parcels are asked for first; outcomes come as they fall. Ends within TURN and the time of one post."""
        lanes: OrderedDict[str, deque[Post]] = OrderedDict()
        for parcel in batch:
            try:
                post = self.post_for(parcel)
            except TransportError as error:
                yield Outcome(parcel, error=error)
            else:
                lanes.setdefault(post.host, deque()).append(post)
        until = time.monotonic() + TURN
        running: dict[Future[Outcome], str] = {}
        while lanes or running:
            if time.monotonic() > until:
                yield from _untried(lanes, list(lanes), "no_time")
            yield from _untried(lanes, [host for host in lanes if _hung.left_alone(host)], "host_hangs")
            self._start(lanes, running)
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    yield future.result()

    def close(self) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.client.close()

    # --- one post -----------------------------------------------------------------------------
    def _start(self, lanes: OrderedDict[str, deque[Post]], running: dict[Future[Outcome], str]) -> None:
        """Give free threads to hosts that have room, those that hung lately last."""
        at_work: defaultdict[str, int] = defaultdict(int)
        for host in running.values():
            at_work[host] += 1
        slow = sum(_hung.lately(host) for host in running.values())
        for host in sorted(lanes, key=_hung.lately):
            lately = _hung.lately(host)
            # One look first: while the first post to a host that hung is under way, the rest wait for what it says.
            room = 1 if lately else self.per_host
            while lanes[host] and at_work[host] < room and len(running) < AT_ONCE:
                if lately and slow >= SLOW_AT_ONCE:
                    break
                running[self.pool.submit(self._post, lanes[host].popleft())] = host
                at_work[host] += 1
                slow += lately
            if not lanes[host]:
                del lanes[host]

    def _post(self, post: Post) -> Outcome:
        at, began, answer = clock.now(), time.monotonic(), None
        try:
            answer = self.client.post(post.url, post.body, post.headers())
            error = self.refusal(answer)
        except TransportError as refused:
            error = refused
        except NotSent as failed:
            if failed.code in ("timeout", "name_not_found"):
                _hung.note(post.host)
            error = TransportError(failed.code, permanent=failed.permanent)
        except Exception as defect:  # one parcel's defect must not end the others' turn
            logger.exception("notify: a post failed")
            error = TransportError(type(defect).__name__, permanent=False)
        else:
            _hung.forget(post.host)
        took = round((time.monotonic() - began) * 1000)
        tried = Tried(at, took, answer.status, answer.body[:READ]) if answer is not None else Tried(at, took)
        return Outcome(post.parcel, error=error, tried=tried)


def host_of(url: str) -> str:
    """The host of a checked address. Raises TransportError (permanent)."""
    try:
        return target(url).host
    except NotSent as refused:
        raise TransportError(refused.code, permanent=True) from None


def body_of(parcel: Parcel, channel: str) -> bytes:
    """The payload with the recipient's own link in it. Raises TransportError where there is nothing to send."""
    payload = payload_of(parcel, channel)
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    link = json.dumps(parcel.unsubscribe_url, ensure_ascii=False)[1:-1]
    return text.replace(UNSUBSCRIBE, link).encode()


def payload_of(parcel: Parcel, channel: str) -> dict[str, Any]:
    payload = parcel.letter.payloads.get(channel)
    if not payload:
        raise TransportError("no_payload", permanent=True)
    return dict(payload)


def _untried(lanes: OrderedDict[str, deque[Post]], hosts: Iterable[str], code: str) -> Iterator[Outcome]:
    for host in hosts:
        for post in lanes.pop(host):
            yield Outcome(post.parcel, error=TransportError(code, permanent=False, untried=True))


class _Hung:
    """Which hosts did not answer lately. Per process, forgotten with it; only ever a matter of who comes first."""

    def __init__(self) -> None:
        self.at: OrderedDict[str, float] = OrderedDict()
        self.lock = threading.Lock()

    def note(self, host: str) -> None:
        with self.lock:
            self.at.pop(host, None)
            self.at[host] = time.monotonic()
            if len(self.at) > 10_000:
                self.at.popitem(last=False)

    def forget(self, host: str) -> None:
        with self.lock:
            self.at.pop(host, None)

    def lately(self, host: str) -> bool:
        return self._since(host) < REMEMBERED

    def left_alone(self, host: str) -> bool:
        return self._since(host) < LEFT_ALONE

    def _since(self, host: str) -> float:
        with self.lock:
            at = self.at.get(host)
        return float("inf") if at is None else time.monotonic() - at


_hung = _Hung()
