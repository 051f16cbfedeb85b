"""The Python client of Encke, with the standard library alone.

    from encke import Client

    client = Client("https://chat.example.com", token)
    client.send("c12", "Hello")                        # once, however often it has to be tried
    for event in client.follow(cursor=kept):           # each event once, in order, for ever
        handle(event)
        keep(client.cursor)                            # where to go on after a restart

Nothing is lost and nothing comes twice while a cursor is kept. Where that can't be held, `follow` raises `Reset` rather than
leave something out in silence. It never follows a redirect, which could lead the token elsewhere.
"""

import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import OrderedDict

__all__ = ["Client", "Refused", "Reset", "Revoked"]

#: Seconds that the server may take for an answer.
ANSWER_S_MAX = 20
#: Seconds of silence after which a feed counts as broken. The server says something every 25.
SILENCE_S_MAX = 55
#: The longest pause between two tries, in seconds. The first is at most half a second, and each may be twice as long.
PAUSE_S_MAX = 30
#: Bytes of one item of the feed.
ITEM_BYTES_MAX = 4 * 1024 * 1024
#: Streams of which the newest number is remembered.
STREAMS_MAX = 10_000
#: Seconds during which a send is tried. The server remembers a key for 24 hours.
SEND_S_MAX = 23 * 3600


class Refused(Exception):
    """The server has refused something. `code` is stable, `retry` says whether the same may succeed later."""

    def __init__(self, status, code, message, retry=False, retry_after_s=None):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.retry, self.retry_after_s = retry, retry_after_s


class Revoked(Refused):
    """The token is no longer good."""


