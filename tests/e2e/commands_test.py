"""The everyday commands on a small tree: what they do, what they print, and their exit codes."""

import json
import signal

import alder

SMALL = """
name: small
children:
  - service: front
    shell: true
    command: echo front is here; exec sleep 1000
  - supervisor: back
    strategy: rest_for_one
    children:
      - service: db
        shell: true
        command: echo db is here >&2; exec sleep 1000
  - service: job
    command: "true"
    restart: transient
"""
ALL = {"front": "running", "db": "running", "job": "finished"}


class Commands(alder.Scenario):
    def bring_up(self):
        self.home.up(SMALL)
        self.home.wait_until("the job is finished", lambda: self.home.states() == ALL)

    def test_up_starts_a_tree_and_down_stops_it(self):
        up = self.home.up(SMALL)
        self.assertIn(" started in ", up.out)
        self.assertEqual(up.err, "")
        self.home.wait_until("the job is finished", lambda: self.home.states() == ALL)
        pids = self.home.pids()

        down = self.home.alder("down", "small")
        self.assertIn("2 stopped in ", down.out)
        self.assertEqual(self.home.services(), {})
        self.assertFalse(any(alder.is_alive(pid) for pid in pids.values()))

    def test_a_second_up_changes_nothing(self):
        self.bring_up()
        before = self.home.steady_services()
        again = self.home.alder("up", self.home.files / "alder.yaml")
        self.assertIn("unchanged", again.out)
        self.assertEqual(self.home.steady_services(), before)
        self.assertEqual(self.home.alder("up", "--json").documents[-1]["changed"], False)

    def test_a_change_that_fails_when_nobody_waits_for_it_is_told_as_an_event(self):
        home = self.home
        home.up("name: quiet\nchildren:\n  - { service: web, command: sleep 1000 }\n")
        home.alder("stop", "quiet")
        name = "web"
        target = f"/v1/services/{name}/start"
        self.assertEqual(home.request("POST", target)[0], 202)
        told = home.wait_until("it is told", lambda: [
            event for event in home.events()
            if event["kind"] == "warning" and f"the request POST {target} failed: " in event["text"]])
        self.assertEqual((told[0]["name"], len(told)), (name, 1))
        self.assertIn("its supervisor is down", told[0]["text"])
        self.assertEqual(home.request("POST", f"/v1/services/{name}/start?wait=10s")[0], 409)
        self.assertEqual(len([event for event in home.events() if "failed: " in event["text"]]), 1,
                         "who waits is told by the answer")

    def test_another_text_for_a_tree_that_is_up_is_refused(self):
        self.bring_up()
        before = self.home.pids()
        answer = self.home.up(SMALL.replace("1000", "2000"), expect=1)
        self.assertIn("alder apply", answer.err)
        self.assertEqual(self.home.pids(), before)

    def test_stop_start_and_restart_may_be_said_twice(self):
        self.bring_up()
        for command, state, changed in (("stop", "stopped", True), ("stop", "stopped", False),
                                        ("start", "running", True), ("start", "running", False)):
            done = self.home.alder(command, "db", "--json").documents[-1]
            self.assertEqual((done["ok"], done["changed"]), (True, changed), f"{command} to {state}")
            self.assertEqual(self.home.service("db")["state"], state)
        before = self.home.pids()
        self.home.alder("restart", "db")
        after = self.home.pids()
        self.assertNotEqual(after["db"], before["db"])
        self.assertEqual(after["front"], before["front"])
        self.assertEqual(self.home.service("db")["restarts"], 0, "a restart that was asked for is no failure")

    def test_what_others_do_meanwhile_is_not_told_nor_counted(self):
        self.home.up("""
name: busy
intensity: { max_restarts: 100000, within: 1s }
children:
  - { service: crasher, shell: true, command: sleep 0.02; exit 1, backoff: none }
  - service: slow
    shell: true
    command: trap 'sleep 0.5; exit 0' TERM; echo set; while :; do sleep 1000 & wait; done
    ready: { log: set }
  - { service: pool, command: sleep 1000, instances: 2 }
""")
        for words in (["stop", "slow"], ["start", "slow"], ["restart", "slow"], ["scale", "pool", "3"]):
            about = words[1]
            restarts = self.home.service("crasher")["restarts"]
            seen = self.home.alder(words[0], "--json", *words[1:]).documents
            names = {one["name"].split(":")[0] for one in seen if one.get("name")}
            self.assertEqual(names, {about}, seen)
            self.home.wait_until("it crashed meanwhile", lambda: self.home.service("crasher")["restarts"] > restarts)
        self.assertIn("1 stopped in ", self.home.alder("stop", "slow").out)

    def test_a_supervisor_stops_and_starts_with_all_below(self):
        self.bring_up()
        self.home.alder("stop", "back")
        self.assertEqual(self.home.states(), {"front": "running", "db": "stopped", "job": "finished"})
        self.home.alder("start", "back")
        self.home.wait_until("all is back", lambda: self.home.states() == ALL)

    def test_down_of_what_is_not_up_is_no_failure_unless_nobody_knows_the_name(self):
        file = self.home.write("alder.yaml", SMALL)
        self.assertIn("no daemon is running", self.home.alder("down", file, expect=5).err)
        self.home.alder("daemon", "start")
        self.assertIn("is not up", self.home.alder("down", file).said)
        self.assertIn("'small'", self.home.alder("down", "small", expect=4).err)

    def test_json_of_every_command_has_the_schema(self):
        self.bring_up()
        for words in (["ls"], ["tree"], ["tree", "--all"], ["describe", "db"], ["describe", "back"], ["info"], ["ping"],
                      ["paths"], ["daemon", "status"]):
            self.assertEqual(self.home.alder(*words, "--json").json["schema"], 1, words)
        complaint = self.home.alder("describe", "nobody", "--json", expect=4).json
        self.assertEqual(complaint["schema"], 1)
        self.assertIn("nobody", json.dumps(complaint["error"]))

    def test_tree_shows_what_the_configuration_says(self):
        self.bring_up()
        root, = self.home.trees()
        self.assertEqual((root["name"], root["strategy"], root["state"]), ("small", "one_for_one", "running"))
        self.assertEqual([child["name"] for child in root["children"]], ["front", "back", "job"])
        back = root["children"][1]
        self.assertEqual((back["strategy"], back["intensity"]["max"]), ("rest_for_one", 20))
        self.assertEqual([child["name"] for child in back["children"]], ["db"])
        text = self.home.alder("tree").out
        for word in ("small", "front", "back", "rest_for_one", "restarts 0/20 in 1m"):
            self.assertIn(word, text)

    def test_describe_tells_everything_about_a_node(self):
        self.bring_up()
        detail = self.home.alder("describe", "db", "--json").json["detail"]
        self.assertEqual(detail["path"], ["small", "back", "db"])
        self.assertEqual([process["pid"] for process in detail["processes"]], [self.home.service("db")["pid"]])
        text = self.home.alder("describe", "db").out
        for word in ("running", "small", "rest_for_one", "SIGTERM, SIGKILL after 10s", "db is here"):
            self.assertIn(word, text)

    def test_logs_and_events_show_lines_in_their_order(self):
        self.bring_up()
        lines = self.home.wait_until("both have spoken", lambda: [
            found for found in [self.home.alder("logs", "--json").documents] if len(found) == 2][0:1])[0]
        self.assertEqual(sorted((line["service"], line["stream"], line["line"]) for line in lines),
                         [("db", "err", "db is here"), ("front", "out", "front is here")])
        self.assertEqual(self.home.alder("logs", "--err", "--no-prefix").out, "db is here\n")
        events = self.home.events()
        numbers = [event["seq"] for event in events]
        self.assertEqual(numbers, sorted(set(numbers)))
        started = [event["name"] for event in events if event["kind"] == "started"]
        self.assertEqual(started, ["front", "db", "back", "job", "small"])
        self.assertEqual({event["name"] for event in self.home.events("db")}, {"db"})

    def test_events_can_be_searched_and_followed(self):
        home = self.home
        self.bring_up()
        found = home.alder("events", "--since", "1h", "--grep", "^(front|db) is running", "--json").documents
        self.assertEqual([event["name"] for event in found], ["front", "db"])
        last = home.alder("events", "--grep", "^(front|db) is running", "-n", "1", "--json").documents
        self.assertEqual([event["name"] for event in last], ["db"])
        nothing = home.alder("events", "--since", "2100-01-01", "--grep", "running")
        self.assertEqual((nothing.out, nothing.err), ("", ""))
        for words, what in ((("--grep", "(a"), "--grep is not a valid regular expression"),
                            (("--since", "yesterday"), "cannot read 'yesterday' as a time")):
            self.assertIn(what, home.alder("events", *words, expect=2).err)

        follower = home.begin("events", "-f", "--since", "1h", "--grep", "^db (is running|was stopped)", "--json")
        self.assertIn(b"db is running", follower.stdout.readline())
        home.alder("stop", "front")  # is left out
        home.kill_daemon()
        home.alder("stop", "db")
        self.assertIn(b"db was stopped", follower.stdout.readline())
        follower.send_signal(signal.SIGINT)
        follower.communicate(timeout=alder.PATIENCE)
        self.assertEqual(follower.returncode, 130)

    def test_without_a_daemon_the_exit_code_says_so(self):
        for words in (["ls"], ["tree"], ["logs"], ["events"], ["describe", "db"], ["stop", "db"], ["info"], ["ping"],
                      ["daemon", "status"]):
            answer = self.home.alder(*words, expect=5)
            self.assertEqual(answer.out, "", words)
            self.assertIn("no daemon is running", answer.err)
        self.assertIsNone(self.home.keeper_pid(), "looking starts no daemon")

    def test_an_unknown_name_is_answered_with_a_suggestion(self):
        self.bring_up()
        for words in (["describe", "fornt"], ["stop", "fornt"], ["start", "fornt"], ["restart", "fornt"],
                      ["logs", "fornt"], ["events", "fornt"]):
            answer = self.home.alder(*words, expect=4)
            self.assertEqual(answer.out, "", words)
            self.assertIn("did you mean 'front'?", answer.err, words)

    def test_timeout_ends_the_waiting_and_not_the_operation(self):
        config = """
name: slow
children:
  - service: late
    command: sleep 1000
    ready: { after: 2s }
"""
        self.home.up(config, "--timeout", "200ms", expect=6)
        self.home.wait_until("it runs in the end", lambda: self.home.states() == {"late": "running"})


if __name__ == "__main__":
    alder.main()
