"""Many commands at once on a fresh home start one daemon."""

import alder

AT_ONCE = 10


class OneDaemon(alder.Scenario):
    def together(self, *words):
        started = [self.home.begin(*words) for _ in range(AT_ONCE)]
        answers = []
        for one in started:
            out, err = one.communicate(timeout=alder.PATIENCE)
            answers.append((one.returncode, out.decode(), err.decode()))
        self.assertEqual([code for code, _, _ in answers], [0] * AT_ONCE, answers)
        return answers

    def assert_one_daemon(self):
        commands = [str(process) for process in self.home.processes()]
        self.assertEqual(len([one for one in commands if "alderd " in one and "alder-keeper " not in one]), 1, commands)
        self.assertEqual(len([one for one in commands if "alder-keeper " in one]), 1, commands)
        self.assertEqual(self.home.info()["epoch"], 1)

    def test_ten_daemon_starts(self):
        self.together("daemon", "start")
        self.assert_one_daemon()

    def test_ten_ups_of_one_tree(self):
        file = self.home.write("alder.yaml", "name: one\nchildren:\n  - { service: only, command: sleep 1000 }\n")
        self.together("up", file)
        self.assert_one_daemon()
        self.assertEqual(self.home.states(), {"only": "running"})
        self.assertEqual(self.home.kinds("only").count("started"), 1)
        self.assertEqual(len(self.home.members_of("only")), 1)

    def test_ten_ups_of_ten_trees(self):
        names = [f"tree{number}" for number in range(AT_ONCE)]
        started = []
        for name in names:
            file = self.home.write(f"{name}.yaml",
                                   f"name: {name}\nchildren:\n  - {{ service: s.{name}, command: sleep 1000 }}\n")
            started.append(self.home.begin("up", file))
        for one in started:
            out, err = one.communicate(timeout=alder.PATIENCE)
            self.assertEqual(one.returncode, 0, out + err)
        self.assert_one_daemon()
        self.assertEqual(self.home.states(), {f"s.{name}": "running" for name in names})

    def test_a_daemon_starts_again_after_a_stop(self):
        for _ in range(3):
            self.home.alder("daemon", "start")
            self.assertIn("already", self.home.alder("daemon", "start").out)
            self.home.stop_daemon()


if __name__ == "__main__":
    alder.main()
