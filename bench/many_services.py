#!/usr/bin/env python3
"""What each request costs a daemon with many services, and how long it holds the loop.

    bench/many_services.py [PROGRAMS] [COUNT]      default: build/release/bin 2000

Beside the time of each command stands the longest hold of the daemon's loop meanwhile, as somebody sees it who asks
/_ping all the time, and the processor time of the loop's thread in the worst of these waits, which other programs on
the machine have no part in. At 2000 services no request may take more than 50 ms of that.
"""

import sys

from held_loop import PATIENCE, Pinger, alder, measure, tree


def requests(home, count):
    """Name, what is written into the file first, the words of the command."""
    full = tree(count)
    half = tree(count // 2)
    odd = "\n".join(line.replace("100000", "100001") if index % 2 else line
                    for index, line in enumerate(full.split("\n")))
    file = home.write("many.yaml", full)
    yield "`up`", full, ["up", file]
    yield "`ls`", full, ["ls"]
    yield "`tree`", full, ["tree"]
    yield "`apply`, nothing changed", full, ["apply", file]
    yield "`apply --dry-run`, half changed", odd, ["apply", "--dry-run", file]
    yield "`apply --sync`, half changed", odd, ["apply", "--sync", file]
    yield "`apply --sync`, half removed", half, ["apply", "--sync", file]
    yield "`apply --sync`, half added", full, ["apply", "--sync", file]
    yield "`scale`, one to three", full, ["scale", "s1", "3", "--force"]
    yield "`restart` of all", full, ["restart", "many"]
    yield "`stop` of all", full, ["stop", "many"]
    yield "`start` of all", full, ["start", "many"]
    yield "`down`", full, ["down", "many"]


def run(count):
    home = alder.Home()
    home.alder("daemon", "start", timeout=PATIENCE)
    pinger = Pinger(home)
    try:
        print(f"| {count} services | time | loop held | of that processor time |\n|---|---|---|---|")
        for what, text, words in requests(home, count):
            home.write("many.yaml", text)
            took, hold, cpu = measure(home, pinger, *words)
            print(f"| {what} | {took * 1000:.0f} ms | {hold * 1000:.0f} ms | {cpu * 1000:.0f} ms |", flush=True)
    finally:
        pinger.close()
        home.seen.clear()
        home.alder("daemon", "stop", expect=None, timeout=PATIENCE)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
