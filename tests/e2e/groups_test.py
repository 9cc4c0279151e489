"""The name of a pool, a supervisor or a tree stands for everything below it, in every command that takes names."""

import json
import signal

import alder

TREE = """
name: shop
children:
  - service: db
    shell: true
    command: echo db speaks; sleep 1000
  - supervisor: backend
    children:
      - supervisor: inner
        children:
          - { service: deep, shell: true, command: echo deep speaks; sleep 1000 }
      - service: api
        instances: 3
        shell: true
        stdin: pipe
        command: echo $INSTANCE speaks; while read line; do echo $INSTANCE heard $line; done
"""
BELOW = {
    "db": ["db"],
    "api:1": ["api:1"],
    "api": ["api:0", "api:1", "api:2"],
    "inner": ["deep"],
    "backend": ["api:0", "api:1", "api:2", "deep"],
    "shop/backend": ["api:0", "api:1", "api:2", "deep"],
    "shop": ["api:0", "api:1", "api:2", "db", "deep"],
}


class Groups(alder.Scenario):
    def setUp(self):
        super().setUp()
        self.home.up(TREE)
        self.home.wait_until("all have spoken", lambda: len(self.home.alder("logs", "--json", "-n", "100").documents) == 5)

    def test_logs(self):
        home = self.home
        for name, services in BELOW.items():
            lines = home.alder("logs", "--json", name).documents
            self.assertEqual(sorted(one["service"] for one in lines), services, name)
            found = home.alder("logs", "--json", "--grep", "speaks", name).documents
            self.assertEqual(sorted(one["service"] for one in found), services, name)
            paths = home.alder("logs", "path", name).lines
            self.assertEqual(sorted({path.split("/")[-1].rsplit(".", 2)[0] for path in paths}), services, name)

    def test_a_follower_sees_what_is_added_later(self):
        home = self.home
        followers = {name: home.begin("logs", "-f", "--json", name) for name in ("api", "backend", "shop", "inner")}
        heard = {name: alder.Listener(follower.stdout) for name, follower in followers.items()}
        for name, listener in heard.items():
            home.wait_until("it follows", lambda: len(listener.lines) == len(BELOW[name]))
        home.alder("scale", "api", "5")
        home.alder("add", "backend", "--name", "extra", "--", "sh", "-c", "echo extra speaks; sleep 1000")
        more = {"api": ["api:3", "api:4"], "backend": ["api:3", "api:4", "extra"], "inner": [],
                "shop": ["api:3", "api:4", "extra"]}
        home.kill_daemon()  # and it goes on seeing them
        home.alder("add", "backend", "--name", "later", "--", "sh", "-c", "echo later speaks; sleep 1000")
        for name, listener in heard.items():
            wanted = sorted(BELOW[name] + more[name] + (["later"] if "extra" in more[name] else []))
            home.wait_until(f"{name} hears {wanted}", lambda: len(listener.lines) >= len(wanted))
            self.assertEqual(sorted(json.loads(line)["service"] for line in listener.lines), wanted)
        for follower in followers.values():
            follower.send_signal(signal.SIGINT)
            self.assertEqual(follower.wait(alder.PATIENCE), 130)

    def test_what_is_done_with_files(self):
        home = self.home

        def archives():
            files = (home.path / "log" / "shop").glob("*.out.log.2*")
            return sorted({file.name.split(".")[0] for file in files if file.suffix != ".idx"})
        home.alder("logs", "rotate", "inner")
        home.wait_until("it is put aside", archives)
        self.assertEqual(archives(), ["deep"])
        home.alder("logs", "rotate", "api")
        home.wait_until("they are put aside", lambda: archives() == ["api:0", "api:1", "api:2", "deep"])
        home.alder("logs", "clear", "backend")
        home.wait_until("they are cleared", lambda: not archives())
        self.assertEqual([one["service"] for one in home.alder("logs", "--json").documents], ["db"])
        home.alder("logs", "reopen", "api")
        home.alder("logs", "clear", "shop")
        home.wait_until("all are cleared", lambda: not home.alder("logs", "--json").documents)

    def test_events(self):
        for name, services in BELOW.items():
            names = {event["name"] for event in self.home.events(name)}
            self.assertLessEqual(set(services), names, name)
            others = {service for service in BELOW["shop"] if service not in services}
            self.assertFalse(others & names, name)

    def test_lists(self):
        for name, services in BELOW.items():
            found = self.home.alder("ls", "--json", name).json["services"]
            self.assertEqual(sorted(one["name"] for one in found), services, name)
        found = self.home.alder("ls", "--json", "api:*").json["services"]
        self.assertEqual(len(found), 3)

    def test_what_is_sent(self):
        home = self.home
        home.alder("send", "api", "hello")
        home.wait_until("all have heard", lambda: len([
            one for one in home.alder("logs", "--json", "-n", "100", "api").documents if "heard hello" in one["line"]]) == 3)
        home.alder("stop", "api:0")
        home.alder("send", "api", "again")  # of a group those that run are meant
        self.assertIn("api:0", home.alder("send", "api:0", "x", expect=1).err)
        refused = home.alder("send", "backend", "x", expect=1)  # deep does not read
        self.assertIn("deep: ", refused.err)
        self.assertIn("sent to api:1, api:2", refused.err)
        home.alder("stop", "api")
        self.assertIn("no service below 'api' is running", home.alder("send", "api", "x", expect=1).err)
        self.assertNotEqual(home.alder("msg", "inner", "{}", expect=None).code, 0)

    def test_what_is_started_stopped_and_reset(self):
        home = self.home
        before = home.pids()
        home.kill("api:1")
        home.wait_until("it runs again", lambda: home.service("api:1").get("pid", before["api:1"]) != before["api:1"])
        self.assertEqual(home.service("api:1")["restarts"], 1)
        home.alder("reset", "backend")
        self.assertEqual(home.service("api:1")["restarts"], 0)
        self.assertIn("no restarts", home.alder("reset", "backend").said)
        home.alder("stop", "backend")
        self.assertEqual({name for name, state in home.states().items() if state == "running"}, {"db"})
        home.alder("start", "backend")
        home.wait_until("all run", home.all_run)
        before = home.pids()
        home.alder("restart", "inner")
        self.assert_runs_anew(before, "deep")

    def test_names_of_nobody(self):
        for words in (["logs"], ["logs", "-f"], ["logs", "path"], ["logs", "clear"], ["logs", "rotate"], ["logs", "reopen"],
                      ["events"], ["events", "-f"], ["describe"], ["stop"], ["start"], ["restart"], ["reset"], ["remove"]):
            answer = self.home.alder(*words, "nobody", expect=4)
            self.assertIn("there is no service or supervisor 'nobody'", answer.err, words)
        self.home.alder("send", "nobody", "x", expect=4)
        self.home.alder("msg", "nobody", "1", expect=4)
        self.home.alder("scale", "nobody", "2", expect=4)


if __name__ == "__main__":
    alder.main()
