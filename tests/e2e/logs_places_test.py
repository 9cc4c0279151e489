"""Where lines can go besides a file for each stream: files that are shared, syslog, the journal, the terminal."""

import os
import signal
import socket
import threading

import alder

BOTH = """
import os, sys, time
for n in range(300):
    os.write(1, f"out {n}\\npart".encode())   # ends inside a line
    os.write(2, f"err {n}\\n".encode())
    os.write(1, f" {n}\\n".encode())
time.sleep(1000)
"""
POOL = """
import os, sys, time
name = os.environ["ALDER_INSTANCE"]
text = "".join(f"{name} {n} {'x' * (n % 70)}\\n" for n in range(5000)).encode()
for at in range(0, len(text), 1000):
    os.write(1, text[at:at + 1000])
time.sleep(1000)
"""


class Server:
    """Gets datagrams, as syslog and the journal do."""

    def __init__(self, path):
        self.got = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            datagram = self.socket.recv(1 << 18)
            self.got.append(datagram.decode())


class LogsPlaces(alder.Scenario):
    def test_both_streams_in_one_file(self):
        home = self.home
        home.write("both.py", BOTH)
        home.up("name: t\nlog: { merge: true, max_size: 4k, max_files: 1000 }\nchildren:\n"
                "  - { service: s, command: [python3, both.py] }\n")
        expected = sorted([f"{kind} {n}" for n in range(300) for kind in ("out", "err", "part")])
        lines = home.wait_until("all is there", lambda: (
            lambda found: found if len(found) == 900 else None)(
                home.alder("logs", "--json", "-n", 2000).documents))
        self.assertEqual(sorted(line["line"] for line in lines), expected)
        for line in lines:
            self.assertEqual(line["stream"], "err" if line["line"].startswith("err") else "out", line)
        for stream, kinds in (("out", ("out", "part")), ("err", ("err",))):
            found = home.alder("logs", "--no-prefix", f"--{stream}", "-n", 2000).lines
            self.assertEqual(found, [f"{kind} {n}" for n in range(300) for kind in kinds])
        self.assertEqual(home.alder("logs", "path").lines, [str(home.path / "log/t/s.log")])
        self.assertFalse((home.path / "log/t/s.err.log").exists())

    def test_instances_share_a_file_and_are_told_apart(self):
        home = self.home
        home.write("pool.py", POOL)
        home.up("name: t\nchildren:\n  - { service: p, command: [python3, pool.py], instances: 3,\n"
                "      log: { share: true, merge: true, max_size: 50k, max_files: 1000 } }\n")
        for name in range(3):
            expected = [f"{name} {n} {'x' * (n % 70)}" for n in range(5000)]
            home.wait_until(f"{name} is complete", lambda: home.alder(
                "logs", "--no-prefix", "-n", 6000, f"p:{name}").lines == expected)
        self.assertEqual(len(home.alder("logs", "-n", 100000).lines), 15000)
        self.assertEqual(sorted(path.name for path in (home.path / "log/t").glob("*.log")), ["p.log"])
        follower = home.begin("logs", "-f", "--json", "-n", "1")
        listener = alder.Listener(follower.stdout)
        home.wait_until("it listens", lambda: listener.lines)
        before = home.pids()
        home.kill("p:1")
        self.assert_runs_anew(before, "p:1")
        home.wait_until("its new life is heard of once", lambda: len(listener.lines) == 1 + 5000)
        self.assertTrue(all('"service":"p:1"' in line for line in listener.lines[1:]))
        follower.send_signal(signal.SIGINT)
        follower.wait(alder.PATIENCE)

    def test_lines_go_to_syslog_and_to_the_journal(self):
        home = self.home
        syslog, journal = Server(home.files / "syslog"), Server(home.files / "journal")
        home.up("name: t\nchildren:\n"
                "  - { service: old, command: [sh, -c, 'echo hello; echo trouble >&2; exec sleep 1000'],\n"
                "      log: { to: syslog, socket: syslog, tag: shop } }\n"
                "  - { service: new, command: [sh, -c, 'echo hello; exec sleep 1000'],\n"
                "      log: { to: syslog, socket: syslog, syslog: rfc5424, facility: local0 } }\n"
                "  - { service: j, command: [sh, -c, 'echo hello; exec sleep 1000'],\n"
                "      log: { to: journal, socket: journal } }\n")
        home.wait_until("all is there", lambda: len(syslog.got) == 3 and len(journal.got) == 1)
        text = "\n".join(sorted(syslog.got))
        self.assertRegex(text, r"(?m)^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d shop: hello$")
        self.assertRegex(text, r"(?m)^<27>.* shop: trouble$")
        self.assertRegex(text, r"(?m)^<134>1 \d{4}-\d\d-\d\dT\S+ \S+ new - - - hello$")
        fields = dict(line.split("=", 1) for line in journal.got[0].splitlines())
        self.assertEqual(fields, {"MESSAGE": "hello", "PRIORITY": "6", "SYSLOG_FACILITY": "3", "ALDER_TREE": "t",
                                  "SYSLOG_IDENTIFIER": "j", "ALDER_SERVICE": "j", "ALDER_STREAM": "out"})

    def test_a_destination_that_does_not_read_holds_nobody_up(self):
        home = self.home
        deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        deaf.bind(str(home.files / "deaf"))
        home.write("much.py", "import os, time\nfor n in range(20000): os.write(1, b'x' * 99 + b'\\n')\n"
                              "open('done', 'w')\ntime.sleep(1000)\n")
        home.up("name: t\nchildren:\n  - { service: s, command: [python3, much.py],\n"
                "      log: { to: syslog, socket: deaf } }\n")
        home.wait_until("it has written all", (home.files / "done").exists)
        logged = home.wait_until("most is lost", lambda: (
            lambda found: found if found["lost_lines"] > 10000 else None)(
                home.request("GET", "/v1/services/s")[1]["detail"]["logged"]))
        self.assertEqual(logged["lost_bytes"] % 100, 0)
        self.assertIn("warning", home.kinds())

    def test_run_shows_lines_as_it_is_told(self):
        file = self.home.write("alder.yaml", """
name: t
children:
  - { service: a, command: [sh, -c, 'echo from a; echo trouble >&2'], restart: temporary, log: { show: raw } }
  - { service: b, command: [sh, -c, 'echo from b'], restart: temporary, log: { show: none } }
  - { service: c, command: [sh, -c, 'echo from c'], restart: temporary }
""")
        answer = self.home.alder("run", file)
        self.assertIn("from a", answer.lines)
        self.assertIn("trouble", answer.err.splitlines())
        self.assertNotIn("from b", answer.out)
        self.assertRegex(answer.out, r"(?m)^\d\d:\d\d:\d\d\.\d{3} c .* from c$")
        answer = self.home.alder("run", "--show", "none", file)
        self.assertEqual(answer.out, "")
        self.assertIn("invalid value 'loud' for --show", self.home.alder("run", "--show", "loud", file, expect=2).err)

    def test_files_have_owner_and_zone(self):
        home = self.home
        who = "'65534:65534'" if os.geteuid() == 0 else f"'{os.geteuid()}'"
        home.up("name: t\nchildren:\n  - { service: s, command: [sh, -c, 'echo hello; exec sleep 1000'],\n"
                f"      log: {{ owner: {who}, mode: 0640, format: time, zone: Asia/Kolkata }} }}\n")
        file = home.path / "log/t/s.out.log"
        home.wait_until("it has spoken", lambda: file.exists() and file.read_text())
        self.assertRegex(file.read_text(), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30 hello\n$")
        facts = file.stat()
        self.assertEqual(facts.st_uid, 65534 if os.geteuid() == 0 else os.geteuid())
        self.assertEqual(facts.st_mode & 0o777, 0o640)
        home.write("bad.yaml", "name: t\nchildren:\n  - { service: s, command: x, log: { owner: no-such-one } }\n")
        self.assertIn("no-such-one", home.alder("check", home.files / "bad.yaml", expect=None).said)


if __name__ == "__main__":
    alder.main()
