"""Garbage, floods and strangers on the socket: each gets its answer, and the daemon goes on serving everybody else."""

import json
import os
import select
import socket
import subprocess
import sys
import time
import unittest

import alder

# What a stranger tries, as a program of its own because it becomes another user.
STRANGER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.settimeout(20)
s.connect(sys.argv[1])
try:
    s.sendall(b"GET /v1/services HTTP/1.1\\r\\nHost: alder\\r\\n\\r\\n")
except BrokenPipeError:
    pass  # the answer was there before the question
said = b""
try:
    while more := s.recv(65536):
        said += more
except ConnectionResetError:
    pass  # closed without a look at the question
sys.stdout.buffer.write(said)
"""


class HostileRequests(alder.Scenario):
    def setUp(self):
        super().setUp()
        self.home.up("name: t\nchildren:\n  - { service: calm, command: sleep 1000 }\n")
        self.pid = self.home.pids()["calm"]

    def assert_serves(self):
        self.assertEqual(self.home.pids(), {"calm": self.pid})

    def connect(self):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(alder.PATIENCE)
        one.connect(str(self.home.socket))
        self.addCleanup(one.close)
        return one

    @staticmethod
    def answer_of(one):
        """All that is said until the daemon closes the connection, or an answer is complete."""
        said = b""
        while True:
            try:
                more = one.recv(65536)
            except ConnectionResetError:
                return said
            if not more:
                return said
            said += more
            head, _, body = said.partition(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length" and len(body) >= int(value):
                    return said

    def ask(self, data):
        """(status, problem) for raw bytes; (None, None) when the connection was closed without a word."""
        one = self.connect()
        try:
            one.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before all was sent; the answer is there all the same
        head, _, body = self.answer_of(one).partition(b"\r\n\r\n")
        if not head:
            return None, None
        return int(head.split()[1]), json.loads(body)

    def test_garbage_is_a_bad_request(self):
        for data in (b"\x00\x01\x02\xff" * 100 + b"\r\n\r\n", b"hello\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"GET /v1/services HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"GET /v1/services HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                     b"POST /v1/services HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"):
            status, problem = self.ask(data)
            self.assertIn(status, (400, 413), data)
            self.assertIn(problem["code"], ("bad_request", "too_large", "head_too_large"), data)
            self.assertEqual(problem["status"], status)
            self.assertTrue(problem["detail"])
        self.assert_serves()

    def test_wrong_routes_methods_and_values(self):
        for method, target, status, code in (
                ("GET", "/v2/services", 404, "no_such_route"), ("GET", "/", 404, "no_such_route"),
                ("GET", "/v1/services/nobody", 404, "no_such_node"),
                ("DELETE", "/v1/trees/nobody", 404, "no_such_tree"),
                ("DELETE", "/v1/services", 405, "method_not_allowed"), ("PATCH", "/v1/tree", 405, "method_not_allowed"),
                ("GET", "/v1/logs?tail=many", 400, "bad_request"), ("GET", "/v1/logs?tail=-1", 400, "bad_request"),
                ("GET", "/v1/logs?stream=both", 400, "bad_request"),
                ("POST", "/v1/services/calm/stop?wait=soon", 400, "bad_request")):
            got, problem = self.home.request(method, target)
            self.assertEqual((got, problem["code"]), (status, code), f"{method} {target}")
        self.assert_serves()

    def test_bodies_that_are_no_request(self):
        deep = "[" * 50000 + "]" * 50000
        for body in ("", "{", "[]", "null", '"text"', "\xff\xfe", deep, '{"a":' * 20000 + "1" + "}" * 20000,
                     '{"name": 5, "command": ["x"]}', '{"name": "x", "command": "sleep 1"}', '{"name": "x"}',
                     '{"name": "x", "command": []}', '{"name": "../x", "command": ["true"]}',
                     '{"name": "x", "command": ["a\\u0000b"]}',
                     '{"name": "x", "command": ["true"], "environment": {"A": 1}}',
                     '{"name": "x", "command": ["true"], "surprise": true, "restart": "maybe"}'):
            status, problem = self.home.request("POST", "/v1/services", body.encode("latin-1"))
            self.assertIn(status, (400, 422), body[:60])
            self.assertIn(problem["code"], ("bad_request", "invalid_config"), body[:60])
        status, problem = self.home.request("PUT", "/v1/config", deep)
        self.assertEqual((status, problem["code"]), (400, "bad_request"))
        self.assert_serves()

    def test_a_nul_in_a_value_is_a_mistake_everywhere(self):
        for value in ('command: "a\\0b"', 'command: "\\0"', 'command: [x, "a\\0"]', 'command: x, env: {A: "\\0"}',
                      'command: x, cwd: "\\0"', 'command: x, log: {merge: true, err: [x]}'):
            text = "name: nul\nchildren: [{service: a, " + value + "}]\n"
            body = json.dumps({"file": "/srv/nul.yaml", "text": text, "environment": {"PATH": "/bin"}})
            for method, target, expected in (("PUT", "/v1/config", 422), ("POST", "/v1/config/apply", 422),
                                             ("POST", "/v1/config/validate", 200)):
                status, answer = self.home.request(method, target, body)
                self.assertEqual(status, expected, f"{method} {target} {value}")
                codes = [one["code"] for one in answer["diagnostics"]]
                self.assertIn("E011", codes, value)
            self.home.write("nul.yaml", text)
            self.assertIn("error[E011]", self.home.alder("check", "nul.yaml", expect=2).said)
            self.assertIn("error[E011]", self.home.alder("up", "nul.yaml", expect=2).said)
        self.assert_serves()

    def test_an_expression_that_cannot_be_used_is_a_mistake(self):
        for expression, why in (("(a)%5C1", "back-references"), ("a(%3F=b)", "look-around"), ("x" * 1025, "1025 bytes"),
                                ("x%7B1,1000%7Dy", "too complex"), ("a(b", "missing )")):
            status, problem = self.home.request("GET", "/v1/logs?grep=" + expression)
            self.assertEqual((status, problem["code"]), (400, "bad_request"), expression)
            self.assertIn(why, problem["detail"])
        for moment in ("9223372036854775807", "-9223372036854775808", "9999-12-31T23:59:59Z"):
            for key in ("since", "until"):
                status, _ = self.home.request("GET", f"/v1/logs?{key}={moment}",
                                              headers={"Accept": "application/x-ndjson"})
                self.assertEqual(status, 200, moment)
        self.assertIn("back-references", self.home.alder("logs", "--grep", r"(a)\1", expect=2).err)
        self.home.write("p.yaml", r"""name: p
