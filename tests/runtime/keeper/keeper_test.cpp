#include "runtime/keeper/keeper.hpp"

#include "tests/support/keeper_bed.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/os/descendants.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/unix_socket.hpp"

#include <iterator>
#include <random>

#include <sys/stat.h>

namespace alder::test {
namespace {

struct Keeper : ::testing::Test {
  keeper_bed bed;

  listener attach(fake_daemon& daemon) { return listener{std::move(daemon.channel)}; }
};

TEST_F(Keeper, gives_the_daemon_its_epoch_and_itself) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  ASSERT_NE(heard.client, nullptr);
  EXPECT_EQ(heard.client->epoch(), 1U);
  EXPECT_EQ(heard.client->keeper_pid(), bed.keeper_pid());
  const auto self = os::read_stat(bed.keeper_pid());
  ASSERT_TRUE(self.has_value());
  EXPECT_EQ(heard.client->member_marker("a/b"_node, 3),
            std::to_string(self->pid) + "." + std::to_string(self->start_ticks) + "/a/b/3");
  EXPECT_TRUE(heard.client->take_inventory().empty());
}

TEST_F(Keeper, gives_every_daemon_the_same_staging_of_output) {
  bed.start();
  const auto inode = [](const unique_fd& fd) {
    struct stat about {};
    return ::fstat(fd.get(), &about) == 0 ? about.st_ino : 0;
  };
  auto first = bed.next_daemon();
  auto heard = attach(first);
  heard.client->ready();
  ASSERT_EQ(bed.ready_line(), "ready");
  const auto before = heard.client->take_log_stage();
  ASSERT_TRUE(before.valid());
  first.crash();
  auto second = bed.next_daemon();
  const auto after = attach(second).client->take_log_stage();
  ASSERT_TRUE(after.valid());
  EXPECT_EQ(inode(after.read), inode(before.read));
  EXPECT_EQ(inode(after.memory), inode(before.memory));
}

TEST_F(Keeper, says_ready_when_the_daemon_does) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->ready();
  EXPECT_EQ(bed.ready_line(), "ready");
}

TEST_F(Keeper, makes_its_directories_private) {
  bed.start();
  auto daemon = bed.next_daemon();
  for (const auto* name : {"run", "state", "log"}) {
    struct stat info {};
    ASSERT_EQ(::stat(bed.dir.path(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U) << name;
  }
}

TEST_F(Keeper, passes_on_why_the_daemon_failed) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->failed("the socket\nis taken");
  EXPECT_EQ(bed.ready_line(), "error: the socket is taken");
  daemon.control.reset();
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(1));
}

TEST_F(Keeper, ends_when_the_first_daemon_ends_before_it_is_ready) {
  bed.start_with({"--exit", "7"});
  EXPECT_EQ(bed.ready_line(),
            "error: the daemon exited with code 7 before it was ready, see " + bed.dir.path("state/daemon.log"));
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(1));
}

TEST_F(Keeper, ends_when_there_is_no_daemon_program) {
  bed.start_with({}, "/nowhere/alderd");
  EXPECT_EQ(bed.ready_line(),
            "error: the daemon could not be started: exec /nowhere/alderd: no such file or directory (ENOENT)");
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(1));
}

/// The watchdog's time of keepers that are started meanwhile.
class watchdog_of {
public:
  explicit watchdog_of(const char* seconds) { (void)::setenv("ALDER_WATCHDOG", seconds, 1); }
  watchdog_of(const watchdog_of&) = delete;
  watchdog_of& operator=(const watchdog_of&) = delete;
  ~watchdog_of() { (void)::unsetenv("ALDER_WATCHDOG"); }
};

