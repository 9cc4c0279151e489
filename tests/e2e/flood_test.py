"""A program that says more than anybody can handle is held back, and nobody else notices."""

import time

import alder

IPC = r"""
import os, socket
channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
lines = (b'"heartbeat"\n' + b'{"type":"status","text":"busy"}\n' + b'{"n":1}\n') * 200
while True:
    channel.sendall(lines)
"""

NOTIFY = r"""
import os, socket
address = "\0" + os.environ["NOTIFY_SOCKET"][1:]
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
channel.connect(address)
channel.send(b"READY=1")
number = 0
while True:
    number += 1
    channel.send(b"STATUS=number %d\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=1000000" % number)
"""

FOREIGN = r"""
import os, socket, time
address = "\0" + os.environ["NOTIFY_SOCKET"][1:]
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
channel.connect(address)
channel.send(b"READY=1")
if os.fork():
    time.sleep(1000)
while True:
    channel.send(b"STATUS=from a child")
"""

READY = r"""
import os
while True:
    os.write(9, b"x" * 4000)
"""

TREE = """
name: loud
children:
  - { service: ipc, command: [python3, ipc.py], ipc: true }
  - { service: notify, command: [python3, notify.py], ready: { notify: true } }
  - { service: foreign, command: [python3, foreign.py], ready: { notify: true } }
  - { service: quiet, command: sleep 1000 }
"""

NEVER_READY = """
name: silent
children:
  - { service: never, command: [python3, ready.py], ready: { descriptor: 9, timeout: 3s }, restart: temporary }
"""


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as text:
        return next(int(line.split()[1]) for line in text if line.startswith("VmRSS:")) * 1024


class Flood(alder.Scenario):
    def setUp(self):
        super().setUp()
        for name, text in (("ipc.py", IPC), ("notify.py", NOTIFY), ("foreign.py", FOREIGN), ("ready.py", READY)):
            self.home.write(name, text)

    def test_it_costs_no_memory_and_no_events(self):
        home = self.home
        home.up(TREE)
        home.wait_until("all run", home.all_run)
        daemon, keeper = home.info()["pid"], home.keeper_pid()
        time.sleep(2)  # what it takes to get going
        before = memory_of(daemon), memory_of(keeper)
        events = home.path / "state" / "events.jsonl"
        size = events.stat().st_size
        end = time.monotonic() + 10
        while time.monotonic() < end:
            home.alder("ls")
        grown = memory_of(daemon) - before[0], memory_of(keeper) - before[1]
        if not alder.gives_no_memory_back():
            self.assertLess(grown[0], 16 << 20, f"the daemon grew by {grown[0]} bytes")
            self.assertLess(grown[1], 4 << 20, f"the keeper grew by {grown[1]} bytes")
        self.assertLess(events.stat().st_size - size, 64 << 10)
        home.kill("quiet")  # what others need is done meanwhile
        home.wait_until("it runs anew", lambda: home.service("quiet").get("restarts") == 1)
        self.assertEqual(home.info()["pid"], daemon)

    def test_a_readiness_descriptor_has_its_limit_too(self):
        home = self.home
        home.up(NEVER_READY, expect=None, timeout=60)
        self.assertTrue(any("4096" in event["text"] for event in home.events("never")), home.story())


if __name__ == "__main__":
    alder.main()