class Reset(Exception):
    """What came after the cursor can't be had any more. `client.cursor` is where it can go on; what lies between is unknown."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Client:
    """One token at one server. Not for several threads at once: each has a client of its own."""

    def __init__(self, url, token, *, sleep=time.sleep, clock=time.monotonic, chance=random.random):
        self.url = url.rstrip("/")
        self.token = token
        #: Everything up to here has been handed out by `follow`.
        self.cursor = None
        self._sleep, self._clock, self._chance = sleep, clock, chance
        self._open = urllib.request.build_opener(_NoRedirects).open
        self._seen = OrderedDict()

    def call(self, method, path, body=None, *, key=None):
        """One call of the API, tried once: the answer as Python has it. Raises `Refused`; `OSError` where nothing answered."""
        with self._request(method, path, body, key, ANSWER_S_MAX) as answer:
            text = answer.read()
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise Refused(answer.status, "not_encke", "The answer is not JSON.", retry=True) from None

    def me(self):
        return self.call("GET", "/v1/me")

    def snapshot(self):
        """Everything as it is now, with the cursor from which `follow` tells what comes after it."""
        return self.call("GET", "/v1/snapshot")

    def history(self, conversation, *, before=None, after=None, limit=50):
        query = {name: value for name, value in (("before", before), ("after", after), ("limit", limit)) if value is not None}
        return self.call("GET", f"/v1/conversations/{_part(conversation)}/events?{urllib.parse.urlencode(query)}")

    def send(self, conversation, text, *, key=None, reply_to=None, files=()):
        """Sends a message, and tries again with the same key until the server has answered: it is one message."""
        body = {"text": text}
        if reply_to is not None:
            body["reply_to"] = reply_to
        if files:
            body["files"] = list(files)
        return self._surely("POST", f"/v1/conversations/{_part(conversation)}/messages", body, key)

    def publish(self, channel, data, *, key=None):
        """Appends to a channel, once, as `send` does."""
        return self._surely("POST", f"/v1/channels/{_part(channel)}/events", data, key)

    def read(self, conversation, seq):
        """Says that everything up to `seq` is read."""
        self.call("POST", f"/v1/conversations/{_part(conversation)}/receipts", {"read": seq})

    def follow(self, cursor=None, *, channels=()):
        """Hands out each event after the cursor (from now without one), once and in order, and comes back by itself.

        `client.cursor` moves on when the next event is asked for, so what broke off in the midst of one comes again. Raises
        `Reset`, `Revoked`, and `Refused` for what no repetition mends.
        """
        self.cursor = cursor if cursor is not None else self.cursor
        self._seen.clear()
        failures = 0
        while True:
            # A connection without a cursor begins where the server says, so that the next one misses nothing.
            try:
                for item in self._items(channels):
                    if item["type"] == "event":
                        verdict = self._verdict(item)
                        if verdict == "gap":
                            break
                        if verdict == "next":
                            yield item
                            self._took(item)
                        self.cursor = item["cursor"]
                    elif item["type"] == "ready":
                        self.cursor = item["cursor"]
                        failures = 0
                    elif item["type"] == "reset":
                        self.cursor = item["cursor"]
                        raise Reset(item["reason"])
                    elif item["type"] == "bye":
                        if item["reason"] == "revoked":
                            raise Revoked(401, "not_signed_in", "The token is no longer good.")
                        if not item["retry"]:
                            raise Refused(200, item["reason"], "The server ended the feed.")
                        self._sleep(item.get("after_ms", 500) / 1000)
                        break
                failures += 1
                wait = None
            except Refused as refused:
                if not refused.retry:
                    raise
                failures += 1
                wait = refused.retry_after_s
            except (OSError, ValueError, KeyError):
                failures += 1
                wait = None
            self._sleep(wait if wait is not None else self._pause(failures))

    def _items(self, channels):
        query = {"live": "ndjson"}
        if self.cursor is not None:
            query["cursor"] = self.cursor
        if channels:
            query["channels"] = ",".join(channels)
        path = f"/v1/feed?{urllib.parse.urlencode(query)}"
        with self._request("GET", path, None, None, SILENCE_S_MAX) as answer:
            while line := answer.readline(ITEM_BYTES_MAX + 1):
                if not line.endswith(b"\n"):
                    # Cut off, or larger than anything that the server sends.
                    raise ValueError("half an item")
                if line.strip():
                    yield json.loads(line)

    def _verdict(self, event):
        before = self._seen.get(event["stream"])
        if before is None or event["seq"] == before + 1:
            return "next"
        return "again" if event["seq"] <= before else "gap"

    def _took(self, event):
        self._seen[event["stream"]] = event["seq"]
        self._seen.move_to_end(event["stream"])
        if len(self._seen) > STREAMS_MAX:
            self._seen.popitem(last=False)

    def _surely(self, method, path, body, key):
        key = key or str(uuid.uuid4())
        end = self._clock() + SEND_S_MAX
        failures = 0
        while True:
            try:
                return self.call(method, path, body, key=key)
            except Refused as refused:
                if not refused.retry or self._clock() > end:
                    raise
                wait = refused.retry_after_s
            except OSError:
                if self._clock() > end:
                    raise
                wait = None
            failures += 1
            self._sleep(wait if wait is not None else self._pause(failures))

    def _pause(self, failures):
        """Spread, so that a thousand clients don't come back at one moment."""
        return min(PAUSE_S_MAX, 0.5 * 2 ** min(failures - 1, 10)) * (0.5 + self._chance() / 2)

    def _request(self, method, path, body, key, timeout):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json, application/x-ndjson"}
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            return self._open(request, timeout=timeout)
        except urllib.error.HTTPError as answer:
            with answer:
                raise _refusal(answer) from None


def _refusal(answer):
    try:
        why = json.loads(answer.read())["error"]
        after = why.get("retry_after_ms")
        kind = Revoked if answer.code == 401 else Refused
        return kind(answer.code, why["code"], why["message"], why["retry"], None if after is None else after / 1000)
    except (ValueError, KeyError, TypeError, OSError):
        # A proxy's own page: what it refuses now, it may let through later.
        return Refused(answer.code, "not_encke", f"Something on the way answered {answer.code}.", retry=True)


def _part(text):
    return urllib.parse.quote(text, safe="")