TEST_F(Keeper, a_daemon_that_hangs_before_hello_is_replaced_when_somebody_waits_for_it) {
  const watchdog_of one{"1"};
  bed.start();
  auto first = bed.next_daemon(); // and says nothing
  ASSERT_EQ(::kill(bed.keeper_pid(), SIGUSR1), 0);
  auto second = bed.next_daemon();
  EXPECT_NE(second.pid, first.pid);
  auto heard = attach(second);
  EXPECT_EQ(heard.client->epoch(), 1U) << "the first one never served";
  EXPECT_NE(heard.client->news().find("hung"), std::string::npos);
  heard.client->ready();
  EXPECT_EQ(bed.ready_line(), "ready") << "whoever started the keeper waits for the second";
}

TEST_F(Keeper, a_daemon_that_hangs_between_hello_and_ready_is_replaced_when_somebody_waits_for_it) {
  const watchdog_of one{"1"};
  bed.start();
  auto first = bed.next_daemon();
  auto heard = attach(first);
  ASSERT_EQ(::kill(bed.keeper_pid(), SIGUSR1), 0);
  auto second = bed.next_daemon();
  EXPECT_NE(second.pid, first.pid);
}

TEST_F(Keeper, daemons_that_hang_again_and_again_before_any_was_ready_end_it) {
  const watchdog_of one{"1"};
  bed.start();
  for (int i = 0; i < 3; ++i) {
    auto daemon = bed.next_daemon();
    ASSERT_EQ(::kill(bed.keeper_pid(), SIGUSR1), 0);
    ASSERT_TRUE(readable(daemon.control.get())) << "it is killed";
  }
  EXPECT_NE(bed.ready_line().find("error: the daemon"), std::string::npos);
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(1));
}

TEST_F(Keeper, a_start_that_would_take_its_last_descriptors_is_refused) {
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  bed.start_limited(64);
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  constexpr std::size_t many = 30;
  for (std::size_t i = 0; i < many; ++i)
    heard.client->spawn(shell({"t", std::to_string(i)}, "exec sleep 1000"));
  ASSERT_TRUE(heard.until([&] { return heard.spawned.size() + heard.failed.size() == many; }));
  EXPECT_GE(heard.spawned.size(), 3U);
  ASSERT_GE(heard.failed.size(), 1U);
  EXPECT_EQ(heard.failed.front().why.os_errno, EMFILE);
  std::ifstream log{bed.dir.path("stderr")};
  const std::string text{std::istreambuf_iterator<char>{log}, {}};
  EXPECT_NE(text.find("of 64 are free"), std::string::npos) << text;
  daemon.crash(); // and it can still start another daemon
  heard.client.reset();
  auto second = bed.next_daemon();
  auto next = attach(second);
  EXPECT_EQ(next.client->take_inventory().size(), heard.spawned.size());
}

TEST_F(Keeper, a_second_one_says_busy) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->ready();
  ASSERT_EQ(bed.ready_line(), "ready");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd read_end{ends[0]};
  unique_fd write_end{ends[1]};
  auto words = bed.command(true, {}, "/bin/false");
  for (auto& word : words)
    if (word == "RFD") word = std::to_string(write_end.get());
  auto second = os::spawn({.program = words.front(),
                           .start = {.command = words},
                           .where = os::spawn_request::output::null,
                           .file = -1,
                           .passed = write_end.get(),
                           .file_limit = {}});
  ASSERT_TRUE(std::holds_alternative<os::spawned_process>(second));
  write_end.reset();
  EXPECT_EQ(read_line(read_end.get()), "busy");
  siginfo_t info{};
  const auto& pidfd = std::get<os::spawned_process>(second).held[holding::pidfd];
  ASSERT_TRUE(readable(pidfd.get()));
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED), 0);
  EXPECT_EQ(info.si_status, 0);
}

