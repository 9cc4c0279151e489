#include "runtime/config/read_log.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/config/codes.hpp"

#include "alder/machine.hpp"

#include <memory>

namespace alder::config {
namespace {

using namespace std::chrono_literals;

TEST(ReadLog, WithoutTheKeyDefaultsHold) { EXPECT_EQ(service_with("command: x").log, log_spec{}); }

TEST(ReadLog, KnowsEveryCompression) {
  EXPECT_EQ(service_with("command: x, log: {compress: true}").log.compress, log_compression::gzip);
  EXPECT_EQ(service_with("command: x, log: {compress: gzip}").log.compress, log_compression::gzip);
  EXPECT_EQ(service_with("command: x, log: {compress: zstd}").log.compress, log_compression::zstd);
  EXPECT_EQ(codes_of("log: {compress: zst}"), "E012");
}

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
  EXPECT_EQ(log.compress, log_compression::none);
  EXPECT_EQ(log.mode, 0640U);
  EXPECT_EQ(service_with("command: x, log: {max_size: 0}").log.max_size, 0U);
  EXPECT_EQ(service_with("command: x, log: {to: none}").log.to, log_target::none);
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
  const auto& a = std::get<service_ptr>(loaded.tree->root.children.at(0))->log;
  const auto& b = std::get<service_ptr>(loaded.tree->root.children.at(1))->log;
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

TEST(ReadLog, BothStreamsInOneFile) {
  const auto log = service_with("command: x, log: {merge: true, out: web.log}").log;
  EXPECT_TRUE(log.merge);
  EXPECT_EQ(log.out, "/srv/shop/web.log");
  EXPECT_EQ(codes_of("log: {merge: true, err: web.log}"), "W006");
  EXPECT_EQ(codes_of("log: {merge: true, max_total: 100M}"), "") << "there is one file of 64M";
}

TEST(ReadLog, InstancesShareFilesWhenTheyAreTo) {
  EXPECT_EQ(codes_of("instances: 2, log: {out: web.log, share: true}"), "");
  const auto pool = supervisor_at(tree_of("children: [{service: a, command: x, instances: 2, log: {share: true}}]"), 0);
  EXPECT_EQ(service_at(pool, 1).log.shared_as, "a");
  EXPECT_EQ(service_at(pool, 1).log.instance, 1U);
  EXPECT_EQ(service_with("command: x").log.shared_as, "");
}

/// The codes on a machine with users ann (1000) and root.
std::string codes_on(std::uint32_t own_user, const std::string& keys) {
  config_file file{"children: [{service: a, command: x, " + keys + "}]"};
  auto here = std::make_shared<machine>();
  here->uid = own_user;
  here->may_change_user = own_user == 0;
  here->user_with_id = [](std::uint32_t uid) {
    return uid == 1000 ? std::optional{account{"ann", 1000, 1000, {1000, 4}, "/home/ann", "/bin/sh"}} : std::nullopt;
  };
  here->user_named = [find = here->user_with_id](const std::string& name) {
    return name == "ann" ? find(1000) : std::nullopt;
  };
  here->group_named = [](const std::string& name) {
    return name == "adm" ? std::optional<std::uint32_t>{4} : std::nullopt;
  };
  here->zone_data = [](const std::string&) -> result<std::string> { return error{error_kind::not_found, "no", 2}; };
  file.from.here = here;
  std::string codes;
  for (const auto& d : file.load().diagnostics)
    codes += (codes.empty() ? "" : " ") + d.code;
  return codes;
}

TEST(ReadLog, OwnersAreKnownAndAllowed) {
  for (const auto* owner : {"ann", "'1000'", "ann:adm", "'1000:4'", "'4711:4711'"})
    EXPECT_EQ(codes_on(0, std::string{"log: {owner: "} + owner + "}"), "") << owner;
  EXPECT_EQ(codes_on(0, "log: {owner: bob}"), std::string{entry_of(code::unknown_account).text});
  EXPECT_EQ(codes_on(0, "log: {owner: 'ann:wheel'}"), std::string{entry_of(code::unknown_account).text});
  EXPECT_EQ(codes_on(0, "log: {owner: 4711}"), std::string{entry_of(code::missing_key).text});
  EXPECT_EQ(codes_on(1000, "log: {owner: 'ann:adm'}"), "");
  EXPECT_EQ(codes_on(1000, "log: {owner: '4711:4711'}"), std::string{entry_of(code::not_allowed).text});
}

TEST(ReadLog, ZonesExist) {
  EXPECT_EQ(service_with("command: x, log: {format: time, zone: UTC}").log.zone->name, "UTC");
  EXPECT_EQ(service_with("command: x").log.zone, std::nullopt);
  EXPECT_EQ(codes_on(0, "log: {format: time, zone: Mars/Olympus}"), std::string{entry_of(code::bad_schedule).text});
}

TEST(ReadLog, LinesGoToSyslogOrTheJournal) {
  const auto log = service_with("command: x, log: {to: syslog, tag: shop, socket: /run/log, syslog: rfc5424, "
                                "facility: local7}")
                       .log;
  EXPECT_EQ(log.to, log_target::syslog);
  EXPECT_EQ(log.tag, "shop");
  EXPECT_EQ(log.socket, "/run/log");
  EXPECT_EQ(log.syslog, syslog_format::rfc5424);
  EXPECT_EQ(log.facility, 23U);
  EXPECT_EQ(service_with("command: x, log: {to: journal, facility: user}").log.facility, 1U);
  EXPECT_EQ(codes_of("log: {to: journal, pressure: drop_oldest}"), "E021");
  EXPECT_EQ(codes_of("log: {to: journal, out: web.log}"), "W006");
  EXPECT_EQ(codes_of("log: {socket: /run/log}"), "W006");
  EXPECT_NE(codes_of("log: {to: syslog, socket: /" + std::string(110, 'x') + "}"), "");
}

TEST(ReadLog, OutputMayWaitInAnotherDirectory) {
  const auto log = service_with("command: x, log: {pressure: spill, spill_to: ../spill, spill_max: 1M}").log;
  EXPECT_EQ(log.pressure, log_pressure::spill);
  EXPECT_EQ(log.spill_to, "/srv/spill");
  EXPECT_EQ(log.spill_max, 1024U * 1024U);
  EXPECT_EQ(codes_of("log: {pressure: spill}"), "E015");
  EXPECT_EQ(codes_of("log: {pressure: spill, spill_to: /x, spill_max: 1K}"), "E014");
  EXPECT_EQ(codes_of("log: {spill_to: /x}"), "W006");
  EXPECT_EQ(codes_of("log: {to: syslog, pressure: spill, spill_to: /x}"), "E021") << "what waits has no name there";
}

TEST(ReadLog, ActorsComeFromExtensions) {
  const auto l = load("extensions: [./libship.so, /opt/other.so]\n"
                      "log: {to: actor, actor: ship port=$PORT}\n"
                      "children:\n"
                      "  - {service: a, command: x}\n"
                      "  - {service: b, command: x, instances: 3}\n"
                      "  - {service: c, command: x, log: {actor: 'sink match=\"a b\"', pressure: block}}\n");
  ASSERT_TRUE(l.tree) << render(l.diagnostics, false);
  ASSERT_EQ(l.extensions.size(), 2U);
  EXPECT_EQ(l.extensions[0].path, "/srv/shop/libship.so");
  EXPECT_EQ(l.extensions[1].path, "/opt/other.so");
  EXPECT_EQ(l.extensions[0].place.line, 1U);
  ASSERT_EQ(l.actors.size(), 2U); // each once
  EXPECT_EQ(l.actors[0].name, "ship");
  EXPECT_EQ(l.actors[0].options.at("port"), "$PORT"); // variables are ${…}
  EXPECT_EQ(l.actors[0].place.line, 2U);
  EXPECT_EQ(l.actors[0].place.code, "E034");
  EXPECT_EQ(l.actors[1].options.at("match"), "a b");
  EXPECT_EQ(l.actors[1].place.line, 6U);
  const auto& service = *std::get<service_ptr>(l.tree->root.children.front());
  EXPECT_EQ(service.log.to, log_target::actor);
  EXPECT_EQ(service.log.actor, "ship port=$PORT");
}

TEST(ReadLog, ActorsAreNamedAsTheyShouldBe) {
  const auto with = [](const std::string& log) {
    return places(load("extensions: ./a.so\nchildren:\n  - {service: a, command: x, log: {" + log + "}}\n"));
  };
  EXPECT_EQ(with("to: actor, actor: ship"), std::vector<std::string>{});
  EXPECT_EQ(with("to: actor"), (std::vector<std::string>{"E015 3:35"}));
  EXPECT_EQ(with("to: actor, actor: ship 5514"), (std::vector<std::string>{"E019 3:54"}));
  EXPECT_EQ(with("to: actor, actor: ship, pressure: drop_oldest"), (std::vector<std::string>{"E021 3:35"}));
  EXPECT_EQ(with("actor: ship").front().substr(0, 4), "W006"); // nothing goes there
  EXPECT_EQ(places(load("children:\n  - {service: a, command: x, log: {to: actor, actor: ship}}\n")),
            (std::vector<std::string>{"E034 2:54"}));
}

TEST(ReadLog, RunShowsItAsItIsTold) {
  EXPECT_EQ(service_with("command: x").log.show, log_show::prefixed);
  EXPECT_EQ(service_with("command: x, log: {show: raw}").log.show, log_show::raw);
  EXPECT_EQ(service_with("command: x, log: {show: none}").log.show, log_show::none);
}

TEST(ReadLog, TotalsHaveRoomForWhatIsBeingWritten) {
  EXPECT_EQ(codes_of("log: {max_total: 100M}"), "E021") << "64M each";
  EXPECT_EQ(codes_of("log: {max_total: 100M, max_size: 50M}"), "");
  EXPECT_EQ(codes_of("log: {max_total: 100M, max_size: 0}"), "E021");
}

} // namespace
} // namespace alder::config
