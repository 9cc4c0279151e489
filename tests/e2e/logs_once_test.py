"""Services that write as fast as they can while alderd is killed again and again: every line is in its file, once."""

import os
import random
import signal
import time

import alder

WRITERS, KILLS = 2, 6
SEED = random.randrange(10**6)

# Numbered lines of all lengths, in pieces that do not end with lines; of both streams in turn.
WRITER = """
import os
numbers, rest = [0, 0], [b"", b""]
while not os.path.exists("over"):
    for stream in (0, 1):
        first = numbers[stream]
        numbers[stream] += 200
        text = rest[stream] + b"".join(b"%d %s\\n" % (n, b"x" * (n * 7 % 300)) for n in range(first, first + 200))
        whole = len(text) - 11
        done = 0
        while done < whole:
            done += os.write(stream + 1, text[done:min(done + 5000, whole)])
        rest[stream] = text[whole:]
for stream in (0, 1):
    os.write(stream + 1, rest[stream])
"""

SLOW_WRITER = """
import os, time
n = 0
while not os.path.exists("over"):
    for _ in range(20):
        os.write(1, b"line %d\\n" % n)
        n += 1
    time.sleep(0.001)
with open("count", "w") as count:
    count.write(str(n))
"""


class LogsOnce(alder.Scenario):
    def test_no_kill_of_the_daemon_loses_or_doubles_a_line(self):
        home, dice = self.home, random.Random(SEED)
        print(f"seed {SEED}", flush=True)
        home.write("writer.py", WRITER)
        names = [f"w{number}" for number in range(WRITERS)]
        home.up("name: t\nlog: { max_size: 0 }\nchildren:\n" + "".join(
            f"  - {{ service: {name}, command: [python3, -S, -E, writer.py], restart: transient }}\n"
            for name in names))
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.02, 0.3))  # the moment of the blow
            pid = home.info()["pid"]
            home.daemon_kills += 1
            os.kill(pid, signal.SIGKILL)
            home.wait_for_successor(pid)
        (home.files / "over").touch()
        home.wait_until("all have ended", lambda: set(home.states().values()) == {"finished"})
        total = 0
        for name in names:
            for stream in ("out", "err"):
                file = home.path / f"log/t/{name}.{stream}.log"
                number = -1
                with open(file, "rb") as lines:
                    for number, line in enumerate(lines):
                        self.assertEqual(line, b"%d %s\n" % (number, b"x" * (number * 7 % 300)), f"{file.name}")
                self.assertEqual(number % 200, 199, f"the last line of {file.name}")
                total += number + 1
        self.assertGreater(total, 10000)
        print(f"{total} lines through {KILLS} kills", flush=True)

    def test_what_waits_in_another_directory_comes_back_once_and_in_order(self):
        home, dice = self.home, random.Random(SEED)
        print(f"seed {SEED}", flush=True)
        home.write("writer.py", SLOW_WRITER)
        place = home.write("place", "where the directory of the log should be")
        home.up("""
name: t
children:
  - service: w
    command: [python3, -S, -E, writer.py]
    restart: transient
    log: { out: place/out.log, pressure: spill, spill_to: elsewhere, max_size: 0 }
""")
        for _ in range(3):  # a while without the directory, and one with it
            if place.is_file():
                place.unlink()
            home.alder("logs", "reopen")
            time.sleep(dice.uniform(0.02, 0.2))
            self.kill_quickly()
            if place.is_dir():
                place.rename(home.files / "kept")
            place.write_text("in the way")
            home.alder("logs", "reopen")
            time.sleep(dice.uniform(0.02, 0.2))
            self.kill_quickly()
            self.assertTrue(any((home.files / "elsewhere").iterdir()))
            place.unlink()
            if (home.files / "kept").exists():
                (home.files / "kept").rename(place)
        home.alder("logs", "reopen")
        (home.files / "over").touch()
        home.wait_until("it has ended", lambda: home.states() == {"w": "finished"})
        home.wait_until("nothing waits", lambda: not any((home.files / "elsewhere").iterdir()))
        lines = (place / "out.log").read_text().splitlines()
        self.assertEqual(lines, [f"line {n}" for n in range(len(lines))])
        self.assertEqual(len(lines), int((home.files / "count").read_text()))
        self.assertIn("its output is waiting in", " ".join(event["text"] for event in home.events("w")))
        print(f"{len(lines)} lines", flush=True)

    def kill_quickly(self):
        pid = self.home.info()["pid"]
        self.home.daemon_kills += 1
        os.kill(pid, signal.SIGKILL)
        self.home.wait_for_successor(pid)


if __name__ == "__main__":
    alder.main()
