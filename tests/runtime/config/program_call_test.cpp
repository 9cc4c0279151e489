#include "runtime/config/program_call.hpp"

#include <gmock/gmock.h>

namespace alder::config {
namespace {

using ::testing::ElementsAre;

std::string name_of(const std::vector<std::string>& command) { return program_of(command).name; }
program_call of_script(const std::string& script) { return program_of({"/bin/sh", "-c", script}); }

TEST(ProgramCall, IsTheProgramWithoutItsDirectory) {
  EXPECT_EQ(name_of({"/usr/sbin/nginx", "-g", "daemon off;"}), "nginx");
  EXPECT_THAT(program_of({"php", "-S", "127.0.0.1:80"}).arguments, ElementsAre("-S", "127.0.0.1:80"));
  EXPECT_EQ(name_of({}), "");
}

TEST(ProgramCall, WhatBecomesItIsLeftOut) {
  EXPECT_EQ(name_of({"env", "-i", "A=1", "B=2", "nginx"}), "nginx");
  EXPECT_EQ(name_of({"/usr/bin/env", "-u", "HOME", "nginx"}), "nginx");
  EXPECT_EQ(name_of({"nice", "-n", "5", "ionice", "-c2", "-n", "3", "nginx"}), "nginx");
  EXPECT_EQ(name_of({"stdbuf", "-oL", "nginx"}), "nginx");
  EXPECT_EQ(name_of({"taskset", "0x3", "nginx"}), "nginx");
  EXPECT_EQ(name_of({"env", "A=1"}), "");
  EXPECT_EQ(name_of({"nice", "-n"}), "");
}

TEST(ProgramCall, ModulesAndScriptsOfPythonAreThePrograms) {
  EXPECT_EQ(name_of({"python3", "-m", "gunicorn", "app:app"}), "gunicorn");
  EXPECT_EQ(name_of({"python3.11", "-u", "-W", "ignore", "-m", "gunicorn"}), "gunicorn");
  EXPECT_EQ(name_of({"/venv/bin/python", "/venv/bin/gunicorn"}), "gunicorn");
  EXPECT_EQ(name_of({"python3", "-c", "import gunicorn"}), "python3");
  EXPECT_EQ(name_of({"python3", "-m"}), "python3");
  EXPECT_EQ(name_of({"bundle", "exec", "puma"}), "puma");
  EXPECT_EQ(name_of({"poetry", "run", "python", "-m", "gunicorn"}), "gunicorn");
}

TEST(ProgramCall, AShellStaysUnlessItExecs) {
  EXPECT_TRUE(of_script("nginx -g 'daemon off;'").behind_shell);
  EXPECT_EQ(of_script("nginx -g 'daemon off;'").name, "nginx");
  EXPECT_FALSE(of_script("exec nginx").behind_shell);
  EXPECT_EQ(of_script("exec nginx").name, "nginx");
  EXPECT_EQ(of_script("A=1 exec env B=2 nginx").name, "nginx");
  EXPECT_FALSE(of_script("A=1 exec env B=2 nginx").behind_shell);
  EXPECT_TRUE(of_script("cd /srv && A=1 nginx >log 2>&1").behind_shell);
  EXPECT_FALSE(of_script("cd /srv; mkdir -p run\nexec nginx # in front").behind_shell);
  EXPECT_FALSE(program_of({"bash", "-c", "nginx"}).behind_shell) << "bash becomes it";
  EXPECT_TRUE(program_of({"env", "A=1", "dash", "-ec", "nginx"}).behind_shell);
}

TEST(ProgramCall, AScriptThatIsMoreThanAListIsNotJudged) {
  for (const auto* script :
       {"while true; do nginx; done", "nginx & wait", "a | b", "trap 'kill $p' TERM; nginx", "(cd x; nginx)",
        "if true; then nginx; fi", "echo hello", "exit 1", "", "# nothing", "nginx 'open", "x=$(nginx)", "a || b"}) {
    EXPECT_FALSE(of_script(script).behind_shell) << script;
    EXPECT_EQ(of_script(script).name, "") << script;
  }
}

} // namespace
} // namespace alder::config