TEST_F(Keeper, leaves_the_terminal_unless_told_otherwise) {
  bed.start_with({"--control", bed.dir.path("control")}, bin("fixture_keeper_daemon"), /*foreground=*/false);
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(0)); // the process that was started
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  const int pid = heard.client->keeper_pid();
  auto pidfd = os::open_pidfd(pid);
  ASSERT_TRUE(pidfd.ok());
  bed.keeper_pidfd = std::move(*pidfd);
  EXPECT_EQ(bed.keeper_pid(), pid);
  const auto self = os::read_stat(pid);
  ASSERT_TRUE(self.has_value());
  EXPECT_EQ(self->session, pid);
  heard.client->ready();
  EXPECT_EQ(bed.ready_line(), "ready");
  heard.client->shutdown();
  daemon.control.reset();
  EXPECT_TRUE(readable(bed.keeper_pidfd.get()));
}

TEST_F(Keeper, reports_exit_codes_and_signals) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/zero"_node, "exit 0"));
  heard.client->spawn(shell("t/three"_node, "exit 3"));
  heard.client->spawn(shell("t/killed"_node, "kill -KILL $$"));
  ASSERT_TRUE(heard.until_exits(3));
  for (const auto& [id, gen, status, orphans] : heard.exits) {
    EXPECT_EQ(gen, 1U);
    EXPECT_EQ(status, id == "t/zero"_node    ? exit_status::code(0)
                      : id == "t/three"_node ? exit_status::code(3)
                                             : exit_status::signal(SIGKILL));
  }
}

TEST_F(Keeper, hands_over_a_pidfd_and_both_outputs) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "echo out; echo err >&2; exec sleep 1000"));
  ASSERT_TRUE(heard.until_spawned(1));
  auto& child = heard.spawned.front();
  EXPECT_EQ(read_line(child.held[holding::out].get()), "out");
  EXPECT_EQ(read_line(child.held[holding::err].get()), "err");
  EXPECT_NE(::fcntl(child.held[holding::out].get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_GT(child.started.time_since_epoch().count(), 0);
  ASSERT_TRUE(os::signal_pidfd(child.held[holding::pidfd].get(), SIGTERM).ok());
  ASSERT_TRUE(heard.until_exits(1));
  EXPECT_EQ(heard.exits.front().status, exit_status::signal(SIGTERM));
  EXPECT_TRUE(readable(child.held[holding::pidfd].get()));
}

TEST_F(Keeper, the_marker_is_in_the_environment) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "echo $ALDER_MEMBER", 9));
  ASSERT_TRUE(heard.until_spawned(1));
  EXPECT_EQ(read_line(heard.spawned.front().held[holding::out].get()), heard.client->member_marker("t/a"_node, 9));
}

TEST_F(Keeper, services_get_the_original_limit_of_open_files) {
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  const rlimit lower{123, own.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  bed.start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &own), 0);
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "ulimit -n"));
  ASSERT_TRUE(heard.until_spawned(1));
  EXPECT_EQ(read_line(heard.spawned.front().held[holding::out].get()), "123");
}

TEST_F(Keeper, without_capture_there_is_only_a_pidfd) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  auto quiet = shell("t/a"_node, "readlink /proc/self/fd/1 | grep -qx /dev/null");
  quiet.capture = false;
  heard.client->spawn(quiet);
  ASSERT_TRUE(heard.until_exits(1));
  EXPECT_TRUE(heard.spawned.front().held[holding::pidfd].valid());
  EXPECT_FALSE(heard.spawned.front().held[holding::out].valid());
}

TEST_F(Keeper, failed_starts_name_their_step_and_never_look_like_exits) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  auto no_stdin = shell("t/stdin"_node, "exit");
  no_stdin.start.stdin_file = "/nope";
  const auto script = bed.dir.path("script");
  std::ofstream{script} << "#!/no/interpreter\n";
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  heard.client->spawn(no_stdin);
  heard.client->spawn(launch_of("t/script"_node, {script}));
  ASSERT_TRUE(heard.until_failed(2));
  EXPECT_EQ(heard.failed[0].why.message, "could not start: open /nope for stdin: no such file or directory (ENOENT)");
  EXPECT_EQ(heard.failed[0].why.os_errno, ENOENT);
  EXPECT_EQ(heard.failed[1].why.message,
            "could not start: exec " + script + ": no such file or directory (ENOENT), its interpreter may be missing");
  heard.client->spawn(shell("t/good"_node, "exit"));
  ASSERT_TRUE(heard.until_exits(1));
  EXPECT_EQ(heard.exits.front().id, "t/good"_node);
  EXPECT_TRUE(heard.reaped.empty());
}

