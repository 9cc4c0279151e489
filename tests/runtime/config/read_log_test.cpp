#include "runtime/config/read_log.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using namespace std::chrono_literals;

std::string codes_of(const std::string& keys) {
  std::string codes;
  for (const auto& d : load("children: [{service: a, command: x, " + keys + "}]").diagnostics)
    codes += (codes.empty() ? "" : " ") + d.code;
  return codes;
}

TEST(ReadLog, WithoutTheKeyDefaultsHold) { EXPECT_EQ(service_with("command: x").log, log_spec{}); }

TEST(ReadLog, KnowsEveryLimit) {
  const auto log = service_with("command: x, log: {max_size: 10M, rotate_every: 1d, max_files: 3, max_total: 1G, "
                                "tree_total: 20G, min_free: 2G, max_age: 30d, compress: false, mode: 0640}")
                       .log;
  EXPECT_EQ(log.max_size, 10U << 20U);
  EXPECT_EQ(log.rotate_every, 24h);
  EXPECT_EQ(log.max_files, 3U);
  EXPECT_EQ(log.max_total, 1U << 30U);
  EXPECT_EQ(log.tree_total, std::uint64_t{20} << 30U);
  EXPECT_EQ(log.min_free, std::uint64_t{2} << 30U);
  EXPECT_EQ(log.max_age, 720h);
  EXPECT_FALSE(log.compress);
  EXPECT_EQ(log.mode, 0640U);
  EXPECT_EQ(service_with("command: x, log: {max_size: 0}").log.max_size, 0U);
  EXPECT_FALSE(service_with("command: x, log: {to: none}").log.keep);
}

TEST(ReadLog, KnowsFormatsAndWhatGivesWay) {
  const auto log =
      service_with("command: x, log: {format: json, date_format: HH:mm, pressure: block, max_rate: 1000}").log;
  EXPECT_EQ(log.format, log_format::json);
  EXPECT_EQ(log.date_format, "HH:mm");
  EXPECT_EQ(log.pressure, log_pressure::block);
  EXPECT_EQ(log.max_rate, 1000U);
  EXPECT_EQ(service_with("command: x, log: {pressure: drop_oldest}").log.pressure, log_pressure::drop_oldest);
  EXPECT_EQ(codes_of("log: {format: xml}"), "E012");
  EXPECT_EQ(codes_of("log: {date_format: HH}"), "W006");
}

TEST(ReadLog, SupervisorsHandItDownKeyByKey) {
  const auto loaded = load("log: {max_size: 1M, max_files: 2}\n"
                           "children: [{service: a, command: x, log: {max_files: 7}}, {service: b, command: x}]");
  ASSERT_TRUE(loaded.tree);
  const auto& a = std::get<service_spec>(loaded.tree->root.children.at(0)).log;
  const auto& b = std::get<service_spec>(loaded.tree->root.children.at(1)).log;
  EXPECT_EQ(a.max_size, 1U << 20U);
  EXPECT_EQ(a.max_files, 7U);
  EXPECT_EQ(b.max_files, 2U);
}

TEST(ReadLog, FilesAreRelativeToTheConfiguration) {
  const auto log = service_with("command: x, log: {out: web.log, err: /dev/null}").log;
  EXPECT_EQ(log.out, "/srv/shop/web.log");
  EXPECT_EQ(log.err, "/dev/null");
}

TEST(ReadLog, NoTwoProcessesWriteToOneFile) {
  EXPECT_EQ(codes_of("instances: 2, log: {out: web.log}"), "E021");
  EXPECT_EQ(codes_of("instances: 2, log: {out: 'web-${INSTANCE}.log'}"), "");
  EXPECT_EQ(codes_of("instances: 2, log: {out: /dev/null}"), "");
  EXPECT_EQ(codes_of("log: {out: web.log, err: web.log}"), "E021");
}

TEST(ReadLog, TotalsHaveRoomForWhatIsBeingWritten) {
  EXPECT_EQ(codes_of("log: {max_total: 100M}"), "E021") << "64M each";
  EXPECT_EQ(codes_of("log: {max_total: 100M, max_size: 50M}"), "");
  EXPECT_EQ(codes_of("log: {max_total: 100M, max_size: 0}"), "E021");
}

} // namespace
} // namespace alder::config
