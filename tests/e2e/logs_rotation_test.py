"""Files are put aside, compressed and searched while services write, followers read and alderd is killed."""

import glob
import gzip
import json
import os
import signal
import time

import alder

LINES = 40000
WRITER = f"""
import os, time
text = b"".join(b"%d %s\\n" % (n, b"x" * (n * 7 % 100)) for n in range({LINES}))
for at in range(0, len(text), 3000):
    os.write(1, text[at:at + 3000])
time.sleep(1000)
"""


def expected(number):
    return f"{number} {'x' * (number * 7 % 100)}"


class LogsRotation(alder.Scenario):
    def files(self, name):
        live = str(self.home.path / f"log/t/{name}.out.log")
        archives = {}
        for path in glob.glob(live + ".2*"):
            if ".idx" not in path and not path.endswith(".tmp"):
                archives.setdefault(path.removesuffix(".gz"), path)
        return [path for _, path in sorted(archives.items())] + [live]

    def text(self, name):
        text = b""
        for path in self.files(name):
            with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
                text += file.read()
        return text.decode().splitlines()

    def test_every_line_is_there_once_through_rotation_compression_and_kills(self):
        home = self.home
        home.write("writer.py", WRITER)
        home.up("name: t\nlog: { max_size: 100k, max_files: 1000 }\nchildren:\n"
                "  - { service: w, command: [python3, -S, -E, writer.py] }\n"
                "  - { service: idle, command: sleep 1000 }\n")
        follower = home.begin("logs", "-f", "-n", "100000", "--json", "idle")
        for _ in range(4):
            time.sleep(0.05)  # the moment of the blow
            pid = home.info()["pid"]
            home.daemon_kills += 1
            os.kill(pid, signal.SIGKILL)
            home.wait_for_successor(pid)
        home.wait_until("it has spoken", lambda: home.alder("logs", "--no-prefix", "-n", "1", "w").lines == [expected(LINES - 1)])
        home.wait_until("all archives but the newest are compressed",
                        lambda: [path for path in self.files("w")[:-2] if not path.endswith(".gz")] == [])
        home.wait_until("nothing unfinished is left", lambda: not glob.glob(str(home.path / "log/t/*.tmp")))
        self.assertGreater(len(self.files("w")), 20)
        lines = self.text("w")
        self.assertEqual(lines, [expected(number) for number in range(LINES)])
        # They are found in compressed files too.
        found = home.alder("logs", "--no-prefix", "--grep", "^(77|20123|39999) ", "w").lines
        self.assertEqual(found, [expected(number) for number in (77, 20123, 39999)])
        self.assertEqual(home.alder("logs", "--no-prefix", "-n", LINES, "w").lines, lines)
        since = home.alder("logs", "--json", "--since", "1h", "w").documents
        self.assertEqual([line["line"] for line in since], lines)
        middle = since[LINES // 2]["at"]
        late = [line["line"] for line in home.alder("logs", "--json", "--since", middle, "w").documents]
        # Lines that were read in one go have one time, and a busy machine reads many in one go.
        self.assertEqual(late, [line["line"] for line in since if line["at"] >= middle])
        # And gone when they are told to go.
        home.alder("logs", "clear", "w")
        home.wait_until("all is gone", lambda: len(self.files("w")) == 1 and self.text("w") == [])
        follower.send_signal(signal.SIGINT)
        follower.wait(alder.PATIENCE)

    def test_a_follower_goes_on_over_rotation_and_moved_files(self):
        home = self.home
        home.up("name: t\nchildren:\n  - { service: c, command: cat, stdin: pipe }\n")
        follower = home.begin("logs", "-f", "--json", "c")
        listener = alder.Listener(follower.stdout)
        live = home.path / "log/t/c.out.log"

        def say(text):
            home.alder("send", "c", text)
            home.wait_until(f"{text} is heard of",
                            lambda: text in [json.loads(line)["line"] for line in listener.lines])
        say("one")
        home.alder("logs", "rotate")
        say("two")
        self.assertEqual(home.alder("logs", "path", "c").lines,
                         [str(live), str(home.path / "log/t/c.err.log")])
        os.rename(live, home.path / "log/t/moved")
        home.alder("logs", "reopen", "c")
        home.wait_until("there is a new file", live.exists)
        say("three")
        os.rename(live, home.path / "log/t/moved2")
        os.kill(home.info()["pid"], signal.SIGUSR2)
        home.wait_until("there is a new file", live.exists)
        say("four")
        self.assertEqual((home.path / "log/t/moved2").read_text(), "three\n")
        self.assertEqual([json.loads(line)["line"] for line in listener.lines], ["one", "two", "three", "four"])
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(alder.PATIENCE), 130)

    def test_the_run_before_the_crash_can_be_read(self):
        home = self.home
        home.write("count.sh", "n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n\n"
                               "echo life $n; echo trouble $n >&2\n[ $n -lt 3 ] && exit 1\nexec sleep 1000\n")
        home.up("name: t\nlog: { format: time }\nchildren:\n  - { service: c, command: [sh, count.sh] }\n")
        output = home.path / "log/t/c.out.log"
        home.wait_until("it lives for the third time", lambda: output.exists() and "life 3" in output.read_text())
        said = home.alder("logs", "--json", "--previous", "c").documents
        self.assertEqual(sorted(line["line"].split(" ", 1)[1] for line in said), ["life 2", "trouble 2"])
        self.assertRegex(said[0]["line"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


if __name__ == "__main__":
    alder.main()
