#include "cli/common/forecast_screen.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace alder::cli {
namespace {

using policy::crash_forecast;

constexpr std::size_t most_names = 8;
constexpr std::size_t most_delays = 12;

std::string names(const std::vector<std::string>& all) {
  if (all.size() <= most_names) return join(all, ", ");
  const std::vector<std::string> first(all.begin(), all.begin() + most_names);
  return join(first, ", ") + " and " + std::to_string(all.size() - most_names) + " more";
}

/// "immediately, then after 500ms, 1s, 2s, then every 30s", "immediately, 3 times".
std::string delays_text(const crash_forecast& one) {
  std::vector<std::pair<milliseconds, std::size_t>> runs;
  for (const auto delay : one.delays) {
    if (runs.empty() || runs.back().first != delay) runs.emplace_back(delay, 0);
    ++runs.back().second;
  }
  std::string text;
  bool is_after = false; // what stands before is a list of delays
  for (std::size_t i = 0; i < runs.size() && i < most_delays; ++i) {
    const auto [delay, times] = runs[i];
    const bool repeats = one.goes_on && one.losses.empty() && i + 1 == runs.size();
    if (!text.empty()) text += ", ";
    if (repeats) {
      text += (text.empty() ? "" : "then ") +
              (delay.count() == 0 ? std::string{"immediately, without limit"} : "every " + format_duration(delay));
      break;
    }
    if (delay.count() == 0) {
      text += "immediately";
    } else {
      text += (is_after ? "" : text.empty() ? "after " : "then after ") + format_duration(delay);
      is_after = true;
    }
    if (times > 1) text += ", " + counted(times, "time");
  }
  return runs.size() > most_delays ? text + ", …" : text;
}

std::string loss_text(const policy::supervisor_loss& loss) {
  const auto when = loss.after.count() == 0 ? std::string{"immediately"} : "after " + format_duration(loss.after);
  return loss.supervisor + (loss.gave_up ? " gives up " : " shuts itself down ") + when;
}

std::string fate(const crash_forecast& one) {
  std::vector<std::string> parts;
  const bool stays_down = std::find(one.stays_down.begin(), one.stays_down.end(), one.service) != one.stays_down.end();
  if (one.delays.empty())
    parts.emplace_back("is not restarted");
  else
    parts.push_back("is restarted " + delays_text(one) +
                    (one.along.empty() ? "" : ", each time together with " + names(one.along)));
  if (stays_down && !one.delays.empty()) parts.emplace_back("then it fails and stays down");
  for (const auto& loss : one.losses) {
    const bool is_last = &loss == &one.losses.back();
    const bool is_itself = loss.services.size() == 1 && loss.services.front() == loss.supervisor; // a pool
    const auto with = is_itself ? std::string{} : ", stopping " + names(loss.services);
    if (is_last && one.tree_fails) {
      parts.push_back(loss_text(loss) + ": the tree fails" + with);
    } else {
      const bool is_left =
          std::find(one.stays_down.begin(), one.stays_down.end(), loss.supervisor) != one.stays_down.end();
      parts.push_back(loss_text(loss) + with + "; " + loss.supervisor +
                      (is_left ? " stays down and does not escalate" : " is then restarted, over and over again"));
    }
  }
  if (one.losses.empty()) parts.emplace_back("no supervisor gives up and no other service is affected");
  if (one.losses.empty() && !one.along.empty()) parts.back() = "no supervisor gives up";
  return join(parts, "; ");
}

/// "up to 45 restarts in 1m, where the pool's intensity allows 20".
std::string rate_text(const crash_forecast::together& all) {
  const auto often =
      all.restarts ? "up to " + counted(*all.restarts, "restart") : std::string{"restarts without a pause"};
  return often + " in " + format_duration(all.period) + ", where the pool's intensity allows " +
         std::to_string(all.most_restarts);
}

std::string fate_of_all(const crash_forecast& one) {
  auto text = "all " + std::to_string(one.at_once.instances) + " instances at once: each " + fate(one);
  if (one.losses.empty()) text = text.substr(0, text.rfind("; ")) + "; no supervisor gives up";
  return text + "; that makes " + rate_text(one.at_once);
}

} // namespace

std::string forecast_screen(const look& on, const std::vector<crash_forecast>& all) {
  if (all.empty()) return {};
  std::vector<std::pair<std::string, std::string>> fates; // of whom, in order
  for (const auto& one : all) {
    const bool is_pool = one.at_once.instances > 0 && !fates.empty();
    if (is_pool)
      fates.back().second = "one instance alone: " + fates.back().second + "\n    " + fate_of_all(one);
    else
      fates.emplace_back(one.service, fate(one));
  }
  std::vector<std::pair<std::vector<std::string>, std::string>> lines; // who, and the outcome
  for (auto& [who, what] : fates) {
    auto same = std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line.second == what; });
    if (same == lines.end()) same = lines.insert(lines.end(), {{}, std::move(what)});
    same->first.push_back(std::move(who));
  }
  std::string screen = "If a service keeps failing right after it has started:\n";
  for (const auto& [who, what] : lines)
    screen += "\n  " + paint(on, tone::bold, names(who)) + (who.size() > 1 ? " (each)" : "") + "\n    " + what + "\n";
  return screen;
}

std::string forecast_json(const std::vector<crash_forecast>& all) {
  using json = nlohmann::ordered_json;
  json list = json::array();
  for (const auto& one : all) {
    json delays = json::array();
    for (const auto delay : one.delays)
      delays.push_back(delay.count());
    json losses = json::array();
    for (const auto& loss : one.losses)
      losses.push_back({{"supervisor", loss.supervisor},
                        {"after_ms", loss.after.count()},
                        {"gave_up", loss.gave_up},
                        {"services", loss.services}});
    json entry{{"service", one.service},       {"supervisor", one.supervisor}, {"delays_ms", std::move(delays)},
               {"goes_on", one.goes_on},       {"restarted_along", one.along}, {"losses", std::move(losses)},
               {"stays_down", one.stays_down}, {"tree_fails", one.tree_fails}};
    if (const auto& all_of_pool = one.at_once; all_of_pool.instances > 0) {
      entry["at_once"] = {{"instances", all_of_pool.instances},
                          {"restarts", all_of_pool.restarts ? json(*all_of_pool.restarts) : json()},
                          {"allowed", all_of_pool.most_restarts},
                          {"period_ms", all_of_pool.period.count()}};
    }
    list.push_back(std::move(entry));
  }
  return json{{"schema", 1}, {"forecasts", std::move(list)}}.dump() + "\n";
}

} // namespace alder::cli
