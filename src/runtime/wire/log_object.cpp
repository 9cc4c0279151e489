#include "runtime/wire/log_object.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace alder::wire {
namespace {

void add_escaped(std::string& text, std::string_view bytes) {
  static constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (text += '\\') += c;
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\r') {
      text += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      text += "\\u00";
      text += hex[byte / 16];
      text += hex[byte % 16];
    } else {
      text += c;
    }
  }
}

void add_string(std::string& text, std::string_view bytes) {
  const bool is_ascii =
      std::none_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<signed char>(c) < 0; });
  if (!is_ascii) {
    text += nlohmann::json(std::string{bytes}).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  text += '"';
  add_escaped(text, bytes);
  text += '"';
}

} // namespace

void add_log_object(std::string& text, const log_object& object) {
  text += R"({"time":)";
  add_string(text, object.time);
  text += R"(,"stream":)";
  add_string(text, object.stream);
  text += R"(,"line":)";
  add_string(text, object.line);
  text += object.partial ? ",\"partial\":true}\n" : "}\n";
}

} // namespace alder::wire
