"""The scenarios of the clients against a real server: python3 -m unittest, after the binary was built (ENCKE_BIN names another)."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from encke import Client, Refused, Reset, Revoked

BINARY = os.environ.get("ENCKE_BIN") or str(Path(__file__).resolve().parents[2] / "target/debug/encke")


class Server:
    def __init__(self):
        self.data = tempfile.mkdtemp(prefix="encke-python-")
        self.listen = "127.0.0.1:0"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", self.listen, "--data", self.data],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "NO_COLOR": "1"},
        )
        for line in self.process.stdout:
            if ready := re.match(r"Encke is ready: (http://(\S+))$", line):
                self.url, self.listen = ready[1], ready[2]
                break
        else:
            raise RuntimeError("The server did not start.")
        # Nobody reads on; a full pipe must not stop it.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def command(self, *args):
        return subprocess.run([BINARY, *args, "--data", self.data], check=True, capture_output=True, text=True).stdout.strip()

    def end(self):
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)


class Wire:
    """A way to the server that can be cut."""

    def __init__(self, server):
        self.server, self.open, self.lose_answers = server, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            host, port = self.server.listen.split(":")
            try:
                far = socket.create_connection((host, int(port)))
            except OSError:
                near.close()
                continue
            self.open += [near, far]
            lost = self.lose_answers > 0
            self.lose_answers -= lost
            threading.Thread(target=self._copy, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._copy, args=(far, near, lost), daemon=True).start()

    @staticmethod
    def _copy(source, sink, lost):
        try:
            while piece := source.recv(65536):
                if lost:
                    break
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.open = []

    def end(self):
        self.cut()
        self.listener.close()


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.token = cls.server.command("token", "create", "--bot", "python")
        cls.names = itertools.count()

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    def setUp(self):
        self.wire = Wire(self.server)
        self.addCleanup(self.wire.end)
        self.channel = f"test-{next(self.names)}"
        self.pauses = []

    def client(self, token=None, url=None):
        return Client(url or self.wire.url, token or self.token, sleep=self.pause)

    def pause(self, seconds):
        """Pauses are noted and shortened: what is proved here is that it comes back, not how long that takes."""
        self.pauses.append(seconds)
        time.sleep(min(seconds, 0.05))

    def heads(self, count, client=None, cursor=None):
        """The numbers of the next events of the channel, and the client that heard them."""
        client = client or self.client()
        feed = client.follow(cursor, channels=[self.channel])
        return [event["body"] for event in itertools.islice(feed, count)], client

    def test_snapshot_and_what_comes_after_it_leave_nothing_out(self):
        cursor = self.client().snapshot()["cursor"]
        for number in range(5):
            self.client().publish(self.channel, number)
        self.assertEqual(self.heads(5, cursor=cursor)[0], [0, 1, 2, 3, 4])

    def test_a_break_loses_nothing_and_doubles_nothing(self):
        client = self.client()
        feed = client.follow(self.client().snapshot()["cursor"], channels=[self.channel])
        heard = []
        for number in range(12):
            self.client(url=self.server.url).publish(self.channel, number)
            heard.append(next(feed)["body"])
            if number % 3 == 0:
                self.wire.cut()
        self.assertEqual(heard, list(range(12)))

    def test_a_server_that_is_killed_is_come_back_to(self):
        client = self.client()
        feed = client.follow(self.client().snapshot()["cursor"], channels=[self.channel])
        self.client().publish(self.channel, "before")
        self.assertEqual(next(feed)["body"], "before")
        self.server.kill()
        self.server.start()
        self.client().publish(self.channel, "after")
        self.assertEqual(next(feed)["body"], "after")

    def test_a_kept_cursor_goes_on_after_a_restart_of_the_client(self):
        cursor = self.client().snapshot()["cursor"]
        for number in range(4):
            self.client().publish(self.channel, number)
        first, client = self.heads(2, cursor=cursor)
        # The second one was in the midst of being handled, so it comes again.
        rest, _ = self.heads(3, cursor=client.cursor)
        self.assertEqual((first, rest), ([0, 1], [1, 2, 3]))

    def test_a_send_whose_answer_is_lost_is_one_send(self):
        cursor = self.client().snapshot()["cursor"]
        self.wire.lose_answers = 2
        sent = self.client().publish(self.channel, {"text": "once"})
        self.assertEqual(self.wire.lose_answers, 0)
        self.assertEqual(sent["seq"], 1)
        self.assertEqual(self.client().publish(self.channel, "next")["seq"], 2)
        self.assertEqual(self.heads(2, cursor=cursor)[0], [{"text": "once"}, "next"])
        self.assertEqual(len(self.pauses), 2)

    def test_the_same_key_with_another_body_is_refused_at_once(self):
        self.client().publish(self.channel, "one", key="k-1" + self.channel)
        with self.assertRaises(Refused) as refused:
            self.client().publish(self.channel, "two", key="k-1" + self.channel)
        self.assertEqual((refused.exception.status, refused.exception.code), (409, "key_reused"))
        self.assertEqual(self.pauses, [])

    def test_a_cursor_that_can_not_be_replayed_is_a_reset_and_never_a_hole(self):
        client = self.client()
        with self.assertRaises(Reset) as reset:
            next(client.follow("5f2a91c07d3e4b18.2f", channels=[self.channel]))
        self.assertEqual(reset.exception.reason, "unknown_epoch")
        self.client().publish(self.channel, "later")
        self.assertEqual(next(client.follow(channels=[self.channel]))["body"], "later")

    def test_a_token_that_is_revoked_ends_it(self):
        token = self.server.command("token", "create", "--bot", "leaver")
        client = self.client(token)
        feed = client.follow(client.snapshot()["cursor"], channels=[self.channel])
        self.client().publish(self.channel, "heard")
        next(feed)
        listed = self.server.command("token", "list")
        [number] = {line.split()[0] for line in listed.splitlines() if "leaver" in line}
        self.server.command("token", "revoke", number)
        with self.assertRaises(Revoked):
            next(feed)

    def test_texts_arrive_byte_for_byte(self):
        cursor = self.client().snapshot()["cursor"]
        text = "你好 👋\u2028 \"quoted\" \\ \u0000 </script>"
        self.client().publish(self.channel, {"text": text})
        self.assertEqual(self.heads(1, cursor=cursor)[0], [{"text": text}])

    def test_what_is_not_encke_is_told_apart_and_a_redirect_is_not_followed(self):
        def answer(head):
            listener = socket.create_server(("127.0.0.1", 0))
            self.addCleanup(listener.close)

            def serve():
                near, _ = listener.accept()
                near.recv(65536)
                near.sendall(head)
                near.close()

            threading.Thread(target=serve, daemon=True).start()
            return self.client(url=f"http://127.0.0.1:{listener.getsockname()[1]}")

        page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n<html"
        with self.assertRaises(Refused) as refused:
            answer(page).me()
        self.assertEqual((refused.exception.code, refused.exception.retry), ("not_encke", True))
        away = f"HTTP/1.1 302 Found\r\nLocation: {self.server.url}/v1/me\r\nContent-Length: 0\r\n\r\n".encode()
        with self.assertRaises(Refused) as refused:
            answer(away).me()
        self.assertEqual((refused.exception.status, refused.exception.code), (302, "not_encke"))

    def test_a_gap_is_seen_and_asked_for_again(self):
        event = {"type": "event", "stream": "channel:x", "at": 1, "kind": "data", "body": {}}
        client = self.client()
        asked = []

        def items(_channels):
            asked.append(client.cursor)
            numbers = [1, 3] if len(asked) == 1 else [1, 2, 3]
            for seq in numbers:
                yield json.loads(json.dumps({**event, "seq": seq, "cursor": f"e.{seq}"}))

        client._items = items
        heard = [item["seq"] for item in itertools.islice(client.follow("e.0"), 3)]
        self.assertEqual((heard, asked), ([1, 2, 3], ["e.0", "e.1"]))


if __name__ == "__main__":
    unittest.main()
