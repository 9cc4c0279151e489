"""What is done around programs: tasks, parallel starts, schedules, file watches, hooks, and what programs use."""

import sys

import alder


class Routines(alder.Scenario):
    def lines(self, name):
        path = self.home.files / name
        if not path.exists():
            return []
        return path.read_text().splitlines()

    def kinds(self, *names):
        return [(e["kind"], e["name"]) for e in self.home.events() if e.get("name") in names]

    def test_children_start_together_as_far_as_they_do_not_wait(self):
        self.home.up("""
name: t
start: parallel
children:
  - service: web
    command: sleep 1000
    after: [migrate (completed), cache]
  - service: cache
    command: sh -c 'while [ ! -e db.ready ]; do sleep 0.02; done; touch cache.ready; exec sleep 1000'
    ready: { file: cache.ready }
  - service: db
    command: sh -c 'touch db.ready; while [ ! -e cache.ready ]; do sleep 0.02; done; exec sleep 1000'
    ready: { file: cache.ready }    # each waits for the other: one after the other they could never start
  - service: migrate
    task: true
    command: sh -c 'echo migrated >> done'
    ready: { file: done }
    after: db (ready)
""")
        self.assertEqual(self.home.states(), {"web": "running", "cache": "running", "db": "running", "migrate": "finished"})
        told = self.kinds("web", "cache", "db", "migrate")
        self.assertLess(told.index(("started", "db")), told.index(("starting", "migrate")))
        self.assertLess(told.index(("exited", "migrate")), told.index(("started", "web")))
        self.assertEqual(self.lines("done"), ["migrated"])
        self.home.alder("restart", "migrate")
        self.home.wait_until("it ran again", lambda: self.lines("done") == ["migrated"] * 2)

    def test_a_task_that_fails_undoes_the_start(self):
        answer = self.home.up("""
name: t
children:
  - service: migrate
    task: true
    command: sh -c 'exit 3'
  - service: web
    command: sleep 1000
    after: migrate (completed)
""", expect=1)
        self.assertIn("migrate", answer.said)
        self.assertIn("exited with code 3", answer.said)

    def test_a_circle_is_printed(self):
        path = self.home.write("alder.yaml", """
name: t
children:
  - { service: a, command: x, after: b }
  - { service: b, command: x, after: a }
""")
        self.assertIn("a -> b -> a", self.home.alder("check", path, expect=2).said)

    def test_a_schedule_runs_a_task_and_restarts_a_service(self):
        home = self.home
        home.up("""
name: t
children:
  - service: job
    task: true
    command: sh -c 'echo run >> runs'
    schedule: { cron: "* * * * * *", zone: UTC }
  - service: web
    command: sleep 1000
    schedule: { max_age: 2s }
""")
        first = home.services()["web"]["pid"]
        home.wait_until("the task ran twice", lambda: len(self.lines("runs")) >= 2)
        home.wait_until("the service was renewed", lambda: home.services()["web"].get("pid", first) != first)
        self.assertEqual(home.services()["web"]["restarts"], 0)
        self.assertIn("next_run", home.services()["job"])
        home.alder("stop", "job")
        home.kill_daemon()  # what was stopped stays so for the next daemon too
        ran = len(self.lines("runs"))
        home.wait_until("the next daemon renews the service too",
                        lambda: home.daemon_answers() and
                        sum("max_age" in e["text"] for e in home.events("web")) >= 4)
        self.assertEqual(len(self.lines("runs")), ran)

    def test_what_an_interpreter_caches_does_not_restart(self):
        home = self.home
        home.write("helper.py", "SPEED = 1")
        home.write("app.py", "import helper, time\nopen('starts.log', 'a').write('x\\n')\ntime.sleep(1000)\n")
        home.up(f"""
name: t
children:
  - service: web
    command: [{sys.executable}, app.py]
    env: {{ PYTHONDONTWRITEBYTECODE: "" }}
    watch: {{ debounce: 50ms }}
""")
        home.wait_until("the byte code is there", lambda: list(home.files.glob("__pycache__/*.pyc")))
        home.wait_until("it has begun", lambda: self.lines("starts.log") == ["x"])
        with self.assertRaises(AssertionError):  # several times the debounce
            alder.wait_until("it is restarted", lambda: len(self.lines("starts.log")) > 1, deadline=1.0)
        home.write("helper.py", "SPEED = 2")
        home.wait_until("a change of its own restarts it", lambda: len(self.lines("starts.log")) == 2)

    def test_a_changed_file_restarts(self):
        home = self.home
        (home.files / "src").mkdir()
        home.write("src/a.txt", "1")
        home.up("""
name: t
children:
  - service: web
    command: sh -c 'cat src/a.txt >> seen; echo >> seen; exec sleep 1000'
    watch: { paths: [src], content: true, debounce: 50ms }
""")
        home.wait_until("it has begun", lambda: self.lines("seen") == ["1"])
        home.write("src/x.log", "ignored")
        home.write("src/a.txt", "1")  # the same
        home.write("src/a.txt", "2")
        home.wait_until("it runs with the new text", lambda: self.lines("seen") == ["1", "2"])
        home.wait_until("it runs", home.all_run)
        self.assertEqual(home.services()["web"]["restarts"], 0)
        self.assertIn("because a file changed", home.services()["web"]["reason"])
        home.kill_daemon()
        home.wait_until("the next daemon is there", home.daemon_answers)
        # It looks at the files beside its other work, so that a change of the first moment may be what it found there.
        for text in range(3, 33):
            home.write("src/a.txt", str(text))
            try:
                alder.wait_until("it still is watched", lambda: len(self.lines("seen")) > 2, deadline=1.0)
                break
            except AssertionError:
                continue
        self.assertEqual(self.lines("seen")[:2], ["1", "2"])
        self.assertGreater(len(self.lines("seen")), 2, "it still is watched")

    def test_hooks_run_in_order_and_know_how_it_ended(self):
        home = self.home
        home.up("""
name: t
children:
  - service: web
    command: sh -c 'echo run >> told; exec sleep 1000'
    hooks:
      before_start: sh -c 'echo $ALDER_HOOK $ALDER_SERVICE >> told'
      after_start: sh -c 'echo $ALDER_HOOK $((ALDER_PID > 1)) > started'
      before_stop: sh -c 'echo $ALDER_HOOK >> told'
      after_exit: sh -c 'echo $ALDER_HOOK $ALDER_EXIT_SIGNAL $ALDER_EXIT_REASON >> told'
""")
        home.wait_until("the hook after its start ran", lambda: self.lines("started") == ["after_start 1"])
        home.alder("stop", "web")
        self.assertEqual(self.lines("told"), ["before_start web", "run", "before_stop",
                                              "after_exit SIGTERM was killed by SIGTERM"])

    def test_a_failed_hook_before_the_start_fails_it(self):
        answer = self.home.up("""
name: t
children:
  - service: web
    command: sleep 1000
    hooks: { before_start: "sh -c 'exit 4'" }
""", expect=1)
        self.assertIn("its hook before_start failed", answer.said)

    def test_what_it_uses_is_that_of_all_its_processes(self):
        home = self.home
        home.up("""
name: t
children:
  - service: two
    command: sh -c 'sleep 1000 & wait'
  - service: down
    command: sleep 1000
""")
        home.alder("stop", "down")
        home.wait_until("both processes are there", lambda: home.services()["two"]["usage"]["processes"] == 2)
        usage = self.home.alder("describe", "two", "--json").json["usage"]
        self.assertGreater(usage["memory"], 100_000)
        self.assertGreater(usage["pss"], 0)
        self.assertGreaterEqual(usage["fds"], 6)
        self.assertEqual(usage["threads"], 2)
        self.assertNotIn("usage", home.services()["down"])
        self.assertIn("CPU", home.alder("ls").out)


if __name__ == "__main__":
    alder.main()