TEST_F(Keeper, the_same_generation_does_not_start_twice) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "exec sleep 1000"));
  ASSERT_TRUE(heard.until_spawned(1));
  heard.client->spawn(shell("t/a"_node, "exec sleep 1000"));
  ASSERT_TRUE(heard.until_failed(1));
  EXPECT_EQ(heard.failed.front().why.os_errno, EEXIST);
}

TEST_F(Keeper, starts_hundreds_at_once_without_either_side_blocking) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  constexpr std::size_t many = 300;
  for (std::size_t i = 0; i < many; ++i)
    heard.client->spawn(launch_of({"t", std::to_string(i)}, {"true"}));
  ASSERT_TRUE(heard.until_exits(many));
  EXPECT_EQ(heard.spawned.size(), many);
}

TEST_F(Keeper, gives_the_ends_of_each_process_away_before_there_is_one) {
  bed.start();
  auto daemon = bed.next_daemon();
  const auto say = [&](const wire::to_keeper& frame) {
    ASSERT_EQ(os::send_record(daemon.channel.get(), wire::encode(frame), {}), os::transfer::done);
  };
  ::kill(bed.keeper_pid(), SIGSTOP); // so that all come at once
  say(wire::hello_frame{.pid = daemon.pid});
  for (const auto& id : {"t/a"_node, "t/b"_node, "t/c"_node})
    say(wire::spawn_frame{
        .id = id,
        .generation = 1,
        .program = "/bin/true",
        .start = {
            .command = {"true"}, .environment = {}, .cwd = "/", .stdin_file = {}, .umask = {}, .attributes = {}}});
  ::kill(bed.keeper_pid(), SIGCONT);
  std::vector<std::string> told;
  while (told.size() < 6 && readable(daemon.channel.get())) {
    os::record got;
    ASSERT_EQ(os::receive_record(daemon.channel.get(), wire::max_keeper_frame, got), os::transfer::done);
    const auto frame = wire::decode_to_daemon(got.bytes);
    ASSERT_TRUE(frame.ok());
    if (const auto* starting = std::get_if<wire::starting_frame>(&*frame)) {
      EXPECT_EQ(starting->held, (wire::held_names{"out", "err"}));
      EXPECT_EQ(got.fds.size(), 2U);
      told.push_back("starting " + starting->id.text());
    }
    if (const auto* spawned = std::get_if<wire::spawned_frame>(&*frame))
      told.push_back("spawned " + spawned->id.text());
  }
  EXPECT_EQ(told, (std::vector<std::string>{"starting t/a", "spawned t/a", "starting t/b", "spawned t/b",
                                            "starting t/c", "spawned t/c"}));
}

TEST_F(Keeper, reaps_orphans_and_says_so) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  const auto fifo = bed.dir.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  // The subshell's child outlives it and becomes the keeper's; it ends when somebody writes to what it reads, which
  // must not be before the subshell is gone: it would reap the child itself.
  heard.client->spawn(shell("t/a"_node, "( read go < " + fifo + " & echo $! ); echo gone; exec sleep 1000"));
  ASSERT_TRUE(heard.until_spawned(1));
  const int orphan = std::atoi(read_line(heard.spawned.front().held[holding::out].get()).c_str());
  ASSERT_GT(orphan, 0);
  ASSERT_EQ(read_line(heard.spawned.front().held[holding::out].get()), "gone");
  std::ofstream{fifo} << "go\n";
  ASSERT_TRUE(heard.until([&] { return !heard.reaped.empty(); }));
  EXPECT_EQ(heard.reaped.front(), orphan);
}

