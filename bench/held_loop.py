"""What benches of requests to a daemon with many services have in common: the tree, and a pinger that notices how long
the loop is held meanwhile. Imported before anything else of Alder: it takes the directory of the programs from the
command line."""

import http.client
import json
import os
import pathlib
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
