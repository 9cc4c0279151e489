// A destination for log lines: those that match go to a file, behind the name of their service, and how many lines
// there were of each level stands in another file beside it.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <alder/actor/extension.hpp>

namespace {

constexpr std::array<const char*, 4> levels{"DEBUG", "INFO", "WARN", "ERROR"};

std::string option(const alder::log_destination_settings& settings, const std::string& name, const char* otherwise) {
  const auto found = settings.options.find(name);
  return found == settings.options.end() ? otherwise : found->second;
}

class errors_to_file final : public alder::log_destination {
public:
  /// What is thrown here is shown by `alder up` and `alder apply`, which then have changed nothing.
  static void check(const alder::log_destination_settings& settings) {
    if (option(settings, "file", "").rfind('/', 0) != 0)
      throw std::invalid_argument("'file' has to be an absolute path");
    const RE2 match(option(settings, "match", "ERROR"), RE2::Quiet);
    if (!match.ok()) throw std::invalid_argument("'match' is not a regular expression: " + match.error());
  }

  errors_to_file(caf::actor_config& config, const alder::log_destination_settings& settings)
      : log_destination(config), file_(option(settings, "file", "")),
        match_(option(settings, "match", "ERROR"), RE2::Quiet) {}

  /// The answer says that the lines are safe. When this throws, the actor ends; the daemon starts another one, which
  /// gets the same lines.
  behavior_type make_behavior() override {
    return {[this](const alder::log_batch& batch) {
      take(batch);
      return alder::log_batch_done{};
    }};
  }

private:
  void take(const alder::log_batch& batch) {
    auto counts = counts_; // of this batch only when it is done
    std::string matching;
    std::string_view rest = batch.lines;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      for (const auto* level : levels)
        if (line.find(level) != std::string_view::npos) ++counts[level];
      if (match_.Match(line, 0, line.size(), RE2::UNANCHORED, nullptr, 0))
        matching.append(batch.tree).append("/").append(batch.service).append(": ").append(line).append("\n");
    }
    if (!matching.empty()) write(file_, matching, std::ios::app);
    std::string text;
    for (const auto& [level, count] : counts)
      text.append(level).append(" ").append(std::to_string(count)).append("\n");
    write(file_ + "." + batch.service + ".counts", text, std::ios::trunc);
    counts_ = std::move(counts);
  }

  // It may wait for the disk: the actor has a thread of its own.
  static void write(const std::string& path, const std::string& text, std::ios::openmode how) {
    std::ofstream to(path, std::ios::out | std::ios::binary | how);
    to << text << std::flush;
    if (!to) throw std::runtime_error("cannot write " + path);
  }

  std::string file_;
  RE2 match_; ///< not std::regex, whose stack grows with the line: this is the daemon's process
  std::map<std::string, std::uint64_t> counts_;
};

void offer(alder::extension_registry& daemon) {
  daemon.add_log_destination(alder::log_destination_of<errors_to_file>("errors_to_file", {"file", "match"}));
}

} // namespace

ALDER_EXTENSION(offer)
