#include "runtime/config/read_log.hpp"

#include "runtime/config/values.hpp"

#include <optional>
#include <string>

namespace alder::config {
namespace {

constexpr std::string_view nowhere = "/dev/null";

/// Sizes may be 0 here: no limit.
std::optional<std::uint64_t> read_limit(context& in, const field* f) {
  if (f != nullptr && read_text(in, *f->value) == "0") return 0;
  return read_size(in, f);
}

void read_files(context& in, const fields& keys, const instance_scope& which, unsigned instances, log_spec& spec) {
  for (const auto* name : {"out", "err"}) {
    const auto* given = keys.find(name);
    const auto path = read_path(in, given, which);
    if (!path) continue;
    (name == std::string_view{"out"} ? spec.out : spec.err) = *path;
    if (instances < 2 || path == nowhere ||
        read_path(in, given, instance{1, instances}) != read_path(in, given, instance{0, instances}))
      continue;
    in.mistakes.add(code::impossible, given->value->where, "the instances would all write to one file",
                    {"the same for each", {"put ${INSTANCE} into the name"}});
  }
  if (!spec.out.empty() && spec.out == spec.err && spec.out != nowhere)
    in.mistakes.add(code::impossible, keys.has("err") ? keys.find("err")->value->where : span{},
                    "'out' and 'err' are the same file", {"", {"give each a file of its own"}});
}

void read_layer(context& in, const fields& keys, const instance_scope& which, unsigned instances, log_spec& spec) {
  if (const auto to = read_word(in, keys.find("to"))) spec.keep = *to == "file";
  read_files(in, keys, which, instances, spec);
  spec.mode = read_octal(in, keys.find("mode")).value_or(spec.mode);
  if (const auto format = read_word(in, keys.find("format")))
    spec.format = *format == "raw" ? log_format::raw : *format == "time" ? log_format::time : log_format::json;
  if (const auto* format = keys.find("date_format"))
    spec.date_format = read_text(in, *format->value).value_or(spec.date_format);
  if (const auto pressure = read_word(in, keys.find("pressure")))
    spec.pressure = *pressure == "block"         ? log_pressure::block
                    : *pressure == "drop_oldest" ? log_pressure::drop_oldest
                                                 : log_pressure::drop_newest;
  if (const auto rate = read_whole_number(in, keys.find("max_rate"))) spec.max_rate = static_cast<unsigned>(*rate);
  spec.max_size = read_limit(in, keys.find("max_size")).value_or(spec.max_size);
  spec.rotate_every = read_duration(in, keys.find("rotate_every")).value_or(spec.rotate_every);
  if (const auto most = read_whole_number(in, keys.find("max_files"))) spec.max_files = static_cast<unsigned>(*most);
  spec.max_total = read_limit(in, keys.find("max_total")).value_or(spec.max_total);
  spec.tree_total = read_limit(in, keys.find("tree_total")).value_or(spec.tree_total);
  spec.min_free = read_limit(in, keys.find("min_free")).value_or(spec.min_free);
  spec.max_age = read_duration(in, keys.find("max_age")).value_or(spec.max_age);
  spec.compress = read_boolean(in, keys.find("compress")).value_or(spec.compress);
}

} // namespace

log_spec read_log(context& in, const std::vector<const field*>& layers, const instance_scope& which,
                  unsigned instances) {
  log_spec spec;
  for (const auto* layer : layers) {
    const fields keys{in, *layer->value, place::log};
    read_layer(in, keys, which, instances, spec);
  }
  // Without a limit for one file the files being written could grow beyond any total.
  if (!layers.empty() && spec.max_total > 0 && (spec.max_size == 0 || spec.max_size * 2 > spec.max_total))
    in.mistakes.add(code::impossible, layers.back()->value->where,
                    "'max_total' has no room for the two files being written",
                    {"less than twice 'max_size'", {"lower 'max_size' or raise 'max_total'"}});
  if (!spec.date_format.empty() && spec.format == log_format::raw)
    in.mistakes.add(code::no_effect, layers.back()->value->where, "'date_format' does nothing for the format raw",
                    {"there is no time in the file", {"add 'format: time' or 'format: json'"}});
  return spec;
}

} // namespace alder::config
