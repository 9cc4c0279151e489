#!/usr/bin/env python3
"""What scripts/newest_headers.py makes of an update of a package of headers, offered by a repository made for the test."""

import hashlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "newest_headers.py"
PATIENCE = 100
HEADER = "/usr/include/linux/close_range.h"


def load_program():
    module_spec = importlib.util.spec_from_file_location("newest_headers", PROGRAM)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["newest_headers"] = module
    module_spec.loader.exec_module(module)
    return module


newest = load_program()


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True, **options).stdout


class Decisions(unittest.TestCase):
    def test_reads_what_ninja_knows(self):
        text = ("a.o: #deps 2, deps mtime 1 (VALID)\n    ../a.cpp\n    /usr/include/a.h\n\n"
                "b.o: #deps 1, deps mtime 1 (STALE)\n    ../b.cpp\n\n")
        self.assertEqual(newest.dependencies_of(text), {"a.o": ["../a.cpp", "/usr/include/a.h"], "b.o": ["../b.cpp"]})

    def test_reads_what_apt_offers(self):
        text = ("same:\n  Installed: 1-2\n  Candidate: 1-2\n  Version table:\n *** 1-2 500\n"
                "newer:\n  Installed: 1:1-2\n  Candidate: 1:1-3+deb12u1\n  Version table:\n"
                "local:\n  Installed: 1\n  Candidate: (none)\n  Version table:\n"
                "absent:\n  Installed: (none)\n  Candidate: 3\n  Version table:\n")
        self.assertEqual(newest.updates_in(text), [newest.Update("newer", "1:1-2", "1:1-3+deb12u1")])

    def test_a_command_looks_at_the_new_headers_alone_and_writes_nothing(self):
        with tempfile.TemporaryDirectory() as tree:
            os.makedirs(tree + "/usr/include/thing")
            words = ["/usr/bin/ccache", "/usr/bin/g++-12", "-DX=1", "-I/work/src", "-isystem", "/usr/include/thing", "-O1",
                     "-Werror", "-MD", "-MT", "a.o", "-MF", "a.d", "-o", "a.o", "-c", "a.cpp"]
            made = newest.command_with(tree, words, ["/usr/include", "/opt/include"])
            self.assertEqual(made, [
                "/usr/bin/g++-12", "-fsyntax-only", "-nostdinc", "-nostdinc++", "-DX=1", "-I/work/src", "-isystem",
                tree + "/usr/include/thing", "-O1", "-Werror", "a.cpp", "-isystem", tree + "/usr/include", "-isystem",
                "/opt/include"])

    def test_the_first_sources_include_every_header_and_small_ones_come_before_large_ones(self):
        affected = {"a": {"x"}, "b": {"x", "y"}, "c": {"y"}, "d": {"z"}, "e": {"z"}, "f": {"y", "x"}}
        sizes = {"a": 9, "b": 3, "c": 2, "d": 7, "e": 1, "f": 4}
        self.assertEqual(newest.in_order(affected, sizes), (["b", "e"], ["f", "c", "d", "a"]))


class Update(unittest.TestCase):
    """A build of two sources, the one with a header of the package linux-libc-dev, of which there is a version 999."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        self.build = self.top / "build"
        self.build.mkdir()
        (self.build / "a.cpp").write_text(
            f"#include <{HEADER.removeprefix('/usr/include/')}>\nstatic_assert(CLOSE_RANGE_CLOEXEC != 0);\n")
        (self.build / "b.cpp").write_text("#include <stdlib.h>\nint zero = abs(0);\n")
        (self.build / "build.ninja").write_text(
            "rule cxx\n  command = g++ -Wall -Werror -MD -MF $out.d -o $out -c $in\n  depfile = $out.d\n  deps = gcc\n"
            "build a.o: cxx a.cpp\nbuild b.o: cxx b.cpp\n")
        run("ninja", "-C", self.build)
        (self.build / "compile_commands.json").write_text(run("ninja", "-C", self.build, "-t", "compdb"))

    def offer(self, header_text):
        """A repository whose package has this header and no other; None: not even that."""
        package, repository = self.top / "package", self.top / "repository"
        (package / "DEBIAN").mkdir(parents=True)
        repository.mkdir()
        control = "Package: linux-libc-dev\nVersion: 999\nArchitecture: all\nMaintainer: a test\nDescription: of a test\n"
        (package / "DEBIAN/control").write_text(control)
        header = pathlib.Path(f"{package}{HEADER}")
        header.parent.mkdir(parents=True)
        if header_text is not None:
            header.write_text(header_text)
        deb = repository / "linux-libc-dev_999_all.deb"
        run("dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", package, deb)
        data = deb.read_bytes()
        (repository / "Packages").write_text(
            f"{control}Filename: ./{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n")
        return f"deb [trusted=yes] file:{repository} ./\n"

    def compile_with(self, sources_list):
        (self.top / "sources.list").write_text(sources_list)
        (self.top / "apt.conf").write_text(f'Dir::Etc::SourceList "{self.top}/sources.list";\nDir::Etc::SourceParts "-";\n'
                                           'Dir::Etc::Preferences "-";\nDir::Etc::PreferencesParts "-";\n')
        done = subprocess.run([sys.executable, PROGRAM, self.build], capture_output=True, text=True, timeout=PATIENCE,
                              env=os.environ | {"APT_CONFIG": str(self.top / "apt.conf")}, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_header_that_is_no_cpp_any_more_fails(self):
        status, said = self.compile_with(self.offer("#define CLOSE_RANGE_CLOEXEC 4\nint f(int class);\n"))
        self.assertEqual(status, 1, said)
        self.assertIn("-> 999", said)
        self.assertIn("1 of 1 sources compiled", said)
        self.assertIn("a.cpp", said.partition("FAILED")[2])

    def test_a_header_that_is_gone_fails(self):
        status, said = self.compile_with(self.offer(None))
        self.assertEqual(status, 1, said)

    def test_a_header_that_compiles_is_fine(self):
        status, said = self.compile_with(self.offer("#define CLOSE_RANGE_CLOEXEC 8\n"))
        self.assertEqual(status, 0, said)
        self.assertIn("1 of 1 sources compiled", said)

    def test_the_same_header_in_a_newer_package_is_not_compiled(self):
        status, said = self.compile_with(self.offer(pathlib.Path(HEADER).read_text()))
        self.assertEqual(status, 0, said)
        self.assertIn("no header differs", said)

    def test_nothing_newer_is_fine(self):
        (self.top / "empty").mkdir()
        (self.top / "empty/Packages").write_text("")
        status, said = self.compile_with(f"deb [trusted=yes] file:{self.top}/empty ./\n")
        self.assertEqual(status, 0, said)
        self.assertIn("the newest that apt offers", said)

    def test_it_says_so_when_apt_cannot_be_asked(self):
        for sources_list in (f"deb [trusted=yes] file:{self.top}/nowhere ./\n", "deb http://127.0.0.1:9/debian x main\n",
                             "no list of sources\n"):
            status, said = self.compile_with(sources_list)
            self.assertEqual(status, 0, said)
            self.assertIn("notice: apt cannot be asked", said)

    def test_a_package_that_cannot_be_had_is_no_success_without_a_notice(self):
        sources_list = self.offer("int f(int class);\n")
        for deb in (self.top / "repository").glob("*.deb"):
            deb.unlink()
        status, said = self.compile_with(sources_list)
        self.assertEqual(status, 0, said)
        self.assertIn("notice: apt cannot be asked", said)


if __name__ == "__main__":
    unittest.main()