TEST_F(Keeper, says_whether_anybody_can_be_left_of_a_process_that_has_ended) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "exec sleep 1000"));
  heard.client->spawn(shell("t/b"_node, "exit 1"));
  ASSERT_TRUE(heard.until_exits(1));
  using pids = std::vector<std::uint32_t>;
  EXPECT_EQ(heard.exits[0].orphans, pids{}) << "the other service is no orphan, nor is the daemon";
  const auto pipe = bed.dir.path("pipe");
  heard.client->spawn(shell("t/c"_node, "mkfifo " + pipe + "; setsid sh -c 'echo $$ > " + pipe +
                                            "; exec sleep 1000' & read orphan < " + pipe + "; echo $orphan"));
  ASSERT_TRUE(heard.until_exits(2));
  const auto orphan =
      static_cast<std::uint32_t>(std::atoi(read_line(heard.spawned.back().held[holding::out].get()).c_str()));
  EXPECT_EQ(heard.exits[1].orphans, pids{orphan});
  heard.client->spawn(shell("t/d"_node, "exit 1"));
  ASSERT_TRUE(heard.until_exits(3));
  EXPECT_EQ(heard.exits[2].orphans, pids{orphan}) << "whose it is, the daemon knows";
  heard.client->spawn(shell("t/e"_node, "sleep 1000 & exit 1"));
  ASSERT_TRUE(heard.until_exits(4));
  EXPECT_EQ(heard.exits[3].orphans, std::nullopt) << "somebody is in its group";
}

/// A child that starts a grandchild, says its number and ends with 3; the grandchild ends with 7 when told to.
std::string daemoniser(const std::string& pipe) {
  return "mkfifo " + pipe + "; (read word < " + pipe + "; exit 7) & echo $!; exit 3";
}

TEST_F(Keeper, the_exit_of_another_main_process_is_that_of_the_child) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  const auto pipe = bed.dir.path("pipe");
  heard.client->spawn(shell("a/b"_node, daemoniser(pipe)));
  ASSERT_TRUE(heard.until_spawned(1));
  const int pid = std::atoi(read_line(heard.spawned[0].held[holding::out].get()).c_str());
  ASSERT_TRUE(heard.until_exits(1));
  EXPECT_EQ(heard.exits[0].status, exit_status::code(3));
  const auto process = os::read_stat(pid);
  ASSERT_TRUE(process.has_value());
  heard.client->set_main("a/b"_node, 1, pid, process->start_ticks);
  heard.client->spawn(shell("a/c"_node, "exec sleep 1000"));
  ASSERT_TRUE(heard.until_spawned(2)); // so the keeper has read what came before
  std::ofstream{pipe} << "end\n";
  ASSERT_TRUE(heard.until_exits(2));
  EXPECT_EQ(heard.exits[1].id, "a/b"_node);
  EXPECT_EQ(heard.exits[1].status, exit_status::code(7));
}

TEST_F(Keeper, the_next_daemon_finds_the_other_main_process) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->ready();
  ASSERT_EQ(bed.ready_line(), "ready");
  const auto pipe = bed.dir.path("pipe");
  heard.client->spawn(shell("a/b"_node, daemoniser(pipe)));
  ASSERT_TRUE(heard.until_spawned(1));
  const int pid = std::atoi(read_line(heard.spawned[0].held[holding::out].get()).c_str());
  ASSERT_TRUE(heard.until_exits(1));
  const auto process = os::read_stat(pid);
  ASSERT_TRUE(process.has_value());
  heard.client->set_main("a/b"_node, 1, pid, process->start_ticks);
  daemon.crash();
  heard.client.reset();
  auto second = bed.next_daemon();
  auto next = attach(second);
  auto inventory = next.client->take_inventory();
  ASSERT_EQ(inventory.size(), 1U);
  EXPECT_EQ(inventory[0].pid, pid);
  EXPECT_FALSE(inventory[0].exited.has_value());
  ASSERT_TRUE(os::signal_pidfd(inventory[0].held[holding::pidfd].get(), SIGKILL).ok());
  ASSERT_TRUE(next.until_exits(1));
  EXPECT_EQ(next.exits[0].status, exit_status::signal(SIGKILL));
}

