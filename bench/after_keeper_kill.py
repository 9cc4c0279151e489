#!/usr/bin/env python3
"""What requests cost before and after alder-keeper was killed once: everything is to stay as fast as before.

    bench/after_keeper_kill.py [PROGRAMS] [COUNT …]      default: build/release/bin 1000 2000

For each COUNT of services (`sleep`) it runs commands before the kill and after it, and in the end takes the tree down;
another tree of the same size is taken down without a kill before. Beside the time of each command stands the longest
hold of the daemon's loop meanwhile, as somebody sees it who asks /_ping all the time, and the processor time of the
loop's thread in the worst of these waits, which other programs on the machine have no part in.
"""

import os
import signal
import sys
import time

from held_loop import PATIENCE, Pinger, alder, measure, tree

ROUNDS = 5


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
