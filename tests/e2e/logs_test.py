"""What services say: every line, whole and once, in the files, in `alder logs` and in its followers."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
from pathlib import Path

import alder

COUNT = 20000
TALKER = """
import os, sys
name, count = sys.argv[1], int(sys.argv[2])
for first in range(1, count + 1, 100):  # both streams in turn, in pieces that do not end with lines
    for fd, stream in ((1, "out"), (2, "err")):
        text = "".join(f"{name} {stream} {n} {'x' * (n % 50)}\\n" for n in range(first, first + 100)).encode()
        while text:
            text = text[os.write(fd, text[:1000]):]
"""


def expected(name, stream):
    return [f"{name} {stream} {n} {'x' * (n % 50)}" for n in range(1, COUNT + 1)]


class Logs(alder.Scenario):
    def test_every_line_of_three_talkers_is_complete(self):
        home = self.home
        home.write("talker.py", TALKER)
        names = ["one", "two", "three"]
        home.up("name: t\nchildren:\n" + "".join(
            f"  - {{ service: {name}, command: [python3, talker.py, {name}, '{COUNT}'], restart: transient }}\n"
            for name in names))
        home.wait_until("all have spoken", lambda: set(home.states().values()) == {"finished"})
        for name in names:
            for stream in ("out", "err"):
                file = home.path / f"log/t/{name}.{stream}.log"
                home.wait_until(f"{file.name} is complete", lambda: file.read_bytes().count(b"\n") >= COUNT)
                self.assertEqual(file.read_text().splitlines(), expected(name, stream))
            lines = home.alder("logs", "--json", "-n", 2 * COUNT, name).documents
            self.assertEqual(len(lines), 2 * COUNT)
            for stream in ("out", "err"):
                self.assertEqual([line["line"] for line in lines if line["stream"] == stream], expected(name, stream))
            self.assertEqual({line["service"] for line in lines}, {name})
            times = [line["at"] for line in lines]
            self.assertEqual(times, sorted(times), "merged by time")
        last = home.alder("logs", "--no-prefix", "--out", "-n", 5, "two").lines
        self.assertEqual(last, expected("two", "out")[-5:])
        self.assertEqual(len(home.alder("logs", "-n", 60000).lines), 60000)

    def test_a_follower_sees_a_service_that_is_restarted_meanwhile(self):
        home = self.home
        home.write("count.sh", "n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n\n"
                               "echo life $n begins\nexec sleep 1000\n")
        home.up("name: t\nbackoff: none\nintensity: { max_restarts: 100, within: 60s }\nchildren:\n"
                "  - { service: cat, command: [sh, count.sh] }\n"
                "  - { service: dog, command: [sh, -c, 'echo woof; exec sleep 1000'] }\n")
        follower = home.begin("logs", "-f", "--json", "cat")
        listener = alder.Listener(follower.stdout)

        def said():
            return [json.loads(line)["line"] for line in listener.lines]
        home.wait_until("the first life is heard of", lambda: said() == ["life 1 begins"])
        before = home.pids()
        home.kill("cat")
        before = self.assert_runs_anew(before, "cat")
        home.wait_until("the second life has spoken", lambda: len(said()) == 2)
        home.alder("restart", "cat")
        self.assert_runs_anew(before, "cat")
        home.wait_until("all lives are heard of",
                        lambda: said() == [f"life {n} begins" for n in (1, 2, 3)])
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(alder.PATIENCE), 130)
        self.assertEqual({json.loads(line)["service"] for line in listener.lines}, {"cat"})

    def test_a_follower_hears_the_last_words_of_a_tree(self):
        home = self.home
        for round_ in range(10):
            home.up("""
name: t
children:
  - service: s
    shell: true
    command: trap 'echo farewell; exit 0' TERM; echo hello; while :; do sleep 1000 & wait; done
