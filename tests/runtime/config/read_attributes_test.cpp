#include "runtime/config/read_attributes.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/wire/spec_text.hpp"

#include <sys/resource.h>

namespace alder::config {
namespace {

using words = std::vector<std::string>;

std::shared_ptr<machine> small_machine() {
  auto m = std::make_shared<machine>();
  const account web{"www-data", 33, 33, {33, 4}, "/var/www", "/usr/sbin/nologin"};
  m->user_named = [web](const std::string& name) { return name == "www-data" ? std::optional{web} : std::nullopt; };
  m->user_with_id = [web](std::uint32_t uid) { return uid == 33 ? std::optional{web} : std::nullopt; };
  m->group_named = [](const std::string& name) {
    return name == "adm" ? std::optional<std::uint32_t>{4} : std::nullopt;
  };
  m->can_read_file = m->can_read = [](const std::string& path) -> outcome {
    if (path == "/run/secret") return success();
    return error{error_kind::not_found, "no such file or directory (ENOENT)", 2};
  };
  m->uid = 1000;
  m->mount_trouble = machine_trouble{"needs a capability", "become root"};
  m->hard_limits = {{RLIMIT_NOFILE, 4096}};
  m->cpus = {0, 1};
  return m;
}

std::shared_ptr<machine> machine_of_root() {
  auto m = small_machine();
  m->uid = 0;
  m->may_change_user = m->may_raise_priority = m->may_raise_limits = true;
  m->mount_trouble.reset();
  return m;
}

loaded load_on(std::shared_ptr<const machine> here, const std::string& keys) {
  config_file file{"children:\n- service: a\n  command: x\n" + keys};
  file.from.here = std::move(here);
  return file.load();
}

/// The attributes as people see them; the codes of the mistakes when there are any.
std::string attributes_on(std::shared_ptr<const machine> here, const std::string& keys) {
  const auto l = load_on(std::move(here), keys);
  std::string text;
  for (const auto& d : l.diagnostics)
    text += d.code + " " + d.message + "; ";
  if (!l.tree) return text;
  return text + wire::attributes_text(std::get<service_ptr>(l.tree->root.children.at(0))->attributes);
}

TEST(ReadAttributes, TakesEverythingRootMay) {
  const auto l =
      load_on(machine_of_root(), "  user: www-data\n  group: adm\n  nice: -5\n  ionice: realtime:2\n"
                                 "  oom_score_adj: -900\n  rlimits: {nofile: 64K, core: 0, stack: '8M:unlimited'}\n"
                                 "  cpus: ['0-1']\n  no_new_privileges: true\n");
  ASSERT_TRUE(l.tree) << render(l.diagnostics, false);
  const auto& spec = *std::get<service_ptr>(l.tree->root.children.at(0));
  EXPECT_EQ(wire::attributes_text(spec.attributes),
            "as www-data:adm, nice -5, ionice realtime:2, oom_score_adj -900, nofile 65536, core 0, stack "
            "8388608:unlimited, cpus 0 1, no new privileges");
  EXPECT_EQ(spec.attributes.who, (identity{33, 4, {33, 4}, "www-data:adm"}));
  EXPECT_EQ(spec.environment.at("HOME"), "/var/www");
  EXPECT_EQ(spec.environment.at("USER"), "www-data");
}

TEST(ReadAttributes, RefusesWhatTheUserMayNot) {
  EXPECT_EQ(attributes_on(small_machine(), "  user: www-data\n"),
            "E024 this user cannot start programs as 'www-data'; ");
  EXPECT_EQ(attributes_on(small_machine(), "  nice: -1\n"), "E024 nice -1 is not allowed here; ");
  EXPECT_EQ(attributes_on(small_machine(), "  ionice: realtime\n"), "E024 ionice realtime is not allowed here; ");
  EXPECT_EQ(attributes_on(small_machine(), "  oom_score_adj: -1\n"), "E024 oom_score_adj -1 is not allowed here; ");
  EXPECT_EQ(attributes_on(small_machine(), "  rlimits: {nofile: '100:5000'}\n"),
            "E024 the limit nofile 5000 is above the hard limit of this machine; ");
  EXPECT_EQ(attributes_on(small_machine(), "  cpus: 0-2\n"), "E024 processor 2 is not available; ");
  EXPECT_EQ(attributes_on(small_machine(), "  nice: 5\n  rlimits: {nofile: 4096}\n"), "nice 5, nofile 4096");
}

TEST(ReadAttributes, LeavesOutWhatIsOptionalAndNotPossible) {
  EXPECT_EQ(attributes_on(small_machine(), "  nice: -1\n  cpus: 1\n  optional: nice\n"),
            "W008 nice -1 is not allowed here; cpus 1, ignored: nice -1 is not allowed here");
  EXPECT_EQ(attributes_on(machine_of_root(), "  nice: -1\n  optional: [nice]\n"), "nice -1");
}

TEST(ReadAttributes, TellsEveryUnknownAccountAtOnce) {
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: wwwdata\n  group: www\n  groups: [adm, admin]\n"),
            "E023 there is no user 'wwwdata'; E023 there is no group 'www'; E023 there is no group 'admin'; ");
}

TEST(ReadAttributes, HidesAndProtectsFiles) {
  EXPECT_EQ(attributes_on(machine_of_root(), "  private_tmp: true\n  read_only_paths: /run/secret\n"),
            "private /tmp, read-only /run/secret");
  EXPECT_EQ(attributes_on(machine_of_root(), "  read_only_paths: [/run/secret, lib]\n"),
            "E024 '/srv/shop/lib' cannot be made read-only; ");
  EXPECT_EQ(
      attributes_on(machine_of_root(), "  read_only_paths: [/run/secret, lib]\n  optional: read_only_paths\n"),
      "W008 '/srv/shop/lib' cannot be made read-only; read-only /run/secret, ignored: '/srv/shop/lib' cannot be made "
      "read-only");
  EXPECT_EQ(attributes_on(small_machine(), "  private_tmp: true\n  read_only_paths: /run/secret\n"),
            "E024 'private_tmp' is not allowed here; E024 'read_only_paths' is not allowed here; ");
  EXPECT_EQ(attributes_on(small_machine(), "  private_tmp: true\n  optional: [private_tmp]\n  nice: 3\n"),
            "W008 'private_tmp' is not allowed here; nice 3, ignored: 'private_tmp' is not allowed here");
  EXPECT_EQ(attributes_on(small_machine(), "  private_tmp: false\n"), "");
}

TEST(ReadAttributes, SaysWhyThereAreNoMountsAndWhatHelps) {
  const auto l = load_on(small_machine(), "  private_tmp: true\n");
  ASSERT_EQ(l.diagnostics.size(), 1U);
  const auto said = render(l.diagnostics, false);
  EXPECT_NE(said.find("needs a capability"), std::string::npos) << said;
  EXPECT_NE(said.find("become root"), std::string::npos) << said;
}

TEST(ReadAttributes, TellsWhatAPrivateTmpWouldHide) {
  EXPECT_EQ(attributes_on(machine_of_root(), "  private_tmp: true\n  cwd: /tmp/x\n"),
            "E021 'private_tmp' hides the working directory /tmp/x; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  private_tmp: true\n  ready: { file: /var/tmp/up }\n"),
            "E021 'private_tmp' hides the file /var/tmp/up; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  private_tmp: true\n  cwd: /tmpfiles\n"), "private /tmp");
  EXPECT_TRUE(is_in_tmp("/tmp"));
  EXPECT_TRUE(is_in_tmp("/var/tmp/a"));
  EXPECT_FALSE(is_in_tmp("/var/tmpx"));
}

