#include "runtime/config/parse_document.hpp"

#include "runtime/base/utf8.hpp"

#include <libfyaml.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace alder::config {
namespace {

struct free_parser {
  void operator()(fy_parser* p) const { fy_parser_destroy(p); }
};
struct free_diag {
  void operator()(fy_diag* d) const { fy_diag_destroy(d); }
};
using parser_ptr = std::unique_ptr<fy_parser, free_parser>;
using diag_ptr = std::unique_ptr<fy_diag, free_diag>;

/// One event and its return to the parser.
class event {
public:
  explicit event(fy_parser* parser) : parser_(parser), event_(fy_parser_parse(parser)) {}
  ~event() {
    if (event_ != nullptr) fy_parser_event_free(parser_, event_);
  }
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  fy_event* get() const { return event_; }

private:
  fy_parser* parser_;
  fy_event* event_;
};

std::string text_of(fy_token* token) {
  std::size_t length = 0;
  const char* text = token == nullptr ? nullptr : fy_token_get_text(token, &length);
  return text == nullptr ? std::string{} : std::string{text, length};
}

/// A collection that is being read.
struct frame {
  std::shared_ptr<node> value;
  std::string anchor;                              ///< empty: none
  std::optional<std::pair<std::string, span>> key; ///< of a mapping: read, its value not yet
  bool skip_value = false;                         ///< its key was refused
  std::unordered_map<std::string, span> keys;
  std::vector<std::pair<node_ptr, span>> merges;
};

/// Builds the document out of the parser's events. A `false` from a member means: give up, it is reported.
class builder {
public:
  builder(std::string_view text, syntax language, report& mistakes)
      : text_(text), language_(language), mistakes_(mistakes) {}

  bool take(fy_event* e);
  [[nodiscard]] node_ptr root() const { return root_; }
  [[nodiscard]] unsigned documents() const { return documents_; }

private:
  bool on_document(fy_event* e);
  bool on_scalar(fy_event* e);
  bool on_alias(fy_event* e);
  bool on_start(fy_event* e, node::shape shape);
  bool on_end();
  bool on_key(const node_ptr& key);
  bool place(const node_ptr& value, const std::string& anchor);
  void attach(frame& into, const node_ptr& value);
  void merge(frame& into, const node_ptr& from, span where);
  void check_tag(fy_event* e, span where, node& tagged);
  span where(fy_event* e) const;
  bool too_large(span at, std::string message);

  std::string_view text_;
  syntax language_;
  report& mistakes_;
  std::vector<frame> open_;
  std::map<std::string, node_ptr> anchors_; ///< null: not complete yet
  node_ptr root_;
  std::size_t last_end_ = 0;
  unsigned documents_ = 0;
  std::size_t values_ = 0;
};

bool builder::take(fy_event* e) {
  switch (e->type) {
  case FYET_DOCUMENT_START: return on_document(e);
  case FYET_SCALAR: return on_scalar(e);
  case FYET_ALIAS: return on_alias(e);
  case FYET_SEQUENCE_START: return on_start(e, node::shape::sequence);
  case FYET_MAPPING_START: return on_start(e, node::shape::mapping);
  case FYET_SEQUENCE_END:
  case FYET_MAPPING_END: return on_end();
  case FYET_NONE:
  case FYET_STREAM_START:
  case FYET_STREAM_END:
  case FYET_DOCUMENT_END: break;
  }
  return true;
}

bool builder::on_document(fy_event* e) {
  if (++documents_ == 1) return true;
  mistakes_.add(code::not_a_tree, where(e), "a second document", {"a configuration is a single document", {}});
  return false;
}

/// The place of an event's token; an implicit token (an absent value) stands at the end of the one before.
span builder::where(fy_event* e) const {
  const auto* start = fy_event_start_mark(e);
  const auto* end = fy_event_end_mark(e);
  if (start == nullptr || end == nullptr) return {last_end_, last_end_};
  const auto begin = std::min(start->input_pos, text_.size());
  return {begin, std::clamp(end->input_pos, begin, text_.size())};
}

bool builder::too_large(span at, std::string message) {
  mistakes_.add(code::too_large, at, std::move(message));
  return false;
}

void builder::check_tag(fy_event* e, span at, node& tagged) {
  auto* tag = fy_event_get_tag_token(e);
  if (tag == nullptr) return;
  const auto name = text_of(tag);
  if (name == "tag:yaml.org,2002:str" && tagged.is == node::shape::scalar) {
    if (tagged.written == node::style::plain) tagged.written = node::style::quoted;
    return;
  }
  if (name == "tag:yaml.org,2002:binary" && tagged.is == node::shape::scalar) {
    std::string packed;
    std::copy_if(tagged.text.begin(), tagged.text.end(), std::back_inserter(packed),
                 [](unsigned char c) { return std::isspace(c) == 0; });
    auto bytes = from_base64(packed);
    tagged.refused = !bytes;
    if (!bytes) mistakes_.add(code::wrong_type, at, "expected base64 after !!binary", {"not base64", {}});
    tagged.text = bytes ? std::move(*bytes) : std::string{};
    tagged.written = node::style::quoted;
    return;
  }
  tagged.refused = true;
  mistakes_.add(code::bad_alias, at, "the tag '" + name + "' is not supported",
                {"only !!str and !!binary are supported", {}});
}

bool builder::on_scalar(fy_event* e) {
  auto scalar = std::make_shared<node>();
  scalar->text = text_of(e->scalar.value);
  scalar->where = where(e);
  switch (fy_token_scalar_style(e->scalar.value)) {
  case FYSS_SINGLE_QUOTED:
  case FYSS_DOUBLE_QUOTED:
    scalar->written = node::style::quoted;
    scalar->where.begin -= scalar->where.begin > 0 ? 1 : 0; // the parser's marks leave the quotes out
    scalar->where.end = std::min(scalar->where.end + 1, text_.size());
    break;
  case FYSS_LITERAL:
  case FYSS_FOLDED: scalar->written = node::style::block; break;
  default: break;
  }
  last_end_ = scalar->where.end;
  check_tag(e, scalar->where, *scalar);
  if (scalar->text.find('\0') != std::string::npos) {
    scalar->refused = true;
    mistakes_.add(code::wrong_type, scalar->where, "a value contains a NUL character",
                  {"cannot be passed to a program", {}});
  }
  return place(scalar, text_of(fy_event_get_anchor_token(e)));
}

bool builder::on_alias(fy_event* e) {
  const auto name = text_of(e->alias.anchor);
  const auto at = where(e);
  last_end_ = at.end;
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    std::vector<std::string> known;
    for (const auto& anchor : anchors_)
      known.push_back("anchor in this file: '&" + anchor.first + "'");
    if (known.size() > 3) known.clear(); // so many would not help
    mistakes_.add(code::bad_alias, at, "there is no anchor '&" + name + "' before this alias",
                  {"unknown anchor", known});
  } else if (found->second == nullptr) {
    mistakes_.add(code::bad_alias, at, "the alias '*" + name + "' is inside the value that it names",
                  {"infinite recursion", {}});
  } else {
    return place(found->second, "");
  }
  return place(std::make_shared<node>(node{.written = node::style::quoted, .where = at, .refused = true}), "");
}

