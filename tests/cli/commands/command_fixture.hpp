// Runs a command as `alder` would, against a fake daemon or none, and keeps what it prints.
#pragma once

#include "tests/cli/fake_daemon.hpp"

#include "cli/commands/args.hpp"
#include "cli/commands/command_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>

namespace alder::test {

struct ran {
  int code = -1;
  std::string out;
  std::string err;
};

class Commands : public testing::Test {
protected:
  void SetUp() override {
    around_ = {.uid = 1000,
               .cwd = home_.path(),
               .environment = {{"ALDER_HOME", home_.path()}, {"PATH", "/nonexistent"}, {"HOME", "/h"}}};
  }

  /// Answers every request with what `handle` sends.
  void serve(fake_daemon::handler handle) {
    daemon_.reset(); // the one before has left its socket
    (void)::unlink((home_.path() + "/run/alder.sock").c_str());
    daemon_ = std::make_unique<fake_daemon>(home_.path(), std::move(handle));
  }
  /// Answers every request alike.
  void serve_text(const std::string& text) {
    serve([text](const seen_request&, const fake_connection& c) { c.send(text); });
  }

  ran run(const std::vector<std::string>& words) {
    const auto out = home_ / "stdout";
    const unique_fd fd{::open(out.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    auto all = run_to(words, fd.get());
    all.out = text_of(out);
    return all;
  }

  ran run_to(const std::vector<std::string>& words, int out_fd) {
    ran all;
    const auto err = home_ / "stderr";
    const unique_fd err_fd{::open(err.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    auto parsed = cli::parse_command_line(words);
    if (const auto* wrong = std::get_if<cli::failure>(&parsed)) {
      ADD_FAILURE() << wrong->what;
      return all;
    }
    cli::session s{{.wanted = std::get<cli::invocation>(parsed),
                    .around = around_,
                    .where = *os::locate(around_),
                    .out_fd = out_fd,
                    .err_fd = err_fd.get(),
                    .out = {},
                    .err = {},
                    .rows = 0}};
    all.code = static_cast<int>(cli::run_wanted(s));
    all.err = text_of(err);
    return all;
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream{home_ / name} << text; }
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  }
  /// Every request so far but for the questions whether a daemon is there.
  [[nodiscard]] std::vector<seen_request> requests() const {
    auto all = daemon_->seen();
    all.erase(std::remove_if(all.begin(), all.end(), [](const auto& one) { return one.target == "/_ping"; }),
              all.end());
    return all;
  }
  /// "METHOD target" of each of them.
  [[nodiscard]] std::vector<std::string> seen() const {
    std::vector<std::string> lines;
    for (const auto& one : requests())
      lines.push_back(one.method + " " + one.target);
    return lines;
  }

  temporary_directory home_;
  os::surroundings around_;
  std::unique_ptr<fake_daemon> daemon_;
};

inline std::string problem(unsigned status, const std::string& code, const std::string& detail,
                           const std::string& help = "[]") {
  return answer(status,
                R"({"status":)" + std::to_string(status) + R"(,"code":")" + code + R"(","detail":")" + detail +
                    R"(","help":)" + help + "}",
                "application/problem+json");
}

} // namespace alder::test