/// A machine that has groups but not the memory controller.
std::shared_ptr<machine> machine_without_memory() {
  auto m = small_machine();
  m->cgroup_trouble_with = [](const std::string& controller) -> std::optional<machine_trouble> {
    if (controller != "memory") return std::nullopt;
    return machine_trouble{"there is no memory controller", "switch it on"};
  };
  return m;
}

TEST(ReadAttributes, GivesAGroupOfItsOwn) {
  const auto here = machine_without_memory();
  EXPECT_EQ(attributes_on(here, "  cgroup: true\n"), "own cgroup");
  EXPECT_EQ(attributes_on(here, "  cgroup: false\n"), "");
  EXPECT_EQ(attributes_on(here, "  limits: { cpu_max: 1.5, pids_max: 200 }\n"),
            "own cgroup (cpu_max 150%, pids_max 200)");
  EXPECT_EQ(attributes_on(small_machine(), "  limits: { memory_max: 300M, memory_high: 250M }\n"),
            "own cgroup (memory_max 300M, memory_high 250M)");
}

TEST(ReadAttributes, WhatWasAcceptedIsHadAndWhatIsOptionalIsAskedForAgain) {
  auto known = machine_without_memory();
  known->was_accepted = true;
  EXPECT_EQ(attributes_on(known, "  limits: { memory_max: 300M }\n"), "own cgroup (memory_max 300M)");
  EXPECT_EQ(attributes_on(known, "  limits: { memory_max: 300M, pids_max: 9 }\n  optional: [limits]\n"),
            "W008 'memory_max' is not supported here; own cgroup (pids_max 9), ignored: 'memory_max' is not supported "
            "here");
}

