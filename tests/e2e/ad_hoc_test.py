"""Programs without a configuration: `alder start -- COMMAND`."""

import alder


class AdHoc(alder.Scenario):
    def test_a_program_is_started_and_behaves_like_any_service(self):
        home = self.home
        home.alder("start", "--", "sleep", "1000")
        self.assertEqual(home.states(), {"sleep": "running"})
        self.assertEqual(home.service("sleep")["tree"], "adhoc.sleep")
        before = home.pids()
        home.kill("sleep")
        self.assert_runs_anew(before, "sleep")

        home.alder("stop", "sleep")
        self.assertEqual(home.states(), {"sleep": "stopped"})
        home.alder("start", "sleep")
        self.assertEqual(home.states(), {"sleep": "running"})
        before = home.pids()
        home.alder("restart", "sleep")
        self.assert_runs_anew(before, "sleep")
        home.alder("down", "sleep")
        self.assertEqual(home.services(), {})

    def test_a_name_that_is_taken_is_refused(self):
        home = self.home
        home.alder("start", "--", "sleep", "1000")
        before = home.steady_services()
        answer = home.alder("start", "--", "sleep", "2000", expect=1)
        self.assertIn("'sleep'", answer.err)
        self.assertIn("--name", answer.err)
        self.assertEqual(home.steady_services(), before)
        home.alder("start", "--name", "nap", "--", "sleep", "2000")
        self.assertEqual(home.states(), {"sleep": "running", "nap": "running"})

    def test_it_gets_the_directory_the_environment_and_the_words_of_its_caller(self):
        home = self.home
        (home.files / "there").mkdir()
        home.alder("start", "--name", "echo", "--cwd", "there", "--restart", "temporary", "--", "sh", "-c",
                   'pwd; echo "$COLOUR"; printf "<%s>" "$@"; echo', "sh", "two words", "", "$HOME",
                   variables={"COLOUR": "dark green"})
        home.wait_until("it has ended", lambda: home.states() == {"echo": "finished"})
        self.assertEqual(home.alder("logs", "--no-prefix").lines,
                         [str(home.files / "there"), "dark green", "<two words><><$HOME>"])

    def test_a_crash_loop_stays_visible_in_backoff(self):
        home = self.home
        home.alder("start", "--name", "loop", "--", "sh", "-c", "echo no luck; exit 9", expect=None)
        home.wait_until("it waits for its fifth restart", lambda: home.states() == {"loop": "backoff"} and
                        home.service("loop")["restarts"] >= 4)
        self.assertIn("code 9", home.service("loop")["reason"])
        root, = home.trees()
        self.assertEqual(root["state"], "running", "its supervisor does not give up")
        self.assertIn("backoff", home.alder("ls").out)
        home.alder("down", "loop")
        self.assertEqual(home.services(), {})

    def test_a_program_that_cannot_run_is_an_error_and_leaves_nothing(self):
        home = self.home
        answer = home.alder("start", "--", "./not-there", expect=1)
        self.assertIn("not-there", answer.err)
        self.assertEqual(home.pids(), {})
        home.write("not-there", "#!/bin/sh\nexec sleep 1000\n").chmod(0o755)
        home.alder("start", "not-there")
        self.assertEqual(home.states(), {"not-there": "running"})

    def test_restart_policies(self):
        home = self.home
        home.alder("start", "--name", "once", "--restart", "temporary", "--", "sh", "-c", "exit 3")
        home.alder("start", "--name", "good", "--restart", "transient", "--", "true")
        home.wait_until("both have ended", lambda: home.states() == {"once": "failed", "good": "finished"})
        self.assertEqual([service["restarts"] for service in home.services().values()], [0, 0])

    def test_it_survives_the_daemon(self):
        home = self.home
        home.alder("start", "--", "sleep", "1000")
        before = home.pids()
        home.kill_daemon()
        self.assertEqual(home.pids(), before)
        home.kill("sleep")
        self.assert_runs_anew(before, "sleep")


if __name__ == "__main__":
    alder.main()
