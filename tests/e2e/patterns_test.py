"""Several services in one command: patterns and `all`, what they start, and a restart that ends where one fails."""

import alder

TREE = """
name: t
children:
  - { service: w-1, shell: true, command: "echo one; exec sleep 1000" }
  - { service: w-2, shell: true, command: "echo two; exec sleep 1000" }
  - { service: x-3, shell: true, command: "echo three; exec sleep 1000" }
  - { service: w-job, task: true, shell: true, command: "echo ran >> ran", schedule: { cron: "0 0 1 1 *" } }
  - { service: w-debug, command: sleep 1000, autostart: false }
"""
OTHER = """
name: other
children:
  - { service: sink, stdin: pipe, command: cat }
"""
POOL = """
name: pools
children:
  - service: api
    instances: 4
    command: sh -c 'test ! -e broken-$ALDER_INSTANCE && exec sleep 1000'
    ready: { after: 200ms }
"""


class Patterns(alder.Scenario):
    def bring_up(self):
        home = self.home
        home.up(TREE)
        home.up(OTHER, name="other.yaml")
        home.wait_until("it runs", lambda: home.states()["x-3"] == "running")

    def test_a_start_of_several_is_like_that_of_their_tree(self):
        home = self.home
        self.bring_up()
        expected = home.states()
        self.assertEqual((expected["w-job"], expected["w-debug"]), ("stopped", "stopped"))
        home.alder("stop", "w-*")
        for words in (["all"], ["w-*"], ["t/*"]):
            home.alder("stop", "w-1")
            said = home.alder("start", *words).said
            self.assertIn("alder start w-job" if words != ["all"] else "w-job", said)
            home.wait_until("the others run", lambda: home.states()["w-1"] == "running")
            self.assertEqual({n: s for n, s in home.states().items() if n in ("w-job", "w-debug")},
                             {"w-job": "stopped", "w-debug": "stopped"})
        home.alder("restart", "w-[jd]*")
        self.assertFalse((home.files / "ran").exists())
        home.alder("start", "w-job", "w-debug")
        home.wait_until("named, they start", lambda: home.states()["w-debug"] == "running" and
                        (home.files / "ran").exists())

    def test_what_looks_takes_patterns(self):
        home = self.home
        self.bring_up()
        home.wait_until("they have spoken", lambda: len(home.alder("logs", "--no-prefix", "all").lines) == 3)
        self.assertEqual(sorted(home.alder("logs", "--no-prefix", "w-?").lines), ["one", "two"])
        self.assertEqual(home.alder("logs", "--no-prefix", "t/x*").lines, ["three"])
        self.assertIn("no service matches 'y-*'", home.alder("logs", "y-*", expect=4).err)
        self.assertEqual({e["name"] for e in home.alder("events", "--json", "w-?").documents}, {"w-1", "w-2"})
        self.assertEqual([d["name"] for d in home.alder("describe", "--json", "w-?").documents], ["w-1", "w-2"])
        self.assertEqual(len(home.alder("logs", "path", "w-?").lines), 4)

    def test_a_follower_sees_what_matches_later(self):
        home = self.home
        self.bring_up()
        follower = home.begin("logs", "-f", "--no-prefix", "w-*")
        heard = alder.Listener(follower.stdout)
        home.wait_until("it follows", lambda: len(heard.lines) == 2)
        home.alder("add", "t", "--name", "w-9", "--", "sh", "-c", "echo nine; exec sleep 1000")
        home.wait_until("the new one is heard", lambda: "nine" in heard.lines)
        follower.terminate()
        follower.wait(alder.PATIENCE)

    def test_what_is_told_to_all_reaches_those_that_run(self):
        home = self.home
        self.bring_up()
        home.alder("stop", "other")
        home.alder("signal", "all", "CONT")
        home.alder("start", "other")
        home.alder("send", "sin*", "hello")
        home.wait_until("it was heard", lambda: home.alder("logs", "--no-prefix", "sink").lines == ["hello"])

    def test_log_files_are_counted(self):
        home = self.home
        self.bring_up()
        home.wait_until("they have spoken", lambda: len(home.alder("logs", "--no-prefix", "all").lines) == 3)
        self.assertEqual(home.alder("logs", "rotate", "w-?").lines, ["rotated 2 files"])
        self.assertEqual(home.alder("logs", "reopen", "x-3").lines, ["reopened 2 files"])
        self.assertEqual(home.alder("logs", "clear", "w-1", "w-2").lines, ["cleared 4 files"])
        self.assertEqual(home.alder("-q", "logs", "rotate").said, "")

    def test_a_restart_ends_at_the_first_that_does_not_come_up(self):
        home = self.home
        home.up(POOL)
        before = home.pids()
        home.write("broken-1", "")
        answer = home.alder("restart", "api:*", expect=1)
        self.assertIn("api:2", answer.err)
        self.assertIn("api:3 were not restarted", answer.err)
        now = home.pids()
        self.assertNotEqual(now["api:0"], before["api:0"])
        self.assertEqual((now["api:2"], now["api:3"]), (before["api:2"], before["api:3"]))

    def test_pools_are_scaled_by_pattern(self):
        home = self.home
        home.up(POOL)
        self.assertIn("2 changed in", home.alder("scale", "a*", "2").out)
        self.assertIn("1 changed in", home.alder("scale", "api", "3").out)
        self.assertEqual(len(home.services()), 3)


if __name__ == "__main__":
    alder.main()
