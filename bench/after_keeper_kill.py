#!/usr/bin/env python3
"""What requests cost before and after alder-keeper was killed once: everything is to stay as fast as before.

    bench/after_keeper_kill.py [PROGRAMS] [COUNT …]      default: build/release/bin 1000 2000

For each COUNT of services (`sleep`) it runs commands before the kill and after it, and in the end takes the tree down;
another tree of the same size is taken down without a kill before. Beside the time of each command stands the longest
hold of the daemon's loop meanwhile, as somebody sees it who asks /_ping all the time, and the processor time of the
loop's thread in the worst of these waits, which other programs on the machine have no part in.
"""

import http.client
import json
import os
import pathlib
import signal
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ["ALDER_BIN_DIR"] = str(ROOT / "build/release/bin")
if len(sys.argv) > 1 and not sys.argv[1].isdigit():
    os.environ["ALDER_BIN_DIR"] = sys.argv.pop(1)
sys.path.insert(0, str(ROOT / "tests/e2e"))

import alder  # noqa: E402: it reads the variable

ROUNDS = 5
PATIENCE = 900


def tree(count):
    return "name: many\nlog: { to: none }\nchildren:\n" + "".join(
        f"  - {{ service: s{number}, command: sleep 100000 }}\n" for number in range(count))


def processor_time(pid):
    """Seconds that the first thread of a process, the loop of alderd, has run."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Pinger:
    """Asks all the time, and remembers the longest answer of each period."""

    def __init__(self, home):
        self.home = home
        self.over = threading.Event()
        self.longest = self.busiest = 0.0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        connection = pid = None
        while not self.over.is_set():
            try:
                if connection is None:
                    connection = alder.UnixConnection(self.home.socket, PATIENCE)
                    connection.request("GET", "/v1/info")
                    pid = json.loads(connection.getresponse().read())["pid"]
                start, cpu = time.monotonic(), processor_time(pid)
                connection.request("GET", "/_ping")
                connection.getresponse().read()
                self.longest = max(self.longest, time.monotonic() - start)
                self.busiest = max(self.busiest, processor_time(pid) - cpu)
            except (OSError, ValueError, http.client.HTTPException):
                connection = None
            self.over.wait(0.001)

    def take(self):
        found, self.longest, self.busiest = (self.longest, self.busiest), 0.0, 0.0
        return found

    def close(self):
        self.over.set()
        self.thread.join()


def measure(home, pinger, *words, rounds=1):
    """Median time of a command, the longest hold meanwhile, and the processor time in it."""
    times = []
    time.sleep(0.1)
    pinger.take()
    for _ in range(rounds):
        start = time.monotonic()
        home.alder(*words, timeout=PATIENCE)
        times.append(time.monotonic() - start)
    time.sleep(0.1)
    return (statistics.median(times), *pinger.take())


def look(home, pinger, count):
    one = f"s{count // 2}"
    found = {}
    for words, rounds in ((["ls"], ROUNDS), (["tree"], ROUNDS), (["describe", one], ROUNDS), (["restart", one], ROUNDS)):
        found[words[0]] = measure(home, pinger, *words, rounds=rounds)
    return found


def kill_keeper(home, pinger):
    before = home.keeper_pid()
    pinger.take()
    start = time.monotonic()
    os.kill(before, signal.SIGKILL)
    home.wait_until("there is another keeper", lambda: home.keeper_pid() not in (None, before)
                    and home.daemon_answers() and home.info()["keeper_pid"] == home.keeper_pid(), deadline=PATIENCE)
    took = time.monotonic() - start
    return (took, *pinger.take())


def show(what, before, after):
    ratio = after[0] / before[0]
    cells = "".join(f"{time * 1000:9.1f} {hold * 1000:7.1f} {cpu * 1000:7.1f}" for time, hold, cpu in (before, after))
    print(f"  {what:10s}{cells}   {ratio:6.2f}", flush=True)


def run(count):
    home = alder.Home()
    pinger = None
    try:
        up = tree(count)
        home.up(up, timeout=PATIENCE)
        pinger = Pinger(home)
        before = look(home, pinger, count)
        before["down"] = measure(home, pinger, "down", "many")
        home.up(up, timeout=PATIENCE)
        kill = kill_keeper(home, pinger)
        after = look(home, pinger, count)
        after["down"] = measure(home, pinger, "down", "many")
        print(f"{count} services; ms          before the kill              after it")
        print("              median    hold     cpu     median    hold     cpu    ratio")
        for what, figures in before.items():
            show(what, figures, after[what])
        print("  the kill  " + " " * 24 + f"{kill[0] * 1000:9.1f} {kill[1] * 1000:7.1f} {kill[2] * 1000:7.1f}",
              flush=True)
    finally:
        if pinger:
            pinger.close()
        home.seen.clear()
        home.alder("daemon", "stop", expect=None, timeout=PATIENCE)


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [1000, 2000]:
        run(size)
