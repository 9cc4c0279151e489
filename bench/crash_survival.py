#!/usr/bin/env python3
"""How soon services are looked after again when alderd was killed, and what the keeper weighs.

    bench/crash_survival.py [PROGRAMS]      default: build/release/bin

Prints, for 500 services, the time from SIGKILL to the next daemon's first answer and to all services adopted; then the
private and proportional memory of alder-keeper with 0, 100 and 1000 services.
"""

import os
import pathlib
import signal
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ["ALDER_BIN_DIR"] = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/release/bin")
sys.path.insert(0, str(ROOT / "tests/e2e"))

import alder  # noqa: E402: it reads the variable

ROUNDS = 10
SETTLED = 3.2  # seconds; a daemon that lived longer is started again at once


def tree(count):
    return "name: many\nchildren:\n" + "".join(
        f"  - {{ service: s{number}, command: sleep 100000 }}\n" for number in range(count))


def adoption(home):
    answered, adopted = [], []
    for _ in range(ROUNDS):
        time.sleep(SETTLED)
        before = home.request("GET", "/v1/info")[1]
        pids = {service["pid"] for service in home.request("GET", "/v1/services")[1]["services"]}
        start = time.monotonic()
        os.kill(before["pid"], signal.SIGKILL)
        first = None
        while True:
            try:
                info = home.request("GET", "/v1/info")[1]
            except (OSError, ValueError):
                time.sleep(0.001)
                continue
            if info["pid"] == before["pid"]:
                continue
            first = first or time.monotonic() - start
            if info["counts"]["running"] == len(pids):
                break
        adopted.append(time.monotonic() - start)
        answered.append(first)
        now = {service["pid"] for service in home.request("GET", "/v1/services")[1]["services"]}
        assert now == pids, "services were touched"
    return answered, adopted


def memory(pid):
    """(proportional, private) kB."""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        found[name] = int(value.split()[0])
    return found["Pss"], found["Private_Clean"] + found["Private_Dirty"]


def milliseconds(values):
    ordered = sorted(values)
    return f"median {statistics.median(ordered) * 1000:.0f} ms, worst {ordered[-1] * 1000:.0f} ms"


def main():
    home = alder.Home()
    try:
        home.up(tree(500), timeout=300)
        answered, adopted = adoption(home)
        print(f"500 services, {ROUNDS} times SIGKILL to alderd")
        print(f"  next daemon answers    {milliseconds(answered)}")
        print(f"  all services adopted   {milliseconds(adopted)}")
        home.alder("down", "many", timeout=120)
        print("alder-keeper            PSS kB   private kB")
        for count in (0, 100, 1000):
            if count:
                home.up(tree(count), timeout=300)
            pss, private = memory(home.keeper_pid())
            print(f"  {count:5d} services       {pss:6d}   {private:6d}")
            if count:
                home.alder("down", "many", timeout=120)
    finally:
        home.seen.clear()
        home.alder("daemon", "stop", expect=None, timeout=120)


if __name__ == "__main__":
    main()
