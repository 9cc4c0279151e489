#include "runtime/os/spawn.hpp"

#include "tests/support/keeper_bed.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/terminal.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/machine.hpp"
#include "runtime/os/proc.hpp"

#include <array>
#include <iterator>

#include <sys/prctl.h>
#include <sys/stat.h>

namespace alder::os {
namespace {

spawn_request sh(const std::string& script) {
  spawn_request request;
  request.program = "/bin/sh";
  request.start.command = {"sh", "-c", script};
  request.start.environment = {{"PATH", "/usr/bin:/bin"}, {"GREETING", "hello"}};
  return request;
}

/// Runs it to its end and returns its standard output.
std::string output_of(const spawn_request& request) {
  auto started = spawn(request);
  if (const auto* failure = std::get_if<spawn_failure>(&started))
    return "failed at " + std::to_string(static_cast<int>(failure->stage)) + " errno " +
           std::to_string(failure->os_errno);
  auto& process = std::get<spawned_process>(started);
  auto text = test::read_all(process.held[holding::out].get());
  reap(process.held[holding::pidfd].get());
  return text;
}

spawn_failure failure_of(const spawn_request& request) {
  auto started = spawn(request);
  if (const auto* failure = std::get_if<spawn_failure>(&started)) return *failure;
  ADD_FAILURE() << "it started";
  reap(std::get<spawned_process>(started).held[holding::pidfd].get());
  return {};
}

TEST(Spawn, runs_the_program_with_its_words_and_environment) {
  auto request = sh("echo $0 $1 $GREETING; env | wc -l");
  request.start.command.insert(request.start.command.end(), {"zero", "one"});
  const auto text = output_of(request);
  EXPECT_EQ(text.substr(0, text.find('\n')), "zero one hello");
}

TEST(Spawn, descriptors_that_it_does_not_need_are_not_copied_for_it) {
  // Not close-on-exec: it would be inherited if the new process had ever had it.
  const unique_fd high{::fcntl(0, F_DUPFD, 1000)};
  ASSERT_GE(high.get(), 1000);
  const auto listed = output_of(sh("cd /proc/self/fd; echo *"));
  EXPECT_EQ(listed.find(std::to_string(high.get())), std::string::npos) << listed;
  EXPECT_GE(::fcntl(high.get(), F_GETFD), 0) << "ours stays open";
}

TEST(Spawn, what_is_held_leaves_the_low_numbers_to_the_next_start) {
  const auto lowest_free = [] { return unique_fd{::fcntl(0, F_DUPFD_CLOEXEC, 3)}.get(); };
  const int before = lowest_free();
  auto started = spawn(sh("exec sleep 1000"));
  auto& process = std::get<spawned_process>(started);
  EXPECT_EQ(process.held.names(), (std::vector<std::string>{"pidfd", "out", "err"}));
  for (const int number : process.held.numbers()) {
    EXPECT_GE(number, 64);
    EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(lowest_free(), before);
  ::kill(process.pid, SIGKILL);
  reap(process.held[holding::pidfd].get());
}

TEST(Spawn, the_marker_is_a_limit_as_well) {
  auto request = sh("grep 'file locks' /proc/self/limits");
  const auto mark = std::to_string(::getpid()) + ".2/t/a/3";
  request.start.environment["ALDER_MEMBER"] = mark;
  EXPECT_NE(output_of(request).find(" " + std::to_string(wire::member_number(mark)) + " "), std::string::npos);
}

TEST(Spawn, output_and_error_are_apart) {
  auto started = spawn(sh("echo out; echo err >&2"));
  auto& process = std::get<spawned_process>(started);
  EXPECT_EQ(test::read_all(process.held[holding::out].get()), "out\n");
  EXPECT_EQ(test::read_all(process.held[holding::err].get()), "err\n");
  reap(process.held[holding::pidfd].get());
}

spawn_request on_terminal(const std::string& script) {
  auto request = sh(script);
  request.channels.input = request.channels.terminal = true;
  return request;
}

/// All that it shows until it has ended.
std::string shown_on(const spawned_process& process) {
  reap(process.held[holding::pidfd].get());
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const auto got = ::read(process.held[holding::input].get(), block.data(), block.size());
    if (got <= 0) return text; // EIO: nobody has it open any more
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

TEST(Spawn, a_terminal_is_all_three_streams_and_controls_the_session) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  auto started = spawn(on_terminal("test -t 0 && test -t 1 && test -t 2 && echo yes; stty size; echo err >&2;"
                                   "echo through /dev/tty > /dev/tty"));
  ASSERT_TRUE(std::holds_alternative<spawned_process>(started));
  const auto& process = std::get<spawned_process>(started);
  EXPECT_TRUE(process.held[holding::out].valid());
  EXPECT_FALSE(process.held[holding::err].valid());
  EXPECT_EQ(shown_on(process), "yes\n24 80\nerr\nthrough /dev/tty\n");
}

TEST(Spawn, a_terminal_takes_lines_and_control_characters) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  auto started = spawn(on_terminal("read line; echo \"got $line\"; echo ready; sleep 1000"));
  ASSERT_TRUE(std::holds_alternative<spawned_process>(started));
  const auto& process = std::get<spawned_process>(started);
  ASSERT_TRUE(write_all(process.held[holding::input].get(), "hello\n\x03")); // the second is Ctrl-C
  const auto text = shown_on(process);
  EXPECT_EQ(text.find("hello"), text.rfind("hello")) << "it is not repeated: " << text;
}

TEST(Spawn, the_pidfd_becomes_readable_at_the_end) {
  auto started = spawn(sh("read x")); // /dev/null: ends at once
  auto& process = std::get<spawned_process>(started);
  EXPECT_TRUE(test::readable(process.held[holding::pidfd].get()));
  const auto ended = read_stat(process.pid);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->state, 'Z');
  reap(process.held[holding::pidfd].get());
  EXPECT_FALSE(read_stat(process.pid).has_value());
}

TEST(Spawn, gives_a_session_of_its_own) {
  auto started = spawn(sh("echo here; exec sleep 1000"));
  auto& process = std::get<spawned_process>(started);
  EXPECT_EQ(test::read_line(process.held[holding::out].get()), "here");
  const auto found = read_stat(process.pid);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->session, process.pid);
  ASSERT_TRUE(signal_pidfd(process.held[holding::pidfd].get(), SIGKILL).ok());
  reap(process.held[holding::pidfd].get());
}

