"""A control group of its own: nothing of a service escapes it, crashes change nothing, and no directory stays."""

import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import alder

# Its last process has left session, parents and environment behind; without a group nobody could tell whose it is.
FAR = """
name: far
children:
  - service: parent
    shell: true
    command: "(setsid prlimit --locks=unlimited env -i sh -c 'sleep 4001 & exec sleep 4002' &); exec sleep 4000"
    cgroup: true
    stop: { timeout: 5s }
  - { service: pool, command: sleep 4100, cgroup: true, instances: 2 }
"""


def base():
    """The directory of the group this test runs in, None where there is no writable cgroup v2."""
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    own = [line[3:] for line in lines if line.startswith("0::")]
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        words = line.split()
        if own and words[words.index("-") + 1] == "cgroup2" and words[3] == "/":
            found = pathlib.Path(words[4] + own[0])
            try:
                os.rmdir(tempfile.mkdtemp(prefix="alder-probe-", dir=found))
            except OSError:
                return None
            return found
    return None


@unittest.skipUnless(base(), "there is no writable cgroup v2 here")
class Cgroup(alder.Scenario):
    def setUp(self):
        super().setUp()
        self.before = self.homes()

    def homes(self):
        # Tests of control groups that run beside this one have theirs there too.
        return {one for one in base().iterdir() if one.name.startswith("alder-") and "alder-test" not in one.name}

    def groups(self):
        """The groups of this home's services, without the number of their generation."""
        return sorted(group.name.rpartition(".")[0] for home in self.homes() - self.before
                      for group in home.iterdir() if group.is_dir() and group.name != "keeper")

    def members(self, name):
        return {int(pid) for home in self.homes() - self.before for group in home.glob(f"{name}.*")
                for pid in (group / "cgroup.procs").read_text().split()}

    def family(self):
        """The members of the parent's group, when they are what they are to be."""
        found = self.members("far:parent")
        naps = sorted(str(alder.process(pid) or "gone").rpartition("sleep ")[2] for pid in found)
        return found if naps == ["4000)", "4001)", "4002)"] else None

    def bring_up(self):
        self.home.up(FAR)
        return self.home.wait_until("the family is complete", self.family)

    def test_each_process_has_its_own_and_it_goes_with_it(self):
        self.bring_up()
        self.assertEqual(self.groups(), ["far:parent", "far:pool:0", "far:pool:1"])
        self.assertIn("own cgroup", self.home.alder("describe", "parent").out)
        self.home.alder("scale", "pool", "3")
        self.home.wait_until("there are three", lambda: self.groups()[-1] == "far:pool:2")
        self.home.alder("stop", "pool")
        self.assertEqual(self.groups(), ["far:parent"])
        self.home.alder("daemon", "stop")
        self.assertEqual(self.homes(), self.before)

    def test_nothing_survives_a_stop(self):
        family = self.bring_up()
        self.home.alder("stop", "parent")
        self.assertEqual([pid for pid in family if alder.is_alive(pid)], [])
        self.assertNotIn("far:parent", self.groups())

    def test_nothing_survives_the_main_process(self):
        family = self.bring_up()
        os.kill(self.home.pids()["parent"], signal.SIGKILL)
        self.home.wait_until("it was restarted", lambda: (self.family() or family) != family)
        self.assertEqual([pid for pid in family if alder.is_alive(pid)], [])

    def test_the_next_daemon_kills_through_it(self):
        family = self.bring_up()
        self.home.kill_daemon()
        self.assertEqual(self.members("far:parent"), family)
        self.home.alder("stop", "parent")
        self.assertEqual([pid for pid in family if alder.is_alive(pid)], [])

    def test_whoever_comes_after_keeper_and_daemon_finds_it(self):
        family = self.bring_up()
        stale = next(iter(self.homes() - self.before)) / "far:gone.1"
        stale.mkdir()
        nobodys = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(nobodys.kill)
        (stale / "cgroup.procs").write_text(str(nobodys.pid))
        daemon = self.home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        os.kill(self.home.keeper_pid(), signal.SIGKILL)
        os.kill(daemon, signal.SIGKILL)
        self.home.wait_until("the lock is free", lambda: self.home.keeper_pid() is None)
        self.home.alder("daemon", "start")
        self.assertEqual(self.members("far:parent"), family)
        self.assertEqual(nobodys.wait(alder.PATIENCE), -signal.SIGKILL)
        self.home.wait_until("the group nobody looks after is gone", lambda: not stale.exists())
        self.home.alder("daemon", "stop")
        self.assertEqual([pid for pid in family if alder.is_alive(pid)], [])
        self.assertEqual(self.homes(), self.before)


if __name__ == "__main__":
    alder.main()
