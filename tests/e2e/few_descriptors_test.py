"""Too few file descriptors: what cannot be started is refused with the numbers, and what runs is not touched."""

import os
import resource
import signal

import alder

PLAIN = """
name: plain
children:
  - { service: web, command: sleep 1000, instances: 40 }
"""


def limited(files):
    """For a program that is started with no more descriptors than that."""
    def set_limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return set_limit


def soft_limited(files):
    def set_limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return set_limit


class FewDescriptors(alder.Scenario):
    def start_daemon(self, preexec):
        started = self.home.begin("daemon", "start", preexec_fn=preexec)
        out, err = started.communicate(timeout=alder.PATIENCE)
        self.assertEqual(started.returncode, 0, (out, err, self.home.story()))

    def test_more_services_than_there_are_descriptors(self):
        home = self.home
        self.start_daemon(limited(256))
        answer = home.up(PLAIN, expect=None, timeout=100)
        self.assertNotEqual(answer.code, 0)
        self.assertRegex(answer.out + answer.err, r"needs \d+ file descriptors, but only \d+ of 256 are free")
        self.assertIn("LimitNOFILE=", answer.out + answer.err)
        self.assertTrue(home.daemon_answers())
        home.alder("down", "plain", timeout=60)

    def test_those_that_run_are_looked_after_as_ever(self):
        home = self.home
        self.start_daemon(limited(256))
        home.alder("start", "--name", "first", "--", "sh", "-c", "sleep 1000 & exec sleep 1000")
        names = ["first"]
        for number in range(60):
            name = f"s{number}"
            if home.alder("start", "--name", name, "--", "sleep", "1000", expect=None).code != 0:
                break
            names.append(name)
        else:
            self.fail("it never ran short")
        self.assertGreater(len(names), 5)
        pids = {name: pid for name, pid in home.pids().items() if name in names}
        members = home.members_of("first")
        self.assertEqual(len(members), 2)
        before = home.info()["pid"]
        os.kill(before, signal.SIGKILL)  # a new daemon takes them over
        home.daemon_kills += 1
        home.wait_for_successor(before)
        self.assertEqual({name: home.pids()[name] for name in names}, pids)
        keeper = home.keeper_pid()
        os.kill(keeper, signal.SIGKILL)  # and a new keeper
        home.wait_until("another keeper serves", lambda: home.keeper_pid() not in (None, keeper))
        home.wait_until("it answers", home.daemon_answers)
        self.assertEqual({name: home.pids()[name] for name in names}, pids)
        home.kill(names[1])  # a restart needs no more than there was
        home.wait_until("it runs anew", lambda: home.pids().get(names[1]) not in (None, pids[names[1]]))
        home.alder("stop", "first", timeout=15)  # far below the 20 s of one who is taken for still there
        self.assertFalse(any(one.is_alive() for one in members))

    def test_connections_leave_enough_for_services(self):
        home = self.home
        self.start_daemon(limited(256))
        home.alder("start", "--name", "a", "--", "sleep", "1000")
        followers = [home.begin("events", "-f") for _ in range(70)]
        home.wait_until("some are refused", lambda: any(one.poll() is not None for one in followers))
        refused = next(one for one in followers if one.poll() is not None)
        self.assertIn(b"of its 256 file descriptors are free", refused.communicate()[1])
        home.alder("ls", timeout=60)  # what only asks, and what changes something, has room all the same
        home.alder("start", "--name", "b", "--", "sleep", "1000", timeout=60)
        for one in followers:
            one.kill()
            one.communicate()

    def test_a_low_soft_limit_is_raised_and_given_back_to_services(self):
        home = self.home
        self.start_daemon(soft_limited(32))
        home.up("name: soft\nchildren:\n  - { service: says, command: [sh, -c, 'ulimit -Sn; exec sleep 1000'], "
                "instances: 20 }\n")
        home.wait_until("it said so", lambda: "32" in home.alder("logs", "says:0").out)
        keeper = home.keeper_pid()
        os.kill(keeper, signal.SIGKILL)
        home.wait_until("another keeper serves", lambda: home.keeper_pid() not in (None, keeper))
        home.alder("restart", "says:0")
        home.wait_until("the same under the next keeper",
                        lambda: home.alder("logs", "says:0").out.count("32\n") >= 2)

    def test_a_services_own_limit_is_its_own(self):
        home = self.home
        text = "name: own\nchildren:\n"
        for files in range(1, 11):
            text += (f"  - {{ service: f{files}, command: [sh, -c, 'ulimit -n >&2; exec sleep 1000'], "
                     f"restart: temporary, rlimits: {{ nofile: {files} }} }}\n")
        answer = home.up(text + "  - { service: other, command: sleep 1000 }\n", expect=None)
        self.assertEqual(home.service("other")["state"], "running", f"{answer}\n{home.story()}")
        for name, service in home.services().items():
            events = " ".join(event["text"] for event in home.events(name))
            self.assertNotIn("EMFILE", events)  # its loader may have said so, in its own output
            self.assertNotIn("could not start", events, name)


if __name__ == "__main__":
    alder.main()
