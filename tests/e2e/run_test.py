"""`alder run`: a tree in the foreground, whose result is the exit code."""

import os
import pathlib
import signal

import alder

TASKS = """
name: tasks
children:
  - { service: first, command: [sh, -c, "echo first is done"], restart: transient }
  - { service: second, command: [sh, -c, "echo second is done >&2"], restart: transient }
"""
LASTING = """
name: lasting
children:
  - service: outer
    shell: true
    command: trap 'echo outer ends; exit 0' TERM; echo outer runs; while :; do sleep 1000 & wait; done
  - service: inner
    shell: true
    command: trap 'echo inner ends; exit 0' TERM; echo inner runs; while :; do sleep 1000 & wait; done
"""


class Run(alder.Scenario):
    def start(self, text, *words, runs=2):
        """Begins a run and waits until so many services have spoken."""
        run = self.home.begin("run", "--no-prefix", self.home.write("alder.yaml", text), *words)
        heard, complaints = alder.Listener(run.stdout), alder.Listener(run.stderr)
        self.home.wait_until("they run", lambda: sum("runs" in line for line in heard.lines) == runs)
        return run, heard, complaints

    def end(self, run, heard):
        code = run.wait(alder.PATIENCE)
        heard.thread.join(alder.PATIENCE)
        self.home.wait_until("nothing is left", lambda: not self.home.processes(), deadline=5)
        return code

    def test_it_ends_with_0_when_all_tasks_are_finished(self):
        answer = self.home.alder("run", "--no-prefix", self.home.write("alder.yaml", TASKS))
        self.assertEqual(sorted(answer.lines), ["first is done", "second is done"])
        self.assertNotIn("alder-keeper", answer.err, "where all is well the keeper says nothing")
        self.assertNotIn("alderd", answer.err)
        self.assertEqual(self.home.processes(), set())

    def test_json_lines_are_log_lines(self):
        answer = self.home.alder("run", "--json", self.home.write("alder.yaml", TASKS))
        self.assertEqual(sorted((line["service"], line["stream"], line["line"]) for line in answer.documents),
                         [("first", "out", "first is done"), ("second", "err", "second is done")])

    def test_it_ends_with_1_when_a_task_failed(self):
        answer = self.home.alder("run", self.home.write("alder.yaml", """
name: tasks
children:
  - { service: good, command: "true", restart: temporary }
  - { service: bad, command: [sh, -c, "echo sorry; exit 3"], restart: temporary }
"""), expect=1)
        self.assertIn("bad", answer.err)
        self.assertIn("code 3", answer.err)
        self.assertIn("sorry", answer.out)

    def test_it_ends_with_1_when_the_start_fails(self):
        answer = self.home.alder("run", self.home.write("alder.yaml", """
name: t
children:
  - { service: a, command: sleep 1000 }
  - { service: b, command: ./not-there }
"""), expect=1)
        self.assertIn("not-there", answer.err)
        self.assertEqual(self.home.processes(), set())

    def test_sigterm_and_sigint_stop_it_in_order(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            run, heard, _ = self.start(LASTING)
            run.send_signal(number)
            self.assertEqual(self.end(run, heard), code)
            self.assertEqual(heard.lines[-2:], ["inner ends", "outer ends"])

    def test_a_second_signal_does_not_wait(self):
        run, heard, complaints = self.start("""
name: t
children:
  - service: deaf
    shell: true
    command: trap '' TERM; echo deaf runs; while :; do sleep 1000; done
    stop: { timeout: 100s }
""", runs=1)
        run.send_signal(signal.SIGTERM)
        self.home.wait_until("it stops", lambda: any("press Ctrl-C again to kill" in line for line in complaints.lines))
        run.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(run, heard), 143)

    def test_a_run_that_is_killed_takes_all_along(self):
        run, heard, _ = self.start(LASTING)
        family = self.home.processes()
        self.assertGreater(len(family), 4)
        run.kill()
        self.end(run, heard)
        self.assertEqual([str(one) for one in family if one.is_alive()], [])
        again, heard, _ = self.start(LASTING)
        again.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(again, heard), 143)

    def test_a_run_that_is_killed_while_it_starts_leaves_nothing(self):
        home = self.home
        file = home.write("alder.yaml", LASTING)
        for number in range(20):
            run = home.begin("run", file)
            children = pathlib.Path(f"/proc/{run.pid}/task/{run.pid}/children")
            while not children.read_text():  # the moment in which its keeper is born
                self.assertIsNone(run.poll())
            run.send_signal((signal.SIGKILL, signal.SIGTERM)[number % 2])
            run.wait(alder.PATIENCE)
            home.wait_until("nothing is left", lambda: not home.processes(), deadline=15)

    def test_it_goes_on_when_its_daemon_is_killed(self):
        run, heard, _ = self.start(LASTING)
        before = self.home.pids()
        self.home.kill_daemon()
        self.assertEqual(self.home.pids(), before)
        os.kill(before["inner"], signal.SIGKILL)
        self.home.wait_until("the next inner is heard", lambda: heard.lines.count("inner runs") == 2)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(run, heard), 143)
        self.assertEqual(heard.lines.count("outer runs"), 1, heard.lines)

    def test_beside_a_daemon_it_has_a_home_of_its_own(self):
        home = self.home
        home.up("name: tasks\nchildren:\n  - { service: other, command: sleep 1000 }\n", name="other.yaml")
        before = home.pids()
        answer = home.alder("run", "--no-prefix", home.write("alder.yaml", TASKS))
        self.assertEqual(sorted(answer.lines), ["first is done", "second is done"])
        self.assertIn("own home", answer.err)
        self.assertEqual(home.pids(), before)
        self.assertEqual(list(home.path.glob("*/run-*")), [], "its home is removed")

    def test_two_runs_at_once_do_not_disturb_each_other(self):
        file = self.home.write("alder.yaml", TASKS)
        runs = [self.home.begin("run", "--no-prefix", file) for _ in range(4)]
        for run in runs:
            out, err = run.communicate(timeout=alder.PATIENCE)
            self.assertEqual(run.returncode, 0, err)
            self.assertEqual(sorted(out.decode().splitlines()), ["first is done", "second is done"])


if __name__ == "__main__":
    alder.main()