TEST(Spawn, signals_are_neither_ignored_nor_blocked_whatever_the_parent_does) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(::sigaction(SIGPIPE, &ignore, &before), 0);
  sigset_t blocked;
  sigset_t old;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &old), 0);
  auto request = sh("");
  request.program = "/bin/grep";
  request.start.command = {"grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"};
  const auto text = output_of(request);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &old, nullptr), 0);
  ASSERT_EQ(::sigaction(SIGPIPE, &before, nullptr), 0);
  EXPECT_EQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Spawn, leaks_no_descriptor) {
  // What the test inherited from whoever runs it is not the question.
  ASSERT_EQ(::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0);
  const unique_fd ours{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  auto request = sh("");
  request.program = "/bin/ls";
  request.start.command = {"ls", "/proc/self/fd"};
  EXPECT_EQ(output_of(request), "0\n1\n2\n3\n"); // 3 is the directory it lists
}

TEST(Spawn, passes_the_descriptor_it_is_told_to) {
  const unique_fd passed{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};
  auto request = sh("readlink /proc/self/fd/" + std::to_string(passed.get()));
  request.passed = passed.get();
  EXPECT_EQ(output_of(request), "/dev/zero\n");
}

TEST(Spawn, sets_directory_umask_limit_and_input) {
  test::scratch dir;
  std::ofstream{dir.path("in")} << "from the file\n";
  auto request = sh("pwd; umask; ulimit -n; cat");
  request.start.cwd = dir.path();
  request.start.umask = 027;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 77;
  request.file_limit = limit;
  request.start.stdin_file = dir.path("in");
  EXPECT_EQ(output_of(request), dir.path() + "\n0027\n77\nfrom the file\n");
}

TEST(Spawn, a_fifo_without_a_writer_as_input_does_not_block_the_parent) {
  test::scratch dir;
  ASSERT_EQ(::mkfifo(dir.path("fifo").c_str(), 0600), 0);
  auto request = sh("cat; echo done");
  request.start.stdin_file = dir.path("fifo");
  EXPECT_EQ(output_of(request), "done\n");
}

TEST(Spawn, each_failing_step_is_named_with_its_errno) {
  using wire::spawn_stage;
  auto request = sh("exit");
  request.start.stdin_file = "/nope";
  EXPECT_EQ(failure_of(request).stage, spawn_stage::stdin_file);
  EXPECT_EQ(failure_of(request).os_errno, ENOENT);

  request = sh("exit");
  request.start.cwd = "/nope";
  EXPECT_EQ(failure_of(request).stage, spawn_stage::directory);
  EXPECT_EQ(failure_of(request).os_errno, ENOENT);

  request = sh("exit");
  request.program = "/etc/passwd";
  EXPECT_EQ(failure_of(request).stage, spawn_stage::program);
  EXPECT_EQ(failure_of(request).os_errno, EACCES);

  request = sh("exit");
  request.file_limit = rlimit{10, 5};
  EXPECT_EQ(failure_of(request).stage, spawn_stage::file_limit);
  EXPECT_EQ(failure_of(request).os_errno, EINVAL);

  request = sh("exit");
  request.where = spawn_request::output::file;
  request.file = -1;
  EXPECT_EQ(failure_of(request).stage, spawn_stage::pipe);
  EXPECT_EQ(failure_of(request).os_errno, EBADF);
}

TEST(Spawn, without_a_descriptor_left_the_pipes_fail) {
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  const rlimit none{0, own.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto failure = failure_of(sh("exit"));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &own), 0);
  EXPECT_EQ(failure.stage, wire::spawn_stage::pipe);
  EXPECT_EQ(failure.os_errno, EMFILE);
}