TEST_F(Keeper, another_main_process_that_is_gone_already_has_ended_somehow) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("a/b"_node, "exec sleep 1000"));
  ASSERT_TRUE(heard.until_spawned(1));
  heard.client->set_main("a/b"_node, 1, heard.spawned[0].pid, 1); // nobody with that number was born then
  ASSERT_TRUE(heard.until_exits(1));
  EXPECT_EQ(heard.exits[0].status.kind, exit_status::how::unknown);
}

TEST_F(Keeper, a_daemon_that_dies_is_started_again_and_finds_its_children) {
  bed.start();
  auto first = bed.next_daemon();
  int pid = 0;
  {
    auto heard = attach(first);
    heard.client->ready();
    auto what = shell("t/a"_node, "read line; echo before; exec sleep 1000", 4);
    what.note = "old note";
    what.start.stdin_file = "/dev/null";
    heard.client->spawn(what);
    ASSERT_TRUE(heard.until_spawned(1));
    pid = heard.spawned.front().pid;
    ASSERT_TRUE(heard.client->set_note("t/a"_node, 4, "new note").ok());
  }
  first.crash();
  auto second = bed.next_daemon();
  auto heard = attach(second);
  EXPECT_EQ(heard.client->epoch(), 2U);
  auto inventory = heard.client->take_inventory();
  ASSERT_EQ(inventory.size(), 1U);
  EXPECT_EQ(inventory[0].id, "t/a"_node);
  EXPECT_EQ(inventory[0].gen, 4U);
  EXPECT_EQ(inventory[0].pid, pid);
  EXPECT_EQ(inventory[0].note, "new note");
  EXPECT_FALSE(inventory[0].exited.has_value());
  EXPECT_EQ(read_line(inventory[0].held[holding::out].get()), "before");
  EXPECT_TRUE(os::signal_pidfd(inventory[0].held[holding::pidfd].get(), 0).ok());
}

TEST_F(Keeper, an_exit_is_repeated_with_its_output_until_it_is_acknowledged) {
  bed.start();
  auto daemon = bed.next_daemon();
  {
    auto heard = attach(daemon);
    heard.client->ready();
    heard.client->spawn(shell("t/a"_node, "echo last words; exit 5"));
    ASSERT_TRUE(heard.until_exits(1));
  }
  daemon.crash();
  daemon = bed.next_daemon();
  {
    auto heard = attach(daemon);
    auto inventory = heard.client->take_inventory();
    ASSERT_EQ(inventory.size(), 1U);
    EXPECT_EQ(inventory[0].exited, exit_status::code(5));
    EXPECT_EQ(read_all(inventory[0].held[holding::out].get()), "last words\n");
    heard.client->acknowledge("t/a"_node, 1);
  }
  daemon.crash();
  daemon = bed.next_daemon();
  auto heard = attach(daemon);
  EXPECT_TRUE(heard.client->take_inventory().empty());
  EXPECT_EQ(heard.client->epoch(), 3U);
}