""")
            follower = home.begin("logs", "-f", "--no-prefix", "-n", "1")
            listener = alder.Listener(follower.stdout)
            home.wait_until("it is heard", lambda: listener.lines[-1:] == ["hello"])
            home.alder("down", "t")
            home.wait_until(f"its last words are heard, round {round_}",
                            lambda: listener.lines[-2:] == ["hello", "farewell"], deadline=5)
            follower.terminate()
            follower.wait()

    def test_a_follower_whose_reader_leaves_ends(self):
        home = self.home
        home.up("name: t\nchildren:\n  - { service: s, command: [sh, -c, 'echo hello; exec sleep 1000'] }\n")
        follower = home.begin("logs", "-f")
        follower.stdout.readline()
        follower.stdout.close()
        self.assertEqual(follower.wait(alder.PATIENCE), 0)
        follower.stdout = None  # nothing is left to collect

    def test_hundreds_of_followers_that_do_not_read_cost_little(self):
        if alder.gives_no_memory_back():
            self.skipTest("with AddressSanitizer memory is never given back at once")
        home = self.home
        go = home.path / "go"
        home.up("name: t\nchildren:\n  - service: s\n    shell: true\n    command: "
                f"until [ -e {go} ]; do sleep 0.1; done; yes 0123456789 | head -n 90000; echo end; exec sleep 1000\n")

        def memory():
            return int(re.search(r"VmRSS:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024

        pid = home.info()["pid"]
        followers = []
        for _ in range(400):
            follower = socket.socket(socket.AF_UNIX)
            self.addCleanup(follower.close)
            follower.settimeout(alder.PATIENCE)
            follower.connect(str(home.socket))
            follower.sendall(b"GET /v1/logs?tail=0&follow=1 HTTP/1.1\r\nHost: alder\r\n\r\n")
            self.assertIn(b"200", follower.recv(12))  # the head: it is one of them now
            followers.append(follower)
        before = memory()
        go.touch()
        home.wait_until("all is said", lambda: home.alder("logs", "--no-prefix", "-n", "1").lines == ["end"])
        # What the kernel holds for a socket is full; before they shared a limit, each had 200 KiB in the daemon then.
        home.wait_until("each has been served", lambda: all(
            len(follower.recv(1 << 20, socket.MSG_PEEK)) > 50_000 for follower in followers))
        self.assertLess(memory() - before, 400 * 150_000)
        self.assertEqual(home.alder("logs", "--no-prefix", "-n", "2").lines, ["0123456789", "end"])
        for follower in followers:
            follower.close()
        home.wait_until("memory is given back", lambda: memory() - before < 10_000_000)

    def test_a_last_line_without_its_end_is_shown_and_completed(self):
        home = self.home
        home.write("slow.sh", "printf 'one\\ntw'; while ! test -e go; do sleep 0.05; done; echo o; exec sleep 1000\n")
        home.up("name: t\nchildren:\n  - { service: s, command: [sh, slow.sh] }\n")
        home.wait_until("the piece is shown", lambda: home.alder("logs", "--no-prefix").out == "one\ntw\n")
        home.write("go", "")
        home.wait_until("the line is complete", lambda: home.alder("logs", "--no-prefix").out == "one\ntwo\n")

    def on_a_terminal(self, *words):
        """What a command writes to a terminal without colours."""
        self.need_terminals()
        ours, theirs = pty.openpty()
        try:
            started = subprocess.Popen([alder.PROGRAMS / "alder", "--no-color", *words], env=self.home.environment | {
                "TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs)
            os.close(theirs)
            said = b""
            while True:
                try:
                    more = os.read(ours, 65536)
                except OSError:  # nobody has the other end any more
                    break
                said += more
            self.assertEqual(started.wait(alder.PATIENCE), 0)
            return said.replace(b"\r\n", b"\n")
        finally:
            os.close(ours)

    def test_control_characters_do_not_reach_a_terminal(self):
        home = self.home
        home.write("evil.py", "import time\n"
                              "print('\\033[2J\\033]0;owned\\007\\033[31mevil\\b\\b\\r\\033[8m\\x9b5n', flush=True)\n"
                              "time.sleep(1000)\n")
        home.up("name: t\nchildren:\n"
                '  - { service: bad, command: [python3, evil.py, "\\x1b[2Jword"] }\n')
        home.wait_until("it has spoken", lambda: "evil" in home.alder("logs").out)
        for words in (["logs"], ["describe", "bad"], ["tree"], ["events"], ["ls"]):
            said = self.on_a_terminal(*words)
            self.assertIn(b"bad", said)
            for byte in (b"\x1b", b"\x07", b"\x08", b"\r", b"\xc2\x9b"):
                self.assertNotIn(byte, said, f"{words}: {said}")
        self.assertIn(b"evil", self.on_a_terminal("logs"))

    def test_other_readers_get_lines_as_they_are(self):
        home = self.home
        home.up("""
name: t
children:
  - service: s
    command: [sh, -c, "printf '\\\\033[31mred\\\\033[0m \\\\303\\\\251 \\\\377 \\\\t|\\\\n'; exec sleep 1000"]
""")
        line = home.wait_until("it has spoken", lambda: home.alder("logs", "--json").documents)[0]["line"]
        self.assertEqual(line, "\x1b[31mred\x1b[0m é \ufffd \t|")
        file = home.path / "log/t/s.out.log"
        self.assertEqual(file.read_bytes(), b"\x1b[31mred\x1b[0m \xc3\xa9 \xff \t|\n")


if __name__ == "__main__":
    alder.main()