TEST(Spawn, a_limit_of_open_files_never_breaks_the_start_it_is_for) {
  const test::temporary_directory scratch;
  const auto input = scratch / "input";
  ASSERT_TRUE(write_file_atomically(input, "hello\n").ok());
  for (rlim_t most = 0; most <= 10; ++most) {
    // Built-ins alone: what a loader cannot open beyond the limit is the program's own trouble, after exec.
    auto request = sh("");
    request.program = test::bin("fixture_few_files");
    request.start.command = {"few_files"};
    request.start.stdin_file = input;
    request.start.attributes = {.oom_score_adj = 100, .limits = {{RLIMIT_NOFILE, most, most}}};
    request.channels = {.ipc = 3, .ready = 9, .notify = "alder-test-" + std::to_string(::getpid())};
    EXPECT_EQ(output_of(request), "limit " + std::to_string(most) + ", read hello\n") << most;
    request.start.attributes = {};
    request.file_limit = rlimit{most, most};
    EXPECT_EQ(output_of(request), "limit " + std::to_string(most) + ", read hello\n") << most;
  }
}

/// The soft limit of this process, as long as it lives.
class own_file_limit {
public:
  explicit own_file_limit(rlim_t soft) {
    (void)::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{soft, before_.rlim_max};
    (void)::setrlimit(RLIMIT_NOFILE, &lower);
  }
  own_file_limit(const own_file_limit&) = delete;
  own_file_limit& operator=(const own_file_limit&) = delete;
  ~own_file_limit() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

TEST(Spawn, channels_need_no_high_numbers) {
  auto request = sh("echo over-ipc >&3; echo up >&9; read x; echo \"got $x\"");
  request.channels = {.input = true, .ipc = 3, .ready = 9, .notify = "alder-test-" + std::to_string(::getpid())};
  const own_file_limit low{64};
  auto started = spawn(request);
  ASSERT_TRUE(std::holds_alternative<spawned_process>(started)) << std::get<spawn_failure>(started).os_errno;
  auto& process = std::get<spawned_process>(started);
  EXPECT_EQ(test::read_line(process.held[holding::ipc].get()), "over-ipc");
  EXPECT_EQ(test::read_line(process.held[holding::ready].get()), "up");
  ASSERT_EQ(::write(process.held[holding::input].get(), "in\n", 3), 3);
  EXPECT_EQ(test::read_line(process.held[holding::out].get()), "got in");
  reap(process.held[holding::pidfd].get());
}

TEST(Spawn, a_failed_start_leaves_no_child_and_no_descriptor) {
  auto request = sh("exit");
  request.start.cwd = "/nope";
  const auto entries = [] {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
  };
  const auto before = entries();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(failure_of(request).stage, wire::spawn_stage::directory);
  EXPECT_EQ(entries(), before);
  EXPECT_TRUE(family{}.children(::getpid()).empty());
}

TEST(Spawn, sets_priorities_limits_and_processors) {
  auto request = sh("ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj; nice; "
                    "grep -E 'Cpus_allowed_list|NoNewPrivs' /proc/self/status | tr -d '\\t '");
  request.start.attributes = {.nice = 7,
                              .oom_score_adj = 321,
                              .limits = {{RLIMIT_NOFILE, 100, 200}, {RLIMIT_CORE, 0, 0}},
                              .cpus = {0},
                              .no_new_privileges = true};
  EXPECT_EQ(output_of(request), "100\n200\n0\n321\n7\nNoNewPrivs:1\nCpus_allowed_list:0\n");
}

TEST(Spawn, becomes_the_user_and_stays_visible_itself) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  auto request = sh("id -u; id -g; id -G; echo done >/dev/null && cat /proc/self/oom_score_adj");
  request.start.attributes = {.who = identity{12345, 23456, {34567, 45678}, "somebody"}, .oom_score_adj = 77};
  EXPECT_EQ(output_of(request), "12345\n23456\n23456 34567 45678\n77\n");
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
  request.start.cwd = "/root";
  const auto failure = failure_of(request);
  EXPECT_EQ(failure.stage, wire::spawn_stage::directory);
  EXPECT_EQ(failure.os_errno, EACCES);
}

