#include "runtime/os/reparented.hpp"

#include "tests/support/keeper_bed.hpp"

#include "runtime/os/orphans.hpp"
#include "runtime/os/spawn.hpp"

#include <array>
#include <csignal>
#include <functional>
#include <string>

namespace alder::os {
namespace {

/// What a subreaper sees whose children are started by its second thread; it says so in words, because it is a process
/// of its own: the program of the tests has other threads and children.
class Subreaper : public ::testing::Test {
protected:
  /// Runs `rest` in such a process, and returns what it wrote to the descriptor it is given.
  static std::string said_by(const std::function<void(int said)>& rest) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const int pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      if (!become_subreaper()) ::_exit(1);
      ::_exit(run_beside_first_thread([&] {
        rest(ends[1]);
        return 0;
      }));
    }
    ::close(ends[1]);
    const unique_fd heard{ends[0]};
    auto text = test::read_all(heard.get());
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    return text;
  }
  static void say(int to, const std::string& text) { (void)!::write(to, text.data(), text.size()); }
  static std::string count_of(const reparented& others) {
    const auto all = others.list();
    return all ? std::to_string(all->size()) + " " : "? ";
  }
  static spawned_process start(const std::string& script) {
    spawn_request request{.program = "/bin/sh", .start = {.command = {"sh", "-c", script}}};
    auto started = spawn(request);
    return std::move(std::get<spawned_process>(started));
  }
};

TEST_F(Subreaper, ChildrenOfTheSecondThreadAreNotOrphans) {
  EXPECT_EQ(said_by([](int said) {
              const reparented others;
              say(said, count_of(others));
              auto one = start("exec sleep 1000");
              auto two = start("exec sleep 1000");
              say(said, count_of(others));
              ::kill(one.pid, SIGKILL);
              ::kill(two.pid, SIGKILL);
              while (::waitpid(-1, nullptr, 0) > 0) {
              }
              say(said, count_of(others));
            }),
            "0 0 0 ");
}

TEST_F(Subreaper, WhoeverLostItsParentIsThereAsSoonAsThatCanBeReaped) {
  EXPECT_EQ(said_by([](int said) {
              const reparented others;
              auto main = start("sleep 1000 & echo $!");
              const int orphan = std::atoi(test::read_line(main.held[holding::out].get()).c_str());
              ::waitpid(main.pid, nullptr, 0);
              const auto left = others.list();
              say(said, left == std::vector<int>{orphan} ? "the orphan " : "another ");
              say(said, group_is_empty(main.pid) ? "empty " : "in its group ");
              ::kill(orphan, SIGKILL);
              ::waitpid(orphan, nullptr, 0);
              say(said, count_of(others));
              say(said, group_is_empty(main.pid) ? "empty" : "in its group");
            }),
            "the orphan in its group 0 empty");
}

/// Each process starts the next one and ends at once: at every moment there is one.
TEST_F(Subreaper, AChainOfProcessesIsNeverMissed) {
  EXPECT_EQ(said_by([](int said) {
              const reparented others;
              auto main = start("pass() { [ $1 -gt 0 ] && ( pass $(($1 - 1)) ) & exit; }; ( pass 300 ) &");
              ::waitpid(main.pid, nullptr, 0);
              const auto deadline = test::steady::now() + test::patience;
              while (others.list() != std::vector<int>{} && test::steady::now() < deadline)
                while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                }
              pollfd output{main.held[holding::out].get(), 0, 0}; // hung up when the last of them has ended
              say(said, ::poll(&output, 1, 0) == 1 ? "the end" : "one was missed");
            }),
            "the end");
}

} // namespace
} // namespace alder::os