bool builder::on_start(fy_event* e, node::shape shape) {
  auto collection = std::make_shared<node>();
  collection->is = shape;
  collection->where = where(e);
  last_end_ = collection->where.end;
  check_tag(e, collection->where, *collection);
  if (open_.size() >= max_depth) return too_large(collection->where, "more than 64 levels");
  frame f;
  f.value = std::move(collection);
  f.anchor = text_of(fy_event_get_anchor_token(e));
  if (!f.anchor.empty()) anchors_[f.anchor] = nullptr;
  open_.push_back(std::move(f));
  return true;
}

bool builder::on_end() {
  auto done = std::move(open_.back());
  open_.pop_back();
  for (const auto& [from, at] : done.merges)
    merge(done, from, at);
  if (done.value->values > max_values) return too_large(done.value->where, "more than 100000 values");
  return place(done.value, done.anchor);
}

/// Adds what `<<` names: keys that are not there yet. Of a list of mappings the first one with a key counts.
void builder::merge(frame& into, const node_ptr& from, span at) {
  if (from->refused) return;
  if (from->is == node::shape::sequence) {
    for (const auto& item : from->items) {
      if (item->is == node::shape::mapping) {
        merge(into, item, at);
      } else {
        mistakes_.add(code::bad_alias, at, "'<<' takes a mapping or a list of mappings");
      }
    }
    return;
  }
  if (from->is != node::shape::mapping) {
    mistakes_.add(code::bad_alias, at, "'<<' takes a mapping or a list of mappings");
    return;
  }
  for (const auto& entry : from->entries) {
    if (into.value->values > max_values) return; // reported by the caller
    if (!into.keys.emplace(entry.key, entry.where).second) continue;
    into.value->entries.push_back(entry);
    into.value->values += entry.value->values;
    into.value->height = std::max(into.value->height, entry.value->height + 1);
  }
}

bool builder::on_key(const node_ptr& key) {
  auto& in = open_.back();
  if (key->is != node::shape::scalar) {
    mistakes_.add(code::wrong_type, key->where, "a key must be a single word", {"this is a list or a mapping", {}});
    in.key = {"", key->where};
    in.skip_value = true;
    return true;
  }
  in.key = {key->text, key->where};
  in.skip_value = key->refused;
  if (key->refused) return true;
  if (language_ == syntax::yaml && key->written == node::style::plain && key->text == "<<") return true;
  const auto [known, is_new] = in.keys.emplace(key->text, key->where);
  if (!is_new) {
    mistakes_.add(code::duplicate_key, key->where, "the key '" + key->text + "' is given twice",
                  {"given again", {"the first is at " + mistakes_.place(known->second)}});
    in.skip_value = true;
  }
  return true;
}

