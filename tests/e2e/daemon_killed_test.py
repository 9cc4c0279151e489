"""alderd is killed: its services do not notice, and its successor knows everything its predecessor knew."""

import datetime
import os
import signal

import alder

MIXED = """
name: mixed
intensity: {{ max_restarts: 20, within: 60s }}
backoff: none
children:
  - {{ service: steady, command: sleep 1000 }}
  - {{ service: idle, command: sleep 1000 }}
  - {{ service: task, command: "true", restart: transient }}
  - supervisor: group
    strategy: rest_for_one
    children:
      - {{ service: first, command: sleep 1000 }}
      - {{ service: second, command: sleep 1000 }}
  - service: speaker
    command: [python3, {speaker}]
"""

# Says "line 1", "line 2" … to both streams, as far as the file "until" tells it to.
SPEAKER = """
import os, sys, time
said = 0
while True:
    try:
        until = int(open("until").read() or 0)
    except OSError:
        until = 0
    while said < until:
        said += 1
        os.write(1, b"line %d\\n" % said)
        os.write(2, b"line %d\\n" % said)
    time.sleep(0.005)
"""


class DaemonKilled(alder.Scenario):
    def bring_up(self):
        self.home.write("speaker.py", SPEAKER)
        self.home.up(MIXED.format(speaker="speaker.py"))
        self.home.wait_until("the task is finished", lambda: self.home.states()["task"] == "finished")

    def lines(self, stream):
        return [line["line"] for line in
                self.home.alder("logs", "--json", "-n", 100000, f"--{stream}", "speaker").documents]

    def say_until(self, number):
        new = self.home.write("until.new", str(number))
        os.rename(new, self.home.files / "until")

    def test_services_go_on_and_are_supervised(self):
        home = self.home
        self.bring_up()
        home.alder("stop", "idle")
        before = home.services()
        old, new = home.kill_daemon()
        self.assertNotEqual(old, new)
        after = home.services()
        for name, service in before.items():
            for field in ("state", "pid", "restarts"):
                self.assertEqual(after[name].get(field), service.get(field), f"{field} of {name}")
        self.assertEqual(after["task"]["last_exit"], before["task"]["last_exit"])
        self.assertEqual(home.info()["epoch"], 2)

        pids = home.pids()
        home.kill("steady")
        pids = self.assert_state_after(pids, "steady")
        home.kill("first")
        self.assert_state_after(pids, "first", "second")
        self.assertEqual(home.states()["idle"], "stopped")
        home.alder("start", "idle")
        self.assertEqual(home.states()["idle"], "running")

    def assert_state_after(self, before, *names):
        home = self.home
        home.wait_until(f"{', '.join(names)} run anew", lambda: all(
            home.pids().get(name, before[name]) != before[name] for name in names))
        after = home.pids()
        self.assertEqual(sorted(name for name in before if after[name] != before[name]), sorted(names))
        return after

    def test_restart_counts_are_kept(self):
        home = self.home
        self.bring_up()
        for _ in range(3):
            before = home.pids()
            home.kill("steady")
            self.assert_state_after(before, "steady")
        home.kill_daemon()
        self.assertEqual(home.service("steady")["restarts"], 3)

    def test_what_is_shown_of_a_node_is_what_was_shown_before(self):
        home = self.home
        self.bring_up()
        home.alder("stop", "idle")
        before = home.pids()
        home.kill("steady")
        home.kill("first")
        self.assert_state_after(before, "steady", "first", "second")
        home.alder("restart", "speaker")

        since = {}

        def shown():
            nodes = {}

            def add(node):
                nodes[node["name"]] = {name: node.get(name) for name in (
                    "state", "reason", "restarts", "last_exit", "generation")}
                since[node["name"]] = datetime.datetime.fromisoformat(node["since"])
                for child in node.get("children", []):
                    add(child)

            for root in home.request("GET", "/v1/tree")[1]["trees"]:
                add(root)
            return nodes

        known, known_since = shown(), dict(since)
        self.assertEqual(known["steady"]["reason"], "restarted because it was killed by SIGKILL")
        self.assertEqual(known["speaker"]["reason"], "started on request")
        for _ in range(2):
            home.kill_daemon()
            home.wait_until("all is taken over", lambda: {name: node["state"] for name, node in shown().items()} ==
                            {name: node["state"] for name, node in known.items()})
            self.assertEqual(shown(), known)
            for name, at in known_since.items():  # two readings of the clocks differ by a little
                self.assertLess(abs(since[name] - at), datetime.timedelta(milliseconds=100), name)
        self.assertIn("steady kept running", home.alder("events", "steady").out)

    def test_a_death_while_the_daemon_was_away_is_noticed(self):
        home = self.home
        self.bring_up()
        for victim, anew in (("steady", ["steady"]), ("first", ["first", "second"]), ("second", ["second"])):
            before, daemon = home.services(), home.info()["pid"]
            pids = {name: service["pid"] for name, service in before.items() if "pid" in service}
            os.kill(daemon, signal.SIGSTOP)  # so that nobody is there when the service dies
            os.kill(pids[victim], signal.SIGKILL)
            home.daemon_kills += 1
            os.kill(daemon, signal.SIGKILL)
            home.wait_for_successor(daemon)
            self.assert_state_after(pids, *anew)
            after = home.services()
            self.assertEqual([after[name]["restarts"] - before[name]["restarts"] for name in anew], [1] * len(anew))
            self.assertEqual(after[victim]["last_exit"]["signal"], "SIGKILL")

    def test_what_was_said_meanwhile_is_in_the_log_once(self):
        home = self.home
        self.bring_up()
        self.say_until(100)
        home.wait_until("100 lines are there", lambda: len(self.lines("out")) == 100 == len(self.lines("err")))
        for round_ in range(2, 7):
            daemon = home.info()["pid"]
            os.kill(daemon, signal.SIGSTOP)
            self.say_until(round_ * 100 - 50)
            home.daemon_kills += 1
            os.kill(daemon, signal.SIGKILL)
            home.wait_for_successor(daemon)
            self.say_until(round_ * 100)
            expected = [f"line {number}" for number in range(1, round_ * 100 + 1)]
            for stream in ("out", "err"):
                home.wait_until("all lines are there", lambda: len(self.lines(stream)) >= len(expected))
                self.assertEqual(self.lines(stream), expected)
        self.assertEqual((home.path / "log/mixed/speaker.out.log").read_text().splitlines(), expected)

    def test_a_follower_of_the_old_daemon_says_a_word_and_goes_on(self):
        home = self.home
        self.bring_up()
        follower = home.begin("events", "-f", "--json")
        follower.stdout.readline()
        home.kill_daemon()
        for line in follower.stdout:
            if b"daemon_started" in line and b"unexpectedly" in line:
                break
        follower.send_signal(signal.SIGINT)
        _, err = follower.communicate(timeout=alder.PATIENCE)
        self.assertEqual(follower.returncode, 130)
        self.assertIn(b"lost the connection to the daemon", err)

    def test_a_restart_window_is_not_reset(self):
        home = self.home
        home.up("""
name: strict
intensity: { max_restarts: 2, within: 10m }
backoff: none
children:
  - { service: weak, command: sleep 1000 }
""")
        for _ in range(2):
            before = home.pids()
            home.kill("weak")
            self.assert_state_after(before, "weak")
            home.kill_daemon()
        self.assertEqual(home.trees()[0]["intensity"]["used"], 2)
        home.kill("weak")
        home.wait_until("the tree has failed", lambda: home.trees()[0]["state"] == "failed")
        self.assertEqual(home.kinds("strict").count("gave_up"), 1)

    def test_a_backoff_goes_on_where_it_was(self):
        home = self.home
        home.up("""
name: patient
intensity: { max_restarts: 100, within: 10m }
backoff: none
children:
  - { service: slow, command: sleep 1000, backoff: { min: 4s, max: 60s, factor: 3, jitter: 0% } }
""")
        home.kill("slow")
        home.wait_until("it waits", lambda: home.states()["slow"] == "backoff")
        due = home.service("slow")["next_attempt"]
        home.kill_daemon()
        now = home.service("slow")
        self.assertEqual(now["state"], "backoff")
        self.assertAlmostEqual(seconds(now["next_attempt"]), seconds(due), delta=0.5)
        home.wait_until("it runs", home.all_run)
        home.kill_daemon()
        home.kill("slow")
        home.wait_until("it waits again", lambda: home.states()["slow"] == "backoff")
        planned = [event["delay_ms"] for event in home.events("slow") if event["kind"] == "restart_planned"]
        self.assertEqual((planned[0], planned[-1]), (4000, 12000))  # the second attempt in a row

    DEAF = "trap '' TERM; echo ready; while :; do sleep 1000 & wait; done"

    def bring_up_deaf(self, strategy="one_for_one"):
        home = self.home
        home.up(f"""
name: stubborn
strategy: {strategy}
children:
  - service: deaf
    shell: true
    command: {self.DEAF}
    stop: {{ timeout: 3s }}
  - {{ service: other, command: sleep 1000 }}
""")
        home.wait_until("it is deaf", lambda: home.alder("logs", "--no-prefix").out == "ready\n")
        return home.pids()

    def kill_daemon_while_stopping(self):
        home = self.home
        home.wait_until("it is being stopped", lambda: home.states()["deaf"] == "stopping")
        home.kill_daemon()

    def test_a_stop_goes_on_under_the_successor(self):
        home = self.home
        pids = self.bring_up_deaf()
        self.assertEqual(home.request("POST", "/v1/services/deaf/stop")[0], 202)
        self.kill_daemon_while_stopping()
        home.wait_until("it is stopped", lambda: home.states()["deaf"] == "stopped")
        self.assertFalse(alder.is_alive(pids["deaf"]))
        self.assertEqual(home.pids(), {"other": pids["other"]})
        self.assertIn("resumed", home.kinds("deaf"))
        home.kill_daemon()
        self.assertEqual(home.states(), {"deaf": "stopped", "other": "running"})

    def test_a_restart_on_request_goes_on_under_the_successor(self):
        home = self.home
        pids = self.bring_up_deaf()
        self.assertEqual(home.request("POST", "/v1/services/deaf/restart")[0], 202)
        self.kill_daemon_while_stopping()
        after = self.assert_state_after(pids, "deaf")
        self.assertFalse(alder.is_alive(pids["deaf"]))
        self.assertEqual(home.service("deaf")["restarts"], 0)
        self.assertEqual(home.pids(), after)

    def test_a_group_restart_goes_on_and_counts_once(self):
        home = self.home
        pids = self.bring_up_deaf("one_for_all")
        home.kill("other")
        self.kill_daemon_while_stopping()
        self.assert_state_after(pids, "deaf", "other")
        home.wait_until("all run", home.all_run)
        self.assertEqual(home.trees()[0]["intensity"]["used"], 1)
        self.assertEqual([service["restarts"] for service in home.services().values()], [1, 1])
        self.assertIn("resumed", home.kinds("other"))

    def assert_stays_down(self, service):
        """Its stop kills the daemon as the first thing that is done for it."""
        home = self.home
        home.up("name: gate\nchildren:\n" + service)
        home.wait_until("it runs", home.all_run)
        pid, daemon = home.pids()["it"], home.info()["pid"]
        home.write("daemon.pid", str(daemon))
        home.daemon_kills += 1
        home.alder("stop", "it", expect=None)
        home.wait_for_successor(daemon)
        home.wait_until("it is stopped", lambda: home.states()["it"] == "stopped")
        self.assertFalse(alder.is_alive(pid))
        self.assertEqual(home.kinds("it").count("started"), 1, home.story())
        self.assertIn("resumed", home.kinds("it"))

    def test_a_stop_command_is_run_after_the_stop_was_written_down(self):
        self.assert_stays_down("""
  - service: it
    command: sleep 1000
    stop: { steps: [{ command: [sh, -c, "kill -9 $(cat daemon.pid); kill -9 $ALDER_PID"], wait: 20s }] }
""")

    def test_a_hook_is_run_after_the_stop_was_written_down(self):
        self.assert_stays_down("""
  - service: it
    command: sleep 1000
    hooks: { before_stop: [sh, -c, "kill -9 $(cat daemon.pid); kill -9 $ALDER_PID"] }
""")

    def test_a_shutdown_message_is_sent_after_the_stop_was_written_down(self):
        self.home.write("ipc.py", """
import os
channel = int(os.environ["NODE_CHANNEL_FD"])
while b"shutdown" not in os.read(channel, 4096):
    pass
os.kill(int(open("daemon.pid").read()), 9)
os._exit(3)
""")
        self.assert_stays_down("""
  - service: it
    command: [python3, ipc.py]
    ipc: true
    stop: { steps: [{ message: shutdown, wait: 20s }] }
""")

    def test_a_removal_goes_on_under_the_successor(self):
        home = self.home
        pids = self.bring_up_deaf()
        self.assertEqual(home.request("DELETE", "/v1/trees/stubborn")[0], 202)
        self.kill_daemon_while_stopping()
        home.wait_until("the tree is gone", lambda: not home.trees())
        self.assertFalse(any(map(alder.is_alive, pids.values())))
        self.assertIn("resumed", home.kinds())

    def test_a_shutdown_goes_on_under_the_successor(self):
        home = self.home
        pids = self.bring_up_deaf()
        self.assertEqual(home.request("POST", "/v1/daemon/shutdown")[0], 202)
        home.wait_until("it is being stopped", lambda: home.states()["deaf"] == "stopping")
        os.kill(home.info()["pid"], signal.SIGKILL)
        home.wait_until("everything is gone", lambda: not home.processes())
        self.assertFalse(any(map(alder.is_alive, pids.values())))


def seconds(text):
    """An ISO time as a number."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    alder.main()