TEST(ReadAttributes, PathsThatWereAcceptedAreThereUnlessTheyAreOptional) {
  const auto known = machine_of_root();
  known->was_accepted = true;
  EXPECT_EQ(attributes_on(known, "  read_only_paths: [/run/secret, /gone]\n"), "read-only /run/secret /gone");
  EXPECT_EQ(attributes_on(known, "  read_only_paths: [/run/secret, /gone]\n  optional: read_only_paths\n"),
            "W008 '/gone' cannot be made read-only; read-only /run/secret, ignored: '/gone' cannot be made read-only");
}

TEST(ReadAttributes, TellsWhichGroupsAreNotToBeHad) {
  const auto here = machine_without_memory();
  EXPECT_EQ(attributes_on(here, "  limits: { memory_max: 300M, pids_max: 9 }\n"),
            "E024 'memory_max' is not supported here; ");
  EXPECT_EQ(
      attributes_on(here, "  limits: { memory_max: 300M, pids_max: 9 }\n  optional: [limits]\n"),
      "W008 'memory_max' is not supported here; own cgroup (pids_max 9), ignored: 'memory_max' is not supported here");
  EXPECT_EQ(attributes_on(here, "  limits: { memory_max: 300M }\n  optional: [limits]\n"),
            "W008 'memory_max' is not supported here; ignored: 'memory_max' is not supported here");
  const auto l = load_on(here, "  limits: { memory_max: 300M }\n");
  ASSERT_EQ(l.diagnostics.size(), 1U);
  EXPECT_EQ(l.diagnostics[0].label, "there is no memory controller");
  EXPECT_EQ(l.diagnostics[0].help.at(0), "switch it on");
  auto none = small_machine();
  none->cgroup_trouble_with = [](const std::string&) { return std::optional{machine_trouble{"not mounted", ""}}; };
  EXPECT_EQ(attributes_on(none, "  cgroup: true\n"), "E024 'cgroup' is not supported here; ");
  EXPECT_EQ(attributes_on(none, "  cgroup: true\n  optional: cgroup\n"),
            "W008 'cgroup' is not supported here; ignored: 'cgroup' is not supported here");
}

TEST(ReadAttributes, RefusesImpossibleGroupLimits) {
  const auto here = small_machine();
  EXPECT_EQ(attributes_on(here, "  limits: { memory_max: 1M, memory_high: 2M }\n"),
            "E021 'memory_high' is above 'memory_max'; ");
  EXPECT_EQ(attributes_on(here, "  limits: { pids_max: 0 }\n").substr(0, 4), "E014");
  EXPECT_EQ(attributes_on(here, "  limits: { cpu_max: 0 }\n").substr(0, 4), "E014");
  EXPECT_EQ(attributes_on(here, "  limits: { memory_max: much }\n").substr(0, 4), "E011");
}