TEST_F(Keeper, an_exit_between_two_daemons_is_in_the_inventory) {
  bed.start();
  auto first = bed.next_daemon();
  const auto fifo = bed.dir.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  int pid = 0;
  {
    auto heard = attach(first);
    heard.client->ready();
    heard.client->spawn(shell("t/a"_node, "read go < " + fifo + "; exit 6"));
    ASSERT_TRUE(heard.until_spawned(1));
    pid = heard.spawned.front().pid;
  }
  auto pidfd = os::open_pidfd(pid);
  ASSERT_TRUE(pidfd.ok());
  first.crash();
  std::ofstream{fifo} << "go\n";
  ASSERT_TRUE(readable(pidfd->get()));
  auto second = bed.next_daemon();
  auto heard = attach(second);
  auto inventory = heard.client->take_inventory();
  ASSERT_EQ(inventory.size(), 1U);
  if (!inventory[0].exited) {
    ASSERT_TRUE(heard.until_exits(1));
    EXPECT_EQ(heard.exits.front().status, exit_status::code(6));
  } else {
    EXPECT_EQ(inventory[0].exited, exit_status::code(6));
  }
}

TEST_F(Keeper, an_old_daemon_is_killed_when_it_drops_its_channel) {
  bed.start();
  auto first = bed.next_daemon();
  {
    auto heard = attach(first);
    heard.client->ready();
    ASSERT_EQ(bed.ready_line(), "ready");
  }
  auto second = bed.next_daemon(); // the first still held its control socket: only SIGKILL ends it
  EXPECT_NE(second.pid, first.pid);
  EXPECT_NE(::kill(first.pid, 0), 0);
  char byte = 0;
  EXPECT_EQ(::read(first.control.get(), &byte, 1), 0);
}

TEST_F(Keeper, garbage_costs_the_daemon_its_life_but_no_service) {
  bed.start();
  std::mt19937 random{7};
  int pid = 0;
  auto daemon = bed.next_daemon();
  {
    auto heard = attach(daemon);
    heard.client->ready();
    heard.client->spawn(shell("t/a"_node, "exec sleep 1000"));
    ASSERT_TRUE(heard.until_spawned(1));
    pid = heard.spawned.front().pid;
  }
  for (int round = 0; round < 3; ++round) {
    daemon = bed.next_daemon();
    std::string bytes(1 + random() % 5000, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random());
    bytes[0] = static_cast<char>(round == 0 ? 200 : 4); // an unknown kind, then a spawn that is none
    (void)os::send_record(daemon.channel.get(), bytes, {});
  }
  daemon = bed.next_daemon();
  auto heard = attach(daemon);
  auto inventory = heard.client->take_inventory();
  ASSERT_EQ(inventory.size(), 1U);
  EXPECT_EQ(inventory[0].pid, pid);
  EXPECT_EQ(heard.client->epoch(), 5U);
}

TEST_F(Keeper, passes_a_stop_request_on) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  ASSERT_TRUE(os::signal_pidfd(bed.keeper_pidfd.get(), SIGTERM).ok());
  ASSERT_TRUE(heard.until([&] { return !heard.stops.empty(); }));
  EXPECT_EQ(heard.stops.front(), SIGTERM);
  heard.client->shutdown();
  daemon.control.reset();
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(0));
}

TEST_F(Keeper, a_stop_signal_while_there_is_no_daemon_starts_one_to_stop_things_in_order) {
  bed.start();
  auto first = bed.next_daemon();
  {
    auto heard = attach(first);
    heard.client->ready();
    heard.client->spawn(shell("t/a"_node, "exec sleep 1000"));
    ASSERT_TRUE(heard.until_spawned(1));
  }
  first.crash(); // it lived shortly: the next one would come after a delay
  ASSERT_TRUE(os::signal_pidfd(bed.keeper_pidfd.get(), SIGTERM).ok());
  auto second = bed.next_daemon();
  auto heard = attach(second);
  EXPECT_EQ(heard.client->take_inventory().size(), 1U);
  ASSERT_TRUE(heard.until([&] { return !heard.stops.empty(); }));
  heard.client->shutdown();
  second.control.reset();
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(0));
}

