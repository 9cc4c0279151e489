#!/usr/bin/env python3
"""Feeds scripts/tidy.py small trees: every rule fires where it should, and nowhere else."""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
TIDY = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "tidy.py"
HEADER = "// Says what this file is for.\n#pragma once\n"


def load_tidy():
    module_spec = importlib.util.spec_from_file_location("tidy", TIDY)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["tidy"] = module
    module_spec.loader.exec_module(module)
    return module


tidy = load_tidy()


def write_tree(root, files):
    for path, text in files.items():
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


class TidyTest(unittest.TestCase):
    def fires(self, expected, files, ignored=None):
        """Exactly the breaches `expected`, each as "file:line: [rule]", whatever the rule `ignored` says."""
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, files)
            found = [f"{path}:{line}: [{rule}]" for path, line, rule, _ in tidy.breaches(pathlib.Path(root))
                     if rule != ignored]
        self.assertEqual(found, expected)

    def in_header(self, path, line, rule):
        """A line alone, which is too short to say where its names of the standard library come from."""
        self.fires([f"{path}:3: [{rule}]"] if rule else [], {path: HEADER + line + "\n"}, ignored="standard")

    def test_the_program_prints_breaches_and_ends_with_1(self):
        with tempfile.TemporaryDirectory() as root:
            command = [sys.executable, str(TIDY), root]
            good = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            write_tree(root, {"src/runtime/os/spawn.hpp": "// Starts a process.\n"})
            bad = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((good.returncode, good.stdout), (0, "tidy: ok\n"))
        self.assertEqual((bad.returncode, bad.stdout.splitlines()),
                         (1, ["src/runtime/os/spawn.hpp:1: [once] no #pragma once", "tidy: 1 breaches"]))

    def test_pages_and_headings_that_are_named_are_there(self):
        page = "# Logs\n\n## Regular `expressions`\n\n```\n# Not a heading\n```\n\n## Twice\n\n## Twice\n"
        source = HEADER + "/// See docs/logs.md, \"Regular\n/// expressions\".\n"
        self.fires([], {"docs/logs.md": page + "[a](#twice-1) [b](deep/why.md) [c](other.txt)\n",
                        "docs/deep/why.md": "[back](../logs.md#regular-expressions)\n",
                        "README.md": "[logs](docs/logs.md#twice)\n",
                        "src/cli/common/help.hpp": source + "// docs/logs.md#regular-expressions and docs/logs.md\n"})
        self.fires(["README.md:2: [links]", "docs/logs.md:13: [links]", "src/cli/common/help.hpp:3: [links]",
                    "src/cli/common/help.hpp:4: [links]", "src/cli/common/help.hpp:5: [links]"],
                   {"docs/logs.md": page + "\n[a](#thrice)\n",
                    "README.md": "\n[logs](docs/log.md)\n",
                    "src/cli/common/help.hpp": HEADER + "// docs/logs.md#not-a-heading\n// docs/no.md\n"
                                                        "// docs/logs.md, \"What is\n// not there\"\n"})

    def test_a_good_tree_is_silent(self):
        self.fires([], {
            "include/alder/spec.hpp": HEADER + "#include <string>\n",
            "src/runtime/base/text.hpp": HEADER + "#include <vector>\n",
            "src/runtime/base/text.cpp": '#include "runtime/base/text.hpp"\n\n#include "alder/spec.hpp"\n',
            "tests/runtime/base/text_test.cpp": '#include "runtime/base/text.hpp"\n',
            "src/runtime/os/spawn.cpp": '#include <unistd.h>\n#include "runtime/base/text.hpp"\nint p = ::fork();\n',
        })

    def test_a_floor_does_not_know_a_higher_one(self):
        self.in_header("src/runtime/policy/plan.hpp", '#include "runtime/os/spawn.hpp"', "floor")
        self.in_header("include/alder/spec.hpp", '#include "runtime/base/text.hpp"', "floor")
        self.in_header("src/actors/tree/process.hpp", '#include "actors/http/api.hpp"', "floor")
        self.in_header("src/cli/common/client.hpp", '#include "cli/commands/up.hpp"', "floor")

    def test_a_floor_knows_itself_and_lower_ones(self):
        self.in_header("src/runtime/policy/plan.hpp", '#include "runtime/policy/backoff.hpp"', None)
        self.in_header("src/actors/http/api.hpp", '#include "actors/tree/process.hpp"', None)
        self.in_header("src/cli/commands/up.hpp", '#include "cli/common/client.hpp"', None)

    def test_actors_act_through_the_gate(self):
        self.in_header("src/actors/host/keeper_host.hpp", "int end() { return os::kill_members(all); }", "gate")
        self.in_header("src/actors/host/keeper_host.hpp", "int end() { return client_.kill(all); }", None)
        self.in_header("src/runtime/os/descendants.hpp", "int end() { return os::kill_members(all); }", None)

    def test_a_nodes_text_is_made_and_cut_in_one_place(self):
        for line in ("auto tree(const std::string& id) { return id.substr(0, id.find('/')); }",
                     "auto name(const store::past& of) { return of.supervisor.rfind('/'); }",
                     "auto pool() { return service_.name.substr(0, node_.find(\":\")); }",
                     'auto text(const node_snapshot& n) { return n.tree + "/" + n.name; }',
                     "bool is_of(const std::string& id) { return id.rfind(tree_ + '/', 0) == 0; }"):
            self.in_header("src/actors/http/log_source.hpp", line, "node")
        for line in ("auto last() { return path.rfind('/') + directory.find('/'); }",
                     'auto file() { return log_dir + "/" + tree; }',
                     "int x = 0; // was id.find('/') and tree + \"/\"",
                     "auto port() { return host.find(':'); }"):
            self.in_header("src/actors/http/log_source.hpp", line, None)
        self.in_header("src/runtime/os/program.hpp", "bool has_path() { return name.find('/') > 0; }", None)
        self.in_header("src/runtime/os/kept_logs.hpp", 'auto base() { return tree + "/" + service; }', "node")

    def test_siblings_of_one_height_do_not_know_each_other(self):
        self.in_header("src/runtime/policy/plan.hpp", '#include "runtime/wire/json_text.hpp"', "floor")
        self.in_header("src/cli/alder/args.hpp", '#include "cli/alderd/main.hpp"', "floor")
        self.in_header("src/runtime/store/journal.hpp", '#include "runtime/logs/log_reader.hpp"', "floor")
        self.in_header("src/runtime/keeper/client.hpp", '#include "runtime/logs/log_stage.hpp"', "floor")

    def test_the_command_line_does_not_know_the_daemon(self):
        self.in_header("src/cli/common/client.hpp", '#include "actors/base/messages.hpp"', "floor")
        self.in_header("src/cli/common/client.hpp", '#include "runtime/keeper/client.hpp"', "floor")
        self.in_header("src/cli/commands/logs.hpp", '#include "runtime/logs/log_reader.hpp"', "floor")
        self.in_header("src/cli/alderd/parts.hpp", '#include "actors/base/messages.hpp"', None)

    def test_the_program_of_the_keeper_knows_nothing_above_the_keeper(self):
        self.in_header("src/cli/alder_keeper/args.hpp", '#include "actors/base/messages.hpp"', "floor")
        self.in_header("src/cli/alder_keeper/args.hpp", '#include "runtime/logs/log_stage.hpp"', "floor")
        self.in_header("src/cli/alder_keeper/args.hpp", '#include "runtime/keeper/keeper.hpp"', None)

    def test_an_include_is_written_from_the_top(self):
        self.in_header("src/runtime/os/spawn.hpp", '#include "pidfd.hpp"', "floor")

    def test_a_file_in_src_lies_on_a_floor(self):
        self.fires(["src/runtime/misc/tool.hpp:1: [place]"], {"src/runtime/misc/tool.hpp": HEADER})

    def test_only_os_logs_and_keeper_call_the_system(self):
        self.in_header("src/runtime/store/journal.hpp", "inline int f() { return ::fsync(3); }", "system")
        self.in_header("src/runtime/store/journal.hpp", "#include <sys/stat.h>", "system")
        self.in_header("src/cli/common/launch.hpp", "inline void f() { std::this_thread::sleep_for(t); }", "system")
        self.in_header("src/runtime/os/files.hpp", "inline int f() { return ::fsync(3); }", None)
        self.in_header("src/runtime/logs/log_sink.hpp", "inline int f() { return ::fsync(3); }", None)
        self.in_header("src/runtime/keeper/keeper.hpp", "#include <sys/wait.h>", None)

    def test_a_qualified_name_is_no_system_call(self):
        self.in_header("src/actors/tree/process.hpp", "inline void f() { os::open(x); y->kill(); }", None)

    def test_what_comments_and_literals_say_is_no_code(self):
        for line in ("// ::fork() is not called here", "/* ::fork() */", 'auto a = "::fork()";', "auto b = '\\''; // ::kill(1)",
                     'auto c = R"x(\n::fork()\n)x";', "int d = 1'000; // ::fork()\nint e = 2'000;"):
            self.in_header("src/runtime/store/journal.hpp", line, None)
        self.in_header("src/runtime/store/journal.hpp", "int d = 1'000; int e = ::fork(); int f = 2'000;", "system")

    def test_files_are_opened_by_the_two_that_look_what_they_are(self):
        for line in ("inline int f(P p) { return ::open(p.c_str(), 0); }", "inline int f(P p) { return ::mkdir(p, 0700); }",
                     "inline int f(P p) { return ::openat(AT_FDCWD, p, 0); }", "inline std::ifstream in(path);",
                     "inline void f() { std::filesystem::remove_all(path); }", "inline int f(P p) { return ::open(\n      p, 0); }"):
            self.in_header("src/runtime/logs/log_sink.hpp", line, "by_path")
        for line in ('inline int f() { return ::open("/dev/null", 0); }', "inline int f(D d, N n) { return ::openat(d, n, 0); }",
                     "inline auto f(V v) { return std::remove(v.begin(), v.end(), 1); }",
                     "inline int f(P p) { return ::faccessat(AT_FDCWD, p, 0, 0); }", "inline auto f() { return os::open(x); }"):
            self.in_header("src/runtime/logs/log_sink.hpp", line, None)
        self.in_header("tests/support/scratch.hpp", "inline std::ofstream out(path);", None)

    def test_a_pure_floor_has_no_effects(self):
        self.fires(["src/runtime/policy/plan.hpp:3: [effects]", "src/runtime/policy/plan.hpp:3: [system]"],
                   {"src/runtime/policy/plan.hpp": HEADER + "#include <fstream>\n"})
        self.in_header("src/runtime/wire/api.hpp", "#include <iostream>", "effects")
        self.in_header("src/runtime/policy/backoff.hpp", "inline std::random_device chance;", "effects")
        self.in_header("src/runtime/config/load.hpp", 'inline auto* home = std::getenv("HOME");', "effects")

    def test_only_os_keeper_and_cli_read_clocks(self):
        line = "inline auto t = std::chrono::steady_clock::now();"
        self.in_header("src/runtime/policy/backoff.hpp", line, "clock")
        self.in_header("src/actors/tree/process.hpp", line, "clock")
        self.in_header("src/runtime/os/wall.hpp", line, None)
        self.in_header("src/runtime/keeper/keeper.hpp", line, None)
        self.in_header("src/runtime/policy/backoff.hpp", "inline auto t = time(nullptr);", "clock")
        self.in_header("src/runtime/policy/backoff.hpp", "inline auto t = time_point::clock::now();", "clock")
        self.in_header("src/runtime/policy/backoff.hpp", "auto f(std::chrono::steady_clock::time_point now);", None)

    def test_only_os_has_threads(self):
        self.in_header("src/actors/tree/process.hpp", "#include <mutex>", "threads")
        self.in_header("src/runtime/os/pump.hpp", "#include <thread>", None)
        self.in_header("src/runtime/logs/log_pump.hpp", "#include <thread>", None)

    def test_only_actors_know_caf(self):
        self.in_header("src/runtime/keeper/keeper.hpp", "#include <caf/all.hpp>", "caf")
        self.in_header("src/cli/common/client.hpp", "#include <caf/all.hpp>", "caf")
        self.in_header("src/actors/tree/process.hpp", "#include <caf/all.hpp>", None)

    def test_the_keeper_does_not_know_json(self):
        self.fires(["src/runtime/keeper/keeper.cpp:1: [json]"],
                   {"src/runtime/keeper/keeper.cpp": "#include <nlohmann/json.hpp>\n"})

    def test_heavy_headers_are_for_cpp_files(self):
        for name in ("nlohmann/json.hpp", "spdlog/spdlog.h", "CLI/CLI.hpp", "boost/beast/http.hpp", "libfyaml.h", "re2/re2.h"):
            self.in_header("src/cli/common/client.hpp", f"#include <{name}>", "heavy")
            self.fires([], {"src/cli/common/client.cpp": f"#include <{name}>\n"})
        self.in_header("src/cli/common/client.hpp", "#include <nlohmann/json_fwd.hpp>", None)

    def test_one_file_wraps_a_library_that_throws_or_prints(self):
        self.fires(["src/cli/alderd/main.cpp:2: [heavy_once]"], {
            "src/actors/base/log.cpp": "#include <spdlog/spdlog.h>\n#include <spdlog/sinks/sink.h>\n",
            "src/cli/alderd/main.cpp": "\n#include <spdlog/spdlog.h>\n",
        })

    def test_a_header_says_what_it_is_for(self):
        self.fires(["src/runtime/os/spawn.hpp:1: [purpose]"], {"src/runtime/os/spawn.hpp": "#pragma once\n"})
        self.fires(["src/runtime/os/spawn.hpp:1: [purpose]"],
                   {"src/runtime/os/spawn.hpp": "// spawn.hpp\n#pragma once\n"})

    def test_a_header_is_included_once(self):
        self.fires(["src/runtime/os/spawn.hpp:1: [once]"], {"src/runtime/os/spawn.hpp": "// Starts a process.\n"})

    def test_a_cpp_file_includes_its_own_header_first(self):
        files = {"src/runtime/os/spawn.cpp": '#include <string>\n#include "runtime/os/spawn.hpp"\n'}
        self.fires(["src/runtime/os/spawn.cpp:2: [own_first]"], files)

    def test_a_pure_source_has_a_mirrored_test(self):
        self.fires(["src/runtime/wire/frame.cpp:1: [mirror]"], {"src/runtime/wire/frame.cpp": "int f;\n"})
        self.fires([], {"src/runtime/wire/frame.cpp": "int f;\n", "tests/runtime/wire/frame_test.cpp": "int g;\n"})
        self.fires([], {"src/runtime/wire/frame.cpp": "int f;\n", "tests/runtime/wire/frame_limits_test.cpp": "int g;\n"})
        self.fires(["src/runtime/wire/frame.cpp:1: [mirror]"],
                   {"src/runtime/wire/frame.cpp": "int f;\n", "tests/runtime/wire/frames_test.cpp": "int g;\n"})
        self.fires([], {"src/runtime/os/spawn.cpp": "int f;\n"})

    def test_no_markers_of_unfinished_work(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            self.in_header("src/runtime/os/spawn.hpp", f"// {word}: later", "marker")
            self.fires(["tests/runtime/os/spawn_test.cpp:1: [marker]"],
                       {"tests/runtime/os/spawn_test.cpp": f"// {word}\n"})

    def test_no_using_directives_but_for_literals(self):
        self.in_header("src/runtime/os/spawn.hpp", "using namespace std;", "using_namespace")
        self.in_header("src/runtime/os/spawn.hpp", "  using namespace std::chrono;", "using_namespace")
        for name in ("std::chrono_literals", "std::literals", "std::literals::string_literals"):
            self.in_header("src/runtime/os/spawn.hpp", f"using namespace {name};", None)

    def test_nothing_newer_than_the_tools(self):
        self.in_header("src/runtime/os/spawn.hpp", 'auto s = std::format("{}", 1);', "too_new")
        self.in_header("src/runtime/os/spawn.hpp", "#include <expected>", "too_new")

    def test_headers_of_the_kernel_are_not_included(self):
        for name in ("linux/ioprio.h", "linux/close_range.h", "linux/netfilter/x_tables.h", "asm/unistd.h",
                     "asm-generic/ioctls.h", "mtd/ubi-user.h", "bits/types.h"):
            for path in ("src/runtime/os/spawn.cpp", "tests/runtime/os/spawn_test.cpp", "bench/stage.cpp"):
                self.fires([f"{path}:1: [kernel]"], {path: f"#include <{name}>\n"})
        self.fires(["bench/stage.cpp:1: [kernel]"], {
            "bench/stage.cpp": '#include "linux/ioprio.h"\n',
            "src/runtime/os/other.cpp": "// #include <linux/ioprio.h>\n#include <sys/prctl.h>\n",
        })
        self.in_header("src/runtime/wire/frame.hpp", "#include <linux/ioprio.h>", "kernel")

    def test_a_header_of_the_kernel_may_be_allowed_with_a_reason(self):
        files = {"src/runtime/os/spawn.cpp": "#include <linux/fuse.h>\n#include <linux/ioprio.h>\n"}
        with unittest.mock.patch.dict(tidy.KERNEL_HEADERS, {"linux/fuse.h": "a protocol of forty structs"}):
            self.fires(["src/runtime/os/spawn.cpp:2: [kernel]"], files)
        self.assertTrue(all(len(reason) > 20 for reason in tidy.KERNEL_HEADERS.values()))

    def test_a_name_of_the_standard_library_comes_from_its_header(self):
        path = "tests/runtime/os/spawn_test.cpp"
        for line, header in (("std::uint32_t a;", "cstdint"), ("auto b = std::min(1, 2);", "algorithm"),
                             ("std::ranges::sort(b);", "algorithm"), ("auto c = std::move(b);", "utility"),
                             ("std::chrono::seconds d;", "chrono"), ("std::unique_ptr<int> e;", "memory"),
                             ("::std::string f;", "string")):
            self.fires([f"{path}:1: [standard]"], {path: line + "\n"})
            self.fires([f"{path}:2: [standard]"], {path: "#include <vector>\n" + line + "\n"})
            self.fires([], {path: f"#include <{header}>\n" + line + "\n"})
        self.fires([], {path: "// std::string\nauto a = \"std::string\"; my::std::string b; std::size_t c; chrono::days d;\n"})

    def test_a_header_of_ours_may_bring_it_and_others_may_not(self):
        ours = {"src/runtime/os/b.hpp": HEADER + '#include "alder/a.hpp"\n',
                "include/alder/a.hpp": HEADER + "#include <string>\ninline std::string_view word;\n"}
        self.fires([], ours | {"src/runtime/os/c.cpp": '#include "runtime/os/b.hpp"\nstd::string s;\n'})
        self.fires(["src/runtime/os/c.cpp:3: [standard]"],
                   ours | {"src/runtime/os/c.cpp": "#include <zlib.h>\n\nstd::string s;\n"})
        round_about = {"src/runtime/os/b.hpp": HEADER + '#include "runtime/os/c.hpp"\n',
                       "src/runtime/os/c.hpp": HEADER + '#include "runtime/os/b.hpp"\nstd::string s;\n'}
        self.fires(["src/runtime/os/c.hpp:4: [standard]"], round_about)

    BATCHES = {
        "CMakeLists.txt": "set(ALDER_TAKEN_APART os wire)\nfunction(alder_floor name folder)\n  UNITY_BUILD ON\nendfunction()\n"
                          "set_source_files_properties(\"${CMAKE_SOURCE_DIR}/src/cli/common/b_test.cpp\"\n"
                          "  PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)\nalder_floor(os runtime/os)\n"
                          "alder_floor(store runtime/store alder_os)\nalder_floor(cli_common cli/common)\n",
        "tests/CMakeLists.txt": "set(ALDER_SHORT_NAMES policy)\nUNITY_BUILD ON\nalder_test(policy runtime/policy)\n"
                                "alder_test(base runtime/base alder_base)\n# alder_test(wire runtime/wire)\n"}

    def clash(self, one, other, line=None, folder="src/runtime/store"):
        """Two sources of a folder, each with its text in an unnamed namespace: the second breaks the rule in `line`, or not."""
        names = [f"{folder}/{name}_test.cpp" for name in "ab"]
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, self.BATCHES)
            write_tree(root, {name: f"namespace alder {{\nnamespace {{\n{text}\n}} // namespace\n}} // namespace alder\n"
                              for name, text in zip(names, (one, other))})
            found = [(path, number) for path, number, rule, _ in tidy.breaches(pathlib.Path(root)) if rule == "batch"]
        self.assertEqual(found, [(names[1], line)] if line else [], f"{one} | {other}")

    def test_sources_of_a_folder_have_no_name_twice(self):
        for line, one, other in (
                (4, "int most = 3;", "\nconstexpr long most{4};"),
                (4, "int most = 3;", "int last = f({1}, [] { return 2; }) * 3;\nlong most;"),
                (4, "int most = 3;", "} // namespace\nint most() { return 3; }\nnamespace {"),
                (3, "using steady = std::chrono::steady_clock;", "using steady = my::steady;"),
                (4, "struct reader {\n  int a = 1;\n};", "std::map<int, int> all;\nclass reader : public base {};"),
                (4, "enum class how { a, b };", "struct how;\nstruct how { int i; };"),
                (5, "int f(int a, const std::string& b) { return a; }",
                 "template <class T>\nvoid g(T) {}\nint f(int, const string& text)\n{ return 2; }"),
                (3, "void f(int a = 3) { if (a) { g(); } }\nint last[2] = {1, 2};", "char last = 0;"),
                (3, "bool operator==(const a& x, const a& y) { return x; }", "bool operator==(const a& l, const a& r) {}"),
                (3, "static int most = 3;", "static int most = 4;")):
            self.clash(one, other, line)
        self.clash("TEST(Suite, Says) {}", "TEST(Suite, Says) {}", 3, folder="tests/runtime/base")

    def test_what_may_be_twice_in_a_folder(self):
        for one, other in (
                ("using tcp = boost::asio::ip::tcp;", "namespace asio = boost::asio;\nusing tcp = asio::ip::tcp;"),
                ("int f(int a) { return a; }", "int f(long a) { return a; }\nint f(int a, int b) { return f(a); }"),
                ("struct thing;\nint f(int a);", "struct thing;\nint f(int a);"),
                ("int f() { int most = 3; return most; }", "struct holder { int most = 3; int f() { return 1; } };"),
                ("int holder::f() { return 1; }", "int f() { return 1; }"),
                ("} // namespace\nnamespace wire {\nnamespace {\nint most = 3;\n}\n}\nnamespace {", "int most = 3;"),
                ("// int most = 3;", 'const char* said = "int most = 3;"; int most = 3;')):
            self.clash(one, other)
        self.clash("TEST(Suite, Says) {}", "TEST(Suite, SaysMore) {}", folder="tests/runtime/base")
        for folder in ("src/runtime/os", "src/cli/common", "src/cli/alderd", "tests/runtime/policy", "tests/runtime/wire",
                       "bench"):
            self.clash("int most = 3;", "int most = 3;", folder=folder)

    def test_an_exception_counts_for_its_file_and_rule_alone(self):
        self.in_header("src/runtime/base/unique_fd.hpp", "#include <unistd.h>", None)
        self.in_header("src/runtime/base/unique_fd.hpp", "#include <mutex>", "threads")


if __name__ == "__main__":
    unittest.main()
