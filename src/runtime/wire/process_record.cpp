#include "runtime/wire/process_record.hpp"

#include <nlohmann/json.hpp>

namespace alder::wire {

using nlohmann::json;

std::string process_value(const noted_process& process) {
  json j{{"generation", process.generation},
         {"pid", process.pid},
         {"start", process.start_ticks},
         {"started", process.started_ms},
         {"note", process.note}};
  if (process.out != 0) j["out"] = process.out;
  if (process.err != 0) j["err"] = process.err;
  if (process.secrets != 0) j["secrets"] = process.secrets;
  return j.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
}

result<noted_process> parse_process_value(std::string_view text) {
  try {
    const auto j = json::parse(text);
    noted_process process;
    process.generation = j.at("generation").get<generation>();
    process.pid = j.at("pid").get<int>();
    process.start_ticks = j.at("start").get<std::uint64_t>();
    process.started_ms = j.at("started").get<std::int64_t>();
    process.note = j.value("note", "");
    process.out = j.value("out", std::uint64_t{0});
    process.err = j.value("err", std::uint64_t{0});
    process.secrets = j.value("secrets", std::uint64_t{0});
    return process;
  } catch (const json::exception& e) {
    return error{error_kind::invalid_input, std::string{"it cannot be read: "} + e.what(), 0};
  }
}

} // namespace alder::wire
