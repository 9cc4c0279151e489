"""MAINPID= of sd_notify: a program that daemonises, or gives way to another process, names its main process."""

import os
import signal

import alder

# Sends a notice as systemd-notify does, from the process that runs it.
NOTIFY = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
    s.send(sys.argv[1].encode())
"""
# Double fork, setsid; the first process names the last one and ends. That one ends with 7 on SIGTERM.
DAEMON = """
import os, signal, socket, sys, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    pid = os.fork()
    if pid != 0:
        os.write(write, str(pid).encode())
        os._exit(0)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
    while True:
        signal.pause()
pid = os.read(read, 20).decode()
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
    s.send(f"MAINPID={pid}\\nREADY=1".encode())
os._exit(0)
"""
TREE = """
name: t
intensity: { max_restarts: 50, within: 60s }
backoff: none
children:
  - { service: daemon, command: [python3, daemon.py], ready: { notify: true }, restart: transient }
  - service: stranger
    shell: true
    command: "python3 notify.py MAINPID=1; python3 notify.py MAINPID=$$; python3 notify.py READY=1; exec sleep 1000"
    ready: { notify: true }
"""


class MainProcess(alder.Scenario):
    def bring_up(self):
        self.home.write("notify.py", NOTIFY)
        self.home.write("daemon.py", DAEMON)
        self.home.up(TREE)
        pid = self.home.pids()["daemon"]
        self.assertIn("daemon.py", str(alder.process(pid)))
        self.assertEqual(alder.status_of(pid)[0], self.home.keeper_pid(), "the first one is gone")
        return pid

    def last_exit(self):
        return self.home.service("daemon").get("last_exit", {})

    def test_its_exit_is_that_of_the_service(self):
        pid = self.bring_up()
        self.assertTrue(any(f"its main process is now {pid}" in event["text"] for event in self.home.events("daemon")),
                        self.home.story())
        os.kill(pid, signal.SIGTERM)
        self.home.wait_until("it has ended and was started again", lambda: self.last_exit().get("code") == 7 and
                             self.home.pids().get("daemon", pid) != pid and self.home.all_run())
        self.home.alder("stop", "daemon")
        self.assertEqual(self.home.service("daemon")["state"], "stopped")
        self.assertEqual(self.last_exit()["code"], 7, "the stop signal went to it")

    def test_a_crash_of_the_daemon_does_not_lose_it(self):
        pid = self.bring_up()
        self.home.kill_daemon()
        self.assertEqual(self.home.pids()["daemon"], pid)
        os.kill(pid, signal.SIGTERM)
        self.home.wait_until("it has ended and was started again", lambda: self.last_exit().get("code") == 7)

    def test_a_crash_of_the_keeper_does_not_lose_it(self):
        pid = self.bring_up()
        before = self.home.keeper_pid()
        os.kill(before, signal.SIGKILL)
        self.home.wait_until("there is another keeper", lambda: self.home.keeper_pid() not in (None, before))
        self.home.daemon_kills = 0
        self.assertEqual(self.home.pids()["daemon"], pid)
        os.kill(pid, signal.SIGKILL)
        self.home.wait_until("it was started again", lambda: self.home.pids().get("daemon", pid) != pid)

    def test_a_stranger_is_refused_and_told(self):
        self.bring_up()
        texts = [event["text"] for event in self.home.events("stranger")]
        self.assertTrue(any("MAINPID=1 was ignored" in text for text in texts), self.home.story())
        self.assertFalse(any("its main process is" in text for text in texts), "it named the one it is")


if __name__ == "__main__":
    alder.main()