TEST(ReadAttributes, NamesWhatDoesNotExist) {
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: nobody-here\n"), "E023 there is no user 'nobody-here'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: www-data\n  groups: [adm, nope]\n"),
            "E023 there is no group 'nope'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: 4711\n"), "E015 the group of user 4711 is not known; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: 4711\n  group: 12\n"), "as 4711:12");
  // To setresuid this number means "as it is": root.
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: 4294967295\n  group: 12\n"),
            "E023 there is no user '4294967295'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  user: www-data\n  group: 4294967295\n"),
            "E023 there is no group '4294967295'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  group: adm\n"), "as 0:adm");
  EXPECT_EQ(attributes_on(machine_of_root(), "  rlimits: {nofiles: 1}\n"), "E010 unknown resource 'nofiles'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  rlimits: {nofile: many}\n"), "E011 invalid resource limit; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  rlimits: {nofile: '2:1'}\n"),
            "E021 the soft limit is above the hard limit; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  ionice: fast\n"), "E012 invalid value for 'ionice'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  ionice: idle:3\n"), "E012 invalid value for 'ionice'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  cpus: [3-1]\n"), "E011 invalid value for 'cpus'; ");
  EXPECT_EQ(attributes_on(machine_of_root(), "  nice: 20\n"), "E014 'nice' is out of range; ");
}

TEST(ReadAttributes, AreHandedDownAndReplacedKeyByKey) {
  config_file file{"nice: 5\nuser: www-data\nchildren:\n- service: a\n  command: x\n  nice: 7\n"};
  file.from.here = machine_of_root();
  const auto root = tree_of(file.load());
  EXPECT_EQ(wire::attributes_text(service_at(root, 0).attributes), "as www-data, nice 7");
}

TEST(ReadAttributes, SecretsAreNamesOfFilesAndNoVariables) {
  const auto l = load_on(small_machine(), "  secrets: {KEY: /run/secret, PATH: /run/secret}\n  env: {KEY: shown}\n");
  ASSERT_TRUE(l.tree) << render(l.diagnostics, false);
  const auto& spec = *std::get<service_ptr>(l.tree->root.children.at(0));
  EXPECT_EQ(spec.secrets, (std::map<std::string, std::string>{{"KEY", "/run/secret"}, {"PATH", "/run/secret"}}));
  EXPECT_EQ(spec.environment.count("KEY"), 0U);
  EXPECT_EQ(attributes_on(small_machine(), "  secrets: {KEY: none}\n"),
            "E032 the file '/srv/shop/none' of the secret KEY cannot be read; ");
}

TEST(ReadAttributes, AVariableSetFurtherInWinsOverASecret) {
  config_file file{
      "secrets: {KEY: s}\nchildren:\n- {service: a, command: x, env: {KEY: mine}}\n- {service: b, command: x}"};
  const auto root = tree_of(file.load());
  EXPECT_EQ(service_at(root, 0).environment.at("KEY"), "mine");
  EXPECT_TRUE(service_at(root, 0).secrets.empty());
  EXPECT_EQ(service_at(root, 1).secrets.at("KEY"), "/srv/shop/s");
}

TEST(ReadAttributes, StandardInputIsAPipeOnRequest) {
  EXPECT_TRUE(service_with("command: x, stdin: pipe").stdin_pipe);
  EXPECT_TRUE(service_with("command: x, pty: true").terminal);
  EXPECT_EQ(service_with("command: x, stdin: ./pipe").stdin_file, "/srv/shop/pipe");
}

TEST(ReadAttributes, ATerminalIsRefusedWhereThereAreNone) {
  auto m = small_machine();
  m->terminal_trouble = [] { return std::optional{machine_trouble{"no such device", "mount devpts"}}; };
  EXPECT_EQ(attributes_on(m, "  pty: true\n  instances: 3\n"), "E024 pseudo-terminals are not available here; ");
  const auto said = render(load_on(m, "  pty: true\n").diagnostics, false);
  EXPECT_NE(said.find("no such device"), std::string::npos) << said;
  EXPECT_NE(said.find("mount devpts"), std::string::npos) << said;
  EXPECT_EQ(attributes_on(m, "  pty: false\n"), "");
  EXPECT_EQ(attributes_on(small_machine(), "  pty: true\n"), "");
  m->was_accepted = true; // and runs: what cannot be seen now was there
  EXPECT_EQ(attributes_on(m, "  pty: true\n"), "");
}

} // namespace
} // namespace alder::config
