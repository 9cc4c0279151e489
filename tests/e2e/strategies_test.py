"""A process is killed: who starts again depends on the strategy, and the events say because of whom."""

import alder

SERVICE = """
  - service: {name}
    command: sleep 1000
"""


def tree(strategy):
    services = "".join(SERVICE.format(name=name) for name in "abcd")
    rules = "backoff: none\nintensity: { max_restarts: 20, within: 60s }"
    return f"name: team\nstrategy: {strategy}\n{rules}\nchildren:{services}"


class Strategies(alder.Scenario):
    def kill(self, strategy, victim, *expected):
        home = self.home
        home.up(tree(strategy))
        before = home.pids()
        last = home.events()[-1]["seq"]
        home.kill(victim)
        after = self.assert_runs_anew(before, *expected)
        events = [event for event in home.events() if event["seq"] > last]

        exited = [event for event in events if event["kind"] == "exited"]
        self.assertEqual([(event["name"], event["exit"]["text"]) for event in exited], [(victim, "SIGKILL")])
        started = [event for event in events if event["kind"] == "started"]
        self.assertEqual([event["name"] for event in started], list(expected), "in the order of the file")
        self.assertEqual({event["name"]: event["pid"] for event in started}, {name: after[name] for name in expected})
        for event in started:
            cause = event["cause"]
            if event["name"] == victim:
                self.assertEqual(cause["kind"], "own_exit", event)
            else:
                self.assertEqual((cause["kind"], cause["origin"], cause["strategy"]),
                                 ("sibling_exit", victim, strategy))
                self.assertIn(victim, event["text"])
                self.assertIn(strategy, event["text"])
        stopped = [event["name"] for event in events if event["kind"] == "stopped"]
        self.assertEqual(stopped, [name for name in reversed(expected) if name != victim], "in reverse order")
        restarts = {name: service["restarts"] for name, service in home.services().items()}
        self.assertEqual(restarts, {name: int(name in expected) for name in restarts})
        root, = home.trees()
        self.assertEqual(root["intensity"]["used"], 1, "a death counts once, however many start again")

    def test_one_for_one_replaces_the_one_that_died(self):
        self.kill("one_for_one", "b", "b")

    def test_rest_for_one_replaces_it_and_those_after_it(self):
        self.kill("rest_for_one", "b", "b", "c", "d")

    def test_rest_for_one_of_the_last_replaces_the_last(self):
        self.kill("rest_for_one", "d", "d")

    def test_one_for_all_replaces_all(self):
        self.kill("one_for_all", "c", "a", "b", "c", "d")

    def test_one_instance_of_a_pool_is_replaced_alone(self):
        self.home.up("""
name: pooled
strategy: one_for_all
children:
  - service: worker
    shell: true
    command: echo instance ${INSTANCE} of ${INSTANCES}; exec sleep 1000
    instances: 3
  - service: other
    command: sleep 1000
""")
        before = self.home.pids()
        self.assertEqual(sorted(before), ["other", "worker:0", "worker:1", "worker:2"])
        self.home.kill("worker:1")
        self.assert_runs_anew(before, "worker:1")
        said = self.home.wait_until("the instance has spoken again", lambda: [
            lines for lines in [self.home.alder("logs", "worker:1", "--no-prefix").lines] if len(lines) == 2])
        self.assertEqual(said, [["instance 1 of 3"] * 2])

    def test_transient_and_temporary_services_end_as_they_should(self):
        self.home.up("""
name: kinds
children:
  - { service: good, command: "true", restart: transient }
  - { service: bad, command: [sh, -c, "test -e done || { touch done; exit 3; }"], restart: transient }
  - { service: once, command: [sh, -c, "exit 4"], restart: temporary }
""")
        self.home.wait_until("all have ended", lambda: self.home.states() == {
            "good": "finished", "bad": "finished", "once": "failed"})
        exits = {name: (service["restarts"], service["last_exit"]["text"])
                 for name, service in self.home.services().items()}
        self.assertEqual(exits, {"good": (0, "code 0"), "bad": (1, "code 0"), "once": (0, "code 4")})


if __name__ == "__main__":
    alder.main()