TEST_F(Keeper, a_second_stop_signal_kills_everything) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  heard.client->spawn(shell("t/a"_node, "trap '' TERM; echo set; while :; do sleep 1000; done"));
  ASSERT_TRUE(heard.until_spawned(1));
  EXPECT_EQ(read_line(heard.spawned.front().held[holding::out].get()), "set");
  ASSERT_TRUE(os::signal_pidfd(bed.keeper_pidfd.get(), SIGTERM).ok());
  ASSERT_TRUE(heard.until([&] { return !heard.stops.empty(); }));
  ASSERT_TRUE(os::signal_pidfd(bed.keeper_pidfd.get(), SIGTERM).ok());
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(1));
  EXPECT_TRUE(
      readable(heard.spawned.front().held[holding::pidfd].get(), steady::now() + std::chrono::milliseconds{100}));
}

TEST_F(Keeper, shutdown_leaves_no_process_behind) {
  bed.start();
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  const auto file = bed.dir.path("orphan");
  heard.client->spawn(launch_of("t/fork"_node, {bin("fixture_double_fork"), file}));
  heard.client->spawn(shell("t/tree"_node, "sleep 1000 & sleep 1000 & trap '' TERM; echo set; wait"));
  ASSERT_TRUE(heard.until_exits(1)); // the first process of the daemoniser
  ASSERT_TRUE(heard.until_spawned(2));
  for (auto& child : heard.spawned)
    if (child.id == "t/tree"_node) {
      EXPECT_EQ(read_line(child.held[holding::out].get()), "set");
    }
  const auto before = os::tree_below(bed.keeper_pid(), daemon.pid);
  EXPECT_GE(before.size(), 4U);
  heard.client->shutdown();
  ASSERT_TRUE(heard.until([&] { return heard.lost; })); // nothing is left but the daemon
  for (const auto& one : before)
    EXPECT_TRUE(readable(one.pidfd.get(), steady::now() + std::chrono::milliseconds{1})) << one.pid;
  daemon.control.reset();
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(0));
}

TEST_F(Keeper, what_the_daemon_said_right_before_it_died_counts) {
  bed.start();
  auto daemon = bed.next_daemon();
  {
    auto heard = attach(daemon);
    heard.client->spawn(shell("t/a"_node, "exit 0"));
    ASSERT_TRUE(heard.until_spawned(1)); // the notice of the exit stays unread
    ASSERT_TRUE(readable(heard.spawned.front().held[holding::pidfd].get()));
    heard.client->shutdown();
  }
  ::kill(daemon.pid, SIGKILL);
  EXPECT_EQ(bed.wait_for_end(), exit_status::code(0));
}

TEST_F(Keeper, ends_with_the_process_that_started_it_in_the_foreground) {
  const auto words = bed.command(true, {"--control", bed.dir.path("control")}, bin("fixture_keeper_daemon"));
  std::string line;
  for (const auto& word : words)
    if (word != "--ready-fd" && word != "RFD") line += word + " ";
  auto parent = os::spawn({.program = "/bin/sh",
                           .start = {.command = {"sh", "-c", line + "& wait"}, .environment = os::environment()},
                           .where = os::spawn_request::output::null,
                           .file = -1,
                           .passed = -1,
                           .file_limit = {}});
  auto& shell_process = std::get<os::spawned_process>(parent);
  auto daemon = bed.next_daemon();
  auto heard = attach(daemon);
  auto pidfd = os::open_pidfd(heard.client->keeper_pid());
  ASSERT_TRUE(pidfd.ok());
  bed.keeper_pidfd = std::move(*pidfd);
  ASSERT_TRUE(os::signal_pidfd(shell_process.held[holding::pidfd].get(), SIGKILL).ok());
  os::reap(shell_process.held[holding::pidfd].get());
  ASSERT_TRUE(heard.until([&] { return !heard.stops.empty(); }));
  heard.client->shutdown();
  daemon.control.reset();
  EXPECT_TRUE(readable(bed.keeper_pidfd.get()));
}

} // namespace
} // namespace alder::test