void builder::attach(frame& into, const node_ptr& value) {
  auto& n = *into.value;
  n.values += value->values;
  n.height = std::max(n.height, value->height + 1);
  if (n.is == node::shape::sequence) {
    n.items.push_back(value);
    return;
  }
  auto key = std::move(*into.key);
  into.key.reset();
  if (into.skip_value) return;
  const bool is_merge = key.first == "<<" && into.keys.count("<<") == 0;
  if (is_merge) {
    into.merges.emplace_back(value, key.second);
  } else {
    n.entries.push_back({std::move(key.first), key.second, value});
  }
}

bool builder::place(const node_ptr& value, const std::string& anchor) {
  if (!anchor.empty()) anchors_[anchor] = value;
  if (++values_ > max_values) return too_large(value->where, "more than 100000 values");
  if (open_.size() + value->height > max_depth + 1) return too_large(value->where, "more than 64 levels");
  if (open_.empty()) {
    root_ = value;
    return true;
  }
  auto& in = open_.back();
  if (in.value->is == node::shape::mapping && !in.key) return on_key(value);
  if (in.value->values + value->values > max_values)
    return too_large(value->where, "more than 100000 values, counting each use of an alias");
  attach(in, value);
  return true;
}

/// What the parser complained about, as diagnostics.
void report_syntax_errors(fy_diag* diag, std::string_view text, report& mistakes) {
  void* iterator = nullptr;
  bool any = false;
  while (const auto* problem = fy_diag_errors_iterate(diag, &iterator)) {
    span at{text.size(), text.size()};
    const auto line = static_cast<unsigned>(std::max(problem->line, 1));
    const auto* start = problem->fyt == nullptr ? nullptr : fy_token_start_mark(problem->fyt);
    const auto* end = problem->fyt == nullptr ? nullptr : fy_token_end_mark(problem->fyt);
    if (start != nullptr && end != nullptr) {
      const auto begin = std::min(start->input_pos, text.size());
      at = {begin, std::clamp(end->input_pos, begin, text.size())};
    } else if (problem->line > 0) {
      at.begin = at.end = mistakes.map().start_of_line(line);
    }
    std::string what = problem->msg == nullptr ? "syntax error" : problem->msg;
    mistakes.add(code::bad_syntax, at, "syntax error: " + what);
    any = true;
  }
  if (!any) mistakes.add_whole(code::bad_syntax, "the text cannot be read as YAML or JSON");
}

/// Mistakes the parser library would pass over or stumble at.
bool is_readable_text(std::string_view text, report& mistakes) {
  if (text.size() > max_text) {
    mistakes.add_whole(code::too_large, "the file is larger than 1 MiB");
    return false;
  }
  if (const auto mark = text.substr(0, 2); mark == "\xFF\xFE" || mark == "\xFE\xFF") {
    mistakes.add_whole(code::bad_syntax, "the file is UTF-16 text", {"", {"save it as UTF-8"}});
    return false;
  }
  const auto invalid = find_invalid_utf8(text);
  if (invalid < text.size()) {
    mistakes.add(code::bad_syntax, {invalid, invalid + 1}, "the file is not UTF-8 text", {"invalid byte", {}});
    return false;
  }
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
  };
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  if (control == text.end()) return true;
  const auto at = static_cast<std::size_t>(control - text.begin());
  mistakes.add(code::bad_syntax, {at, at + 1}, "a control character in the text", {"not allowed here", {}});
  return false;
}

bool run_parser(fy_parser* parser, std::string_view text, fy_diag* diag, builder& build, report& mistakes) {
  while (true) {
    const event next{parser};
    if (next.get() == nullptr) break;
    if (!build.take(next.get())) return false;
  }
  if (!fy_parser_get_stream_error(parser)) return true;
  report_syntax_errors(diag, text, mistakes);
  return false;
}

} // namespace

node_ptr parse_document(std::string_view text, syntax language, report& mistakes) {
  if (!is_readable_text(text, mistakes)) return nullptr;
  fy_diag_cfg diag_config{};
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = nullptr;
  diag_config.output_fn = [](fy_diag*, void*, const char*, std::size_t) {}; // collected instead of printed
  const diag_ptr diag{fy_diag_create(&diag_config)};
  if (diag != nullptr) fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg config{};
  const unsigned flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                         (language == syntax::json ? unsigned{FYPCF_JSON_FORCE} : unsigned{FYPCF_JSON_NONE});
  config.flags = static_cast<fy_parse_cfg_flags>(flags);
  config.diag = diag.get();
  const parser_ptr parser{diag == nullptr ? nullptr : fy_parser_create(&config)};
  if (parser == nullptr || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
    mistakes.add_whole(code::bad_syntax, "the parser could not be started");
    return nullptr;
  }
  builder build{text, language, mistakes};
  if (!run_parser(parser.get(), text, diag.get(), build, mistakes)) return nullptr;
  const auto root = build.root();
  if (root == nullptr || root->is_null()) {
    mistakes.add_whole(code::not_a_tree, "the file is empty", {"", {"see docs/config.md for an example"}});
    return nullptr;
  }
  if (root->refused) return nullptr;
  if (root->is != node::shape::mapping) {
    mistakes.add(code::not_a_tree, root->where, "a configuration must be a mapping of keys to values",
                 {"not a mapping", {"start with a line such as 'children:'"}});
    return nullptr;
  }
  return root;
}

} // namespace alder::config
