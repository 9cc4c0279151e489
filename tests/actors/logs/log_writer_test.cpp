#include "actors/logs/log_writer.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <cerrno>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;

/// A log writer of shop/web whose pump writes into a directory of its own; what the pump has to say is said by the
/// test.
class LogWriter : public virtual_daemon {
protected:
  LogWriter() {
    hub.shared = &shared;
    EXPECT_TRUE(hub.start({}));
    writer = system.spawn<log_writer>(shared, hub, web, parent_actor{parent});
    caf::anon_send(writer, start_order{1, {}, false, 0});
    run();
  }
  ~LogWriter() override {
    caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
    writer = nullptr;
    run();
  }
  void set_rules(log_spec rules) {
    hub.set_rules(web, rules);
    run();
  }
  template <class Notice> std::string said_of(Notice notice) {
    caf::anon_send(writer, std::move(notice));
    run();
    const auto all = sentences();
    return all.empty() ? "" : all.back();
  }
  [[nodiscard]] std::string out() const { return hub.files_of(web).out; }
  [[nodiscard]] std::string err() const { return hub.files_of(web).err; }

  const node_id web = "shop/web"_node;
  test::temporary_directory dir;
  boost::asio::io_context loop;
  log_hub hub{loop, dir.path()};
  log_writer_actor writer;
};

TEST_F(LogWriter, ReportsToItsSupervisorAndEndsWithItsOrder) {
  ASSERT_EQ(heard.starts.size(), 1u);
  EXPECT_EQ(heard.starts[0].what, policy::start_result::how::ok);
  caf::anon_send(writer, stop_order{});
  run();
  ASSERT_EQ(heard.ends.size(), 1u);
  EXPECT_EQ(heard.ends[0].id, web.text());
}

TEST_F(LogWriter, SaysWhichFileCannotBeWrittenAndWhatBecomesOfTheOutput) {
  const auto streams = hub.streams_of(web);
  EXPECT_EQ(said_of(logs::log_failed{streams.out, ENOSPC}),
            "web: its output is being lost: " + out() + ": no space left on device (ENOSPC)");
  EXPECT_EQ(said_of(logs::log_failed{streams.err, 0, false, "somebody owns it"}),
            "web: its output is being lost: somebody owns it");
  log_spec rules;
  rules.pressure = log_pressure::block;
  set_rules(rules);
  EXPECT_EQ(said_of(logs::log_failed{streams.err, EACCES}),
            "web: its output is waiting: " + err() + ": permission denied (EACCES)");
  rules.pressure = log_pressure::spill;
  rules.spill_to = "/spill";
  rules.spill_max = 4096;
  set_rules(rules);
  EXPECT_EQ(said_of(logs::log_failed{streams.out, EIO}),
            "web: its output is waiting in /spill: " + out() + ": input/output error (EIO)");
  EXPECT_EQ(said_of(logs::log_failed{streams.out, EIO, /*is_spill=*/true}),
            "web: its output is being lost: /spill: input/output error (EIO)");
  EXPECT_EQ(said_of(logs::log_failed{streams.out, EFBIG, /*is_spill=*/true}),
            "web: its output is being lost: 4.0K are waiting in /spill, the limit set by 'spill_max'");
}

TEST_F(LogWriter, SaysWhenAFileIsWrittenAgainAndWhatWasLost) {
  const auto streams = hub.streams_of(web);
  EXPECT_EQ(said_of(logs::log_recovered{streams.err, 0}),
            "web: its output is being written to " + err() + " again; nothing was lost");
  EXPECT_EQ(said_of(logs::log_recovered{streams.out, 2048}),
            "web: its output is being written to " + out() + " again; 2.0K were lost");
}

TEST_F(LogWriter, SaysWhatIsNotRotatedAndWhatIsTooMuch) {
  const auto streams = hub.streams_of(web);
  EXPECT_EQ(said_of(logs::log_not_rotated{streams.out, EACCES}),
            "web: its output cannot be rotated: " + out() + ": permission denied (EACCES)");
  log_spec rules;
  rules.max_rate = 100;
  set_rules(rules);
  EXPECT_EQ(said_of(logs::log_limited{streams.out}),
            "web: it writes more than 100 lines per second; the excess is lost");
}

} // namespace
} // namespace alder::actors::testing
