#!/usr/bin/env python3
"""Counts what survives a stop: 1000 stops of services that do their best to get away.

    bench/survivors.py [--bin build/release/bin] [--tries 1000]

Three services take turns: one bombs with forks (as nobody, 60 processes), one starts children in sessions of their own and
loses them, one daemonises grandchildren the old way. After each stop nothing with its mark in its environment may live. Needs
root, for the limit of processes to hold for one user only."""

import argparse
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

CONFIG = """
name: escape
children:
  - service: bomb
    command: sh -c 'f() {{ f & f & }}; f; sleep 1000'
    user: nobody
    rlimits: {{ nproc: 60 }}
  - service: sessions
    command: sh -c 'for i in 1 2 3 4 5; do (setsid sh -c "sleep 1000 & setsid sleep 1000" &); done; exec sleep 1000'
  - service: daemons
    command: sh -c 'for i in 1 2 3; do (setsid sh -c "(sleep 1000 &)" </dev/null >/dev/null 2>&1 &); done; exec sleep 1000'
env: {{ ESCAPE: "{mark}", PATH: /usr/bin:/bin }}
inherit_env: false
stop: {{ signal: TERM, timeout: 200ms }}
intensity: {{ max_restarts: 1000000, within: 1s }}
backoff: none
"""


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("alder", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def marked(mark):
    """The living processes with the mark in their environment."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if mark in pathlib.Path("/proc", entry, "environ").read_bytes():
                found.append(int(entry))
        except OSError:
            continue  # gone meanwhile
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--tries", type=int, default=1000)
    wanted = parser.parse_args()
    programs = pathlib.Path(wanted.bin).resolve()
    with tempfile.TemporaryDirectory(prefix="alder-b.", dir="/tmp") as top:
        os.chmod(top, 0o755)
        mark = os.path.basename(top)
        config = pathlib.Path(top, "alder.yaml")
        config.write_text(CONFIG.format(mark=mark))
        environment = {"ALDER_HOME": top + "/home", "PATH": "/usr/bin:/bin"}
        subprocess.run([programs / "alder", "up", config], env=environment, check=True, stdout=subprocess.DEVNULL)
        connection = Connection(top + "/home/run/alder.sock")

        def ask(name, what):
            connection.request("POST", f"/v1/services/{name}/{what}?wait=60s", "")
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"{what} {name}: {json.loads(text)}")

        for name in ("bomb", "sessions", "daemons"):
            ask(name, "stop")
        survivors, killed, slowest, peak = 0, 0, 0.0, 0
        for number in range(wanted.tries):
            name = ("bomb", "sessions", "daemons")[number % 3]
            ask(name, "start")
            time.sleep(0.01 * (number % 7))
            there = len(marked(b"ESCAPE=" + mark.encode()))
            killed, peak = killed + there, max(peak, there)
            begun = time.monotonic()
            ask(name, "stop")
            slowest = max(slowest, time.monotonic() - begun)
            left = marked(b"ESCAPE=" + mark.encode())
            survivors += len(left)
            if left:
                print(f"try {number}, {name}: {len(left)} survivors")
        subprocess.run([programs / "alder", "daemon", "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
        left = len(marked(b"ESCAPE=" + mark.encode()))
        print(f"{wanted.tries} stops of {killed} processes (at most {peak} at once): {survivors} survivors, "
              f"{left} after the daemon's end; slowest stop {slowest * 1000:.0f} ms")
        return 1 if survivors or left else 0


if __name__ == "__main__":
    sys.exit(main())