TEST(Spawn, gives_it_a_tmp_of_its_own_and_takes_the_pen_away) {
  if (const auto trouble = this_machine().mount_trouble) GTEST_SKIP() << trouble->cause;
  const test::temporary_directory outside;
  const auto kept = outside / "kept";
  ASSERT_TRUE(write_file_atomically(kept, "old").ok());
  auto request = sh("ls /tmp /var/tmp | grep -v :; echo new >/tmp/own && cat /tmp/own; stat -c %a /tmp; "
                    "touch /usr/share/x 2>/dev/null || echo refused; touch /etc/x 2>/dev/null || echo refused");
  request.start.attributes = {.private_tmp = true, .read_only_paths = {"/usr/share", "/"}};
  EXPECT_EQ(output_of(request), "\nnew\n1777\nrefused\nrefused\n");
  EXPECT_FALSE(std::filesystem::exists("/tmp/own"));

  request = sh("echo new 2>/dev/null >" + kept + " || echo refused; cat " + kept + "; : >/dev/null && echo ok");
  request.start.attributes = {.read_only_paths = {outside.path()}};
  EXPECT_EQ(output_of(request), "refused\noldok\n");
  EXPECT_TRUE(write_file_atomically(kept, "ours is writable").ok());

  request.start.attributes = {.read_only_paths = {"/nope"}};
  EXPECT_EQ(failure_of(request).stage, wire::spawn_stage::mounts);
  EXPECT_EQ(failure_of(request).os_errno, ENOENT);
}

TEST(Spawn, an_attribute_that_is_refused_is_named) {
  auto request = sh("exit");
  request.start.attributes.limits = {{RLIMIT_NOFILE, 200, 100}};
  EXPECT_EQ(failure_of(request).stage, wire::spawn_stage::limits);
  request.start.attributes = {.oom_score_adj = 2000};
  EXPECT_EQ(failure_of(request).stage, wire::spawn_stage::oom_score);
  request.start.attributes = {.cpus = {1023}};
  EXPECT_EQ(failure_of(request).stage, wire::spawn_stage::cpus);
}

TEST(Spawn, gives_the_channels_that_are_asked_for) {
  auto request = sh("read x; echo \"got $x\"; echo over-ipc >&3; read y <&3; echo \"and $y\"; echo up >&9");
  request.channels = {.input = true, .ipc = 3, .ready = 9, .notify = "alder-test-" + std::to_string(::getpid())};
  auto started = spawn(request);
  auto& process = std::get<spawned_process>(started);
  ASSERT_EQ(::write(process.held[holding::input].get(), "in\n", 3), 3);
  EXPECT_EQ(test::read_line(process.held[holding::out].get()), "got in");
  EXPECT_EQ(test::read_line(process.held[holding::ipc].get()), "over-ipc");
  ASSERT_EQ(::write(process.held[holding::ipc].get(), "out\n", 4), 4);
  EXPECT_EQ(test::read_line(process.held[holding::out].get()), "and out");
  EXPECT_EQ(test::read_line(process.held[holding::ready].get()), "up");
  reap(process.held[holding::pidfd].get());
  for (const auto ours : {holding::input, holding::ipc, holding::notify, holding::ready})
    EXPECT_NE(::fcntl(process.held[ours].get(), F_GETFL) & O_NONBLOCK, 0);
  auto again = spawn(request); // the address is taken as long as our end is open
  EXPECT_EQ(std::get<spawn_failure>(again).stage, wire::spawn_stage::channel);
}

} // namespace
} // namespace alder::os