children: [{service: a, command: x, ready: {log: '(a)\1'}}]
""")
        self.assertIn("p.yaml:2:", self.home.alder("check", "p.yaml", expect=2).said)
        self.assert_serves()

    def test_a_body_of_2_mib_and_a_head_of_40_kib_are_too_large(self):
        body = b"x" * (2 << 20)
        status, problem = self.ask(b"PUT /v1/config HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertEqual((status, problem["code"]), (413, "too_large"))
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        status, problem = self.ask(b"PUT /v1/config HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 32 +
                                   b"0\r\n\r\n")
        self.assertEqual((status, problem["code"]), (413, "too_large"))
        status, problem = self.ask(b"GET /v1/tree HTTP/1.1\r\nX-Long: " + b"x" * (40 << 10) + b"\r\n\r\n")
        self.assertEqual((status, problem["code"]), (431, "head_too_large"))
        self.assert_serves()

    def test_a_half_sent_request_is_too_slow_and_holds_up_nobody(self):
        halves = [self.connect() for _ in range(3)]
        halves[0].sendall(b"GET /v1/tr")
        halves[1].sendall(b"PUT /v1/config HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        halves[2].sendall(b"G")
        dripping = time.monotonic()
        answers, waiting = {}, set(halves)
        while waiting:
            self.assertLess(time.monotonic() - dripping, 25, "an answer within the 10 s and some")
            before = time.monotonic()
            self.assert_serves()
            self.assertLess(time.monotonic() - before, 5)
            ready, _, _ = select.select(list(waiting), [], [], 0.2)
            for one in ready:
                answers[one] = self.answer_of(one)
                waiting.discard(one)
            if halves[2] in waiting:
                try:
                    halves[2].sendall(b"E")  # a byte now and then does not make it a fast one
                except (BrokenPipeError, ConnectionResetError):
                    pass
        for one in halves[:2]:
            self.assertIn(b" 408 ", answers[one].split(b"\r\n")[0])
            self.assertIn(b'"too_slow"', answers[one])
        self.assertIn(answers[halves[2]].split(b" ")[1:2], ([b"408"], [b"400"], [b"431"], []))
        self.assert_serves()

    def test_many_idle_connections_hold_up_nobody(self):
        for _ in range(200):
            self.connect()
        before = time.monotonic()
        self.assert_serves()
        self.assertLess(time.monotonic() - before, 10)

    def test_clients_that_leave_in_the_middle_do_no_harm(self):
        for _ in range(50):
            one = self.connect()
            one.sendall(b"GET /v1/events?follow=1&tail=100 HTTP/1.1\r\nHost: alder\r\n\r\n")
            one.close()
        for _ in range(50):
            one = self.connect()
            one.sendall(b"PUT /v1/config HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
            one.close()
        self.assert_serves()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_is_refused_whatever_the_modes_are(self):
        for directory in (self.home.top, self.home.path, self.home.path / "run"):
            directory.chmod(0o755)
        self.home.socket.chmod(0o666)
        done = subprocess.run([sys.executable, "-c", STRANGER, self.home.socket], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        self.assertEqual(head.split()[1], b"403")
        self.assertEqual(json.loads(body)["code"], "denied")
        self.assertNotIn(b"calm", done.stdout)
        self.assert_serves()

    def test_the_socket_and_its_directories_are_private(self):
        modes = {path: oct(path.stat().st_mode & 0o777)
                 for path in (self.home.socket, *(self.home.path / name for name in ("run", "state", "log")))}
        self.assertEqual(list(modes.values()), ["0o600", "0o700", "0o700", "0o700"], modes)


if __name__ == "__main__":
    alder.main()
