"""What a main process leaves behind is asked to stop before its successor starts; an exit after a stop is a stop."""

import os
import signal

import alder

# Leaves a child in a session of its own, which takes a moment to end in order, and dies.
FAMILY = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    def leave(*_):
        open("child.log", "a").write("asked %d\\n" % os.getpid())
        time.sleep(0.5)
        open("child.log", "a").write("gone %d\\n" % os.getpid())
        os._exit(0)
    signal.signal(signal.SIGTERM, leave)
    open("child.pid", "w").write(str(os.getpid()))
    while True:
        time.sleep(1000)
while not os.path.exists("child.pid"):
    time.sleep(0.01)
open("child.log", "a").write("main %d\\n" % os.getpid())
time.sleep(1000)
"""


class Leftovers(alder.Scenario):
    def bring_up(self, stop):
        self.home.write("family.py", FAMILY)
        self.home.up(f"""
name: left
children:
  - service: family
    command: [python3, family.py]
    stop: {stop}
""")
        self.home.wait_until("it has a child", lambda: "main" in self.log())

    def log(self):
        path = self.home.files / "child.log"
        return path.read_text() if path.exists() else ""

    def test_it_is_asked_and_waited_for(self):
        self.bring_up("{ timeout: 30s }")
        (self.home.files / "child.pid").unlink()
        before = self.home.pids()
        self.home.kill("family")
        self.assert_runs_anew(before, "family")
        self.home.wait_until("the next one is up", lambda: self.log().count("main") == 2)
        self.assertEqual([line.split()[0] for line in self.log().splitlines()], ["main", "asked", "gone", "main"],
                         "the next one starts when nothing of the former one is left")

    def test_it_is_killed_at_once_where_that_is_wanted(self):
        self.bring_up("{ leftovers: kill }")
        (self.home.files / "child.pid").unlink()
        before = self.home.pids()
        self.home.kill("family")
        self.assert_runs_anew(before, "family")
        self.home.wait_until("the next one is up", lambda: self.log().count("main") == 2)
        self.assertNotIn("asked", self.log())

    def test_whatever_the_code_after_a_stop_it_is_stopped(self):
        home = self.home
        home.up("""
name: codes
children:
  - service: java
    shell: true
    command: "trap 'exit 143' TERM; touch up; while :; do sleep 0.05; done"
  - service: other
    command: sleep 1000
""")
        home.wait_until("its trap is set", lambda: (home.files / "up").exists())
        home.alder("stop", "java")
        self.assertEqual(home.states(), {"java": "stopped", "other": "running"})
        self.assertEqual(home.service("java")["reason"], "stopped on request")
        self.assertEqual(home.trees()[0]["intensity"]["used"], 0)
        kinds = {event["kind"] for event in home.events("java")}
        self.assertFalse(kinds & {"exited", "failed", "warning", "restart_planned"}, kinds)

    def test_a_signal_of_somebody_else_is_told_as_such(self):
        home = self.home
        home.up("""
name: reload
children:
  - { service: once, command: sleep 1000, restart: transient }
  - { service: again, command: sleep 1000 }
""")
        for pid in home.pids().values():
            os.kill(pid, signal.SIGHUP)
        home.wait_until("one is back and the other down", lambda: home.states() == {
            "once": "finished", "again": "running"} and home.service("again")["restarts"] == 1)
        for name in ("once", "again"):
            exited, = [event for event in home.events(name) if event["kind"] == "exited"]
            self.assertIn("was killed by SIGHUP, not a stop requested through Alder", exited["text"])
        self.assertIn("clean_signals", home.service("once")["reason"])


if __name__ == "__main__":
    alder.main()
