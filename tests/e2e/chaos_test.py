"""Everything is killed, again and again, in an order made of a seed; at the end all is as if nothing had been.

    chaos_test.py            5 rounds
    chaos_test.py 20 [SEED]  20 rounds, with that seed
"""

import os
import random
import signal
import sys

import alder

ROUNDS = 5
SEED = random.randrange(10**6)

TREE = """
name: chaos
strategy: one_for_one
intensity: { max_restarts: 100000, within: 1h }
backoff: none
children:
  - service: a
    command: sleep 1000
  - supervisor: all
    strategy: one_for_all
    intensity: { max_restarts: 100000, within: 1h }
    children:
      - { service: b, command: sleep 1000 }
      - supervisor: rest
        strategy: rest_for_one
        intensity: { max_restarts: 100000, within: 1h }
        children:
          - { service: c, command: sleep 1000 }
          - { service: d, shell: true, command: "setsid sleep 1000 & sleep 1000 & wait" }
          - { service: e, command: sleep 1000 }
      - { service: f, command: sleep 1000 }
  - service: pool
    command: sleep 1000
    instances: 2
    intensity: { max_restarts: 100000, within: 1h }
"""
SERVICES = ["a", "b", "c", "d", "e", "f", "pool:0", "pool:1"]


class Chaos(alder.Scenario):
    def test_nothing_is_lost_and_nothing_is_doubled(self):
        home = self.home
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        dice = random.Random(SEED)
        home.up(TREE)
        victims = (SERVICES + ["alderd"]) * ROUNDS
        dice.shuffle(victims)
        for victim in victims:
            if victim == "alderd":
                home.kill_daemon()
            else:
                self.kill_service(victim)
        home.wait_until("all run", home.all_run)
        self.assertEqual(sorted(home.services()), SERVICES)
        for name in SERVICES:
            processes = home.members_of(name)
            expected = 3 if name == "d" else 1  # with its two children
            self.assertEqual(len(processes), expected, f"{name}: {', '.join(map(str, processes))}\n{home.story()}")
            self.assertIn(home.pids()[name], [one.pid for one in processes])
        self.assertEqual(home.info()["epoch"], 1 + ROUNDS)
        home.stop_daemon()

    def kill_service(self, name):
        """Waits only until there is a process to kill: what the death before it set going goes on meanwhile."""
        def process():
            pid = self.home.pids().get(name)
            return pid if pid and alder.is_alive(pid) else None
        pid = self.home.wait_until(f"{name} has a process", process)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it went with its group in this very moment


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ROUNDS = int(sys.argv.pop(1))
        if len(sys.argv) > 1 and sys.argv[1].isdigit():
            SEED = int(sys.argv.pop(1))
    alder.main()
