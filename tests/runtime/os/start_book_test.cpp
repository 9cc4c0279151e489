#include "runtime/os/start_book.hpp"

#include "tests/support/keeper_bed.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/os/proc.hpp"

#include <sys/resource.h>

namespace alder::os {
namespace {

using state = booked_start::state;
const start_book::key web{"shop/web"_node, 5};

struct StartBook : ::testing::Test {
  test::scratch dir;
  const std::string path = dir.path("starts");

  start_book open(const std::string& line = "1.2", bool is_new = true) const {
    auto opened = start_book::open(path, line, is_new);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.failure().message);
    return std::move(*opened);
  }
  std::vector<booked_start> read() const {
    auto all = start_book::read(path, "1.2");
    EXPECT_TRUE(all.has_value());
    return all.value_or(std::vector<booked_start>{});
  }
  booked_start only() const {
    const auto all = read();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? booked_start{} : all.front();
  }
  /// Of a program in the book.
  std::variant<spawned_process, spawn_failure> start(start_book& book, const std::string& program) const {
    return spawn({.program = program,
                  .start = {.command = {"sleep", "1000"}},
                  .where = spawn_request::output::null,
                  .ticket = book.ask(web, "3 waiting")});
  }
};

TEST_F(StartBook, a_start_that_was_asked_for_is_cancelled_by_the_next) {
  auto book = open();
  const auto ticket = book.ask(web, "3 waiting");
  EXPECT_EQ(only().what, state::asked);
  auto next = open("1.2", /*is_new=*/false);
  EXPECT_EQ(only().what, state::cancelled);
  EXPECT_FALSE(claim_start(ticket));
  EXPECT_EQ(only().what, state::cancelled);
}

TEST_F(StartBook, one_that_was_claimed_is_not_cancelled) {
  auto book = open();
  EXPECT_TRUE(claim_start(book.ask(web, "3 waiting")));
  auto next = open("1.2", /*is_new=*/false);
  const auto found = only();
  EXPECT_EQ(found.what, state::running);
  EXPECT_EQ(found.id, "shop/web"_node);
  EXPECT_EQ(found.generation, 5U);
  EXPECT_EQ(found.pid, ::getpid());
  EXPECT_EQ(found.note, "3 waiting");
}

TEST_F(StartBook, what_came_too_late_cannot_claim_the_next_use_of_its_place) {
  auto book = open();
  const auto late = book.ask(web, "");
  auto next = open("1.2", /*is_new=*/false);
  const auto again = next.ask(web, ""); // the same place, and asked for as well
  EXPECT_FALSE(claim_start(late));
  EXPECT_EQ(only().what, state::asked);
  EXPECT_TRUE(claim_start(again));
  EXPECT_EQ(only().what, state::running);
}

TEST_F(StartBook, a_process_notes_itself_and_is_found_though_nobody_else_came_to_it) {
  auto book = open();
  const auto started = start(book, "/bin/sleep");
  const auto& process = std::get<spawned_process>(started);
  const auto found = only();
  EXPECT_EQ(found.what, state::running);
  EXPECT_EQ(found.pid, process.pid);
  EXPECT_EQ(found.start_ticks, 0U);
  EXPECT_EQ(start_ticks_of(found), read_stat(process.pid)->start_ticks);
  (void)signal_pidfd(process.held[holding::pidfd].get(), SIGKILL);
  ASSERT_TRUE(test::readable(process.held[holding::pidfd].get()));
  EXPECT_FALSE(start_ticks_of(found)); // not even its zombie
  reap(process.held[holding::pidfd].get());
  EXPECT_FALSE(start_ticks_of(found));
}

TEST_F(StartBook, a_later_process_of_the_same_number_is_another) {
  auto found = booked_start{.what = state::running, .pid = ::getpid(), .asked_ns = 0, .exec_ns = 1};
  EXPECT_FALSE(start_ticks_of(found)); // this one was made long after that
  found.start_ticks = read_stat(::getpid())->start_ticks;
  EXPECT_TRUE(start_ticks_of(found));
  ++found.start_ticks;
  EXPECT_FALSE(start_ticks_of(found));
}

TEST_F(StartBook, a_program_that_cannot_run_never_ran) {
  auto book = open();
  const auto started = start(book, "/no/such/program");
  ASSERT_TRUE(std::holds_alternative<spawn_failure>(started));
  EXPECT_EQ(only().what, state::failed);
  book.forget(web);
  EXPECT_TRUE(read().empty());
}

/// As when its keeper was killed while it was being made.
TEST_F(StartBook, without_its_parent_it_is_not_started) {
  auto book = open();
  auto ticket = book.ask(web, "");
  ticket.parent = 1;
  const auto started = spawn({.program = "/bin/sleep",
                              .start = {.command = {"sleep", "1000"}},
                              .where = spawn_request::output::null,
                              .ticket = ticket});
  EXPECT_TRUE(std::holds_alternative<spawn_failure>(started));
  EXPECT_EQ(only().what, state::asked);
}

TEST_F(StartBook, what_is_known_of_a_start_can_be_read) {
  auto book = open();
  book.enter({.id = "shop/web"_node,
              .generation = 5,
              .pid = 42,
              .start_ticks = 7,
              .started_ms = 11,
              .out = 13,
              .err = 17,
              .note = "2",
              .exited = {}});
  book.set_note(web, "3");
  auto found = only();
  EXPECT_EQ(found.what, state::running);
  EXPECT_EQ(found.pid, 42);
  EXPECT_EQ(found.start_ticks, 7U);
  EXPECT_EQ(found.started_ms, 11);
  EXPECT_EQ(found.out, 13U);
  EXPECT_EQ(found.err, 17U);
  EXPECT_EQ(found.note, "3");
  EXPECT_FALSE(found.exited);
  book.set_exit(web, exit_status::signal(9));
  found = only();
  EXPECT_EQ(found.what, state::ended);
  EXPECT_EQ(found.pid, 42);
  EXPECT_EQ(found.exited, exit_status::signal(9));
  book.keep([](const auto&) { return false; }, 0);
  EXPECT_TRUE(read().empty());
}

TEST_F(StartBook, another_line_begins_with_nothing) {
  {
    auto book = open();
    book.enter({.id = "shop/web"_node, .generation = 5, .pid = 42});
  }
  EXPECT_FALSE(start_book::read(path, "3.4"));
  auto other = open("3.4");
  EXPECT_FALSE(start_book::read(path, "1.2"));
  EXPECT_TRUE(start_book::read(path, "3.4")->empty());
}

TEST_F(StartBook, one_that_was_made_later_than_its_line_does_not_have_all) {
  auto book = open("1.2", /*is_new=*/false);
  EXPECT_FALSE(start_book::read(path, "1.2"));
  book.enter({.id = "shop/web"_node, .generation = 5, .pid = 42});
  book.keep([](const auto&) { return true; }, 2); // of two
  EXPECT_FALSE(start_book::read(path, "1.2"));
  book.keep([](const auto&) { return true; }, 1);
  EXPECT_TRUE(start_book::read(path, "1.2"));
}

TEST_F(StartBook, there_is_room_for_thousands) {
  auto book = open();
  for (unsigned number = 0; number < 3000; ++number)
    book.enter({.id = {"many", "s" + std::to_string(number)}, .generation = number, .pid = 42});
  EXPECT_EQ(read().size(), 3000U);
  auto next = open("1.2", /*is_new=*/false);
  for (unsigned number = 0; number < 3000; number += 2)
    next.forget({{"many", "s" + std::to_string(number)}, number});
  EXPECT_EQ(read().size(), 1500U);
}

/// A disk that is full must not end the keeper, which has the file mapped.
TEST_F(StartBook, without_room_there_is_no_ticket_and_the_book_says_so) {
  auto book = open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto former = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1024, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto ticket = book.ask(web, "");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, former);
  EXPECT_EQ(ticket.word, nullptr);
  EXPECT_TRUE(claim_start(ticket)); // it runs all the same
  EXPECT_FALSE(start_book::read(path, "1.2"));
}

TEST_F(StartBook, what_is_no_book_is_none) {
  EXPECT_FALSE(start_book::read(path, "1.2"));
  EXPECT_FALSE(std::filesystem::exists(path));
  std::ofstream{path} << std::string(5000, 'x');
  EXPECT_FALSE(start_book::read(path, "1.2"));
  auto book = open();
  EXPECT_TRUE(read().empty());
}

} // namespace
} // namespace alder::os
