// Requests for streams: what happened, and what was said.
#include "actors/base/runtime.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_handlers.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/wire/log_json.hpp"
#include "runtime/wire/time_text.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::size_t most_tail = 100'000;
constexpr std::size_t longest_shown = 200; // of what a request says wrongly

void get_events(const api_request& request, const responder& out, api_context& context) {
  event_query query;
  const auto tail = number(request, "tail", query.tail, most_tail);
  const auto since = number(request, "since", 0, SIZE_MAX);
  if (!tail) return out->refuse(bad_value(tail.failure().message));
  if (!since) return out->refuse(bad_value(since.failure().message));
  query.tail = *tail;
  if (!request.value("since").empty()) query.since = *since;
  if (const auto& id = request.last_event_id; !id.empty()) {
    std::uint64_t seen = 0;
    const auto parsed = std::from_chars(id.data(), id.data() + id.size(), seen);
    if (parsed.ec != std::errc{} || parsed.ptr != id.data() + id.size())
      return out->refuse(bad_value("Last-Event-ID is not the number of an event"));
    query.since = seen;
  }
  if (query.since && request.value("tail").empty()) query.tail = SIZE_MAX; // everything missed
  query.follow = is_set(request, "follow");
  if (const auto wrong = read_filter(request, "name", context, query.about)) return out->refuse(*wrong);
  stream_events(query, out->stream(), context);
}

/// A moment from the query: milliseconds since 1970, or as it is written in answers. A problem when it is neither.
std::optional<wire::problem> read_moment(const api_request& request, const std::string& key,
                                         std::optional<wall_time>& into) {
  const auto text = request.value(key);
  if (text.empty()) return std::nullopt;
  std::int64_t ms = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) {
    into = wall_time{milliseconds{ms}};
  } else {
    into = wire::parse_time(text);
  }
  if (into) return std::nullopt;
  return bad_value("'" + key + "' must be a time such as 2026-11-28T10:00:00.000Z, not '" + text + "'");
}

/// The places to continue after: from the query, the body of a POST, or the header that a browser sends when it
/// reconnects. For each source the last one counts.
std::optional<wire::problem> read_cursors(const api_request& request, log_query& query) {
  auto texts = request.values("after");
  query.resumes = !texts.empty() || request.method == "POST" || !trim(request.last_event_id).empty();
  for (const auto id : split(trim(request.last_event_id), ' '))
    if (!id.empty()) texts.emplace_back(id);
  if (request.method == "POST") {
    auto body = wire::parse_cursors(request.body);
    if (!body) return bad_value(body.failure().message);
    std::move(body->begin(), body->end(), std::back_inserter(texts));
  }
  for (const auto& text : texts) {
    const auto cursor = wire::parse_log_cursor(text);
    if (!cursor) return bad_value("'" + text.substr(0, longest_shown) + "' is not the 'cursor' of a log line");
    query.after[cursor->source] = cursor->place;
  }
  return std::nullopt;
}

/// The last words of a process that has ended are on their way to its file for a moment: on a busy machine whoever asks
/// why it ended comes sooner than they do.
void stream_when_written(const log_query& query, const responder& out, api_context& context, int looks) {
  constexpr std::chrono::milliseconds between_looks{10};
  auto about = query.about;
  const auto services = query.follow ? std::vector<node_ptr>{} : services_of(about, context);
  const bool is_complete = std::none_of(services.begin(), services.end(),
                                        [&](const auto& node) { return context.logs.is_draining(node->id()); });
  if (is_complete || looks == 0) return stream_logs(query, out->stream(), context);
  const auto timer = std::make_shared<boost::asio::steady_timer>(context.journal.executor(), between_looks);
  timer->async_wait([timer, query, out, looks, &context](const boost::system::error_code& failed) {
    if (!failed) stream_when_written(query, out, context, looks - 1);
  });
}

void get_logs(const api_request& request, const responder& out, api_context& context) {
  constexpr std::size_t usual_tail = 20;
  log_query query;
  for (const auto& [key, into] : {std::pair{"since", &query.since}, std::pair{"until", &query.until}})
    if (const auto wrong = read_moment(request, key, *into)) return out->refuse(*wrong);
  const auto grep = request.value("grep");
  if (!grep.empty()) {
    auto compiled = pattern::compile(grep);
    if (!compiled)
      return out->refuse(bad_value("'grep' is not a valid regular expression: " + compiled.failure().message));
    query.grep = std::move(*compiled);
  }
  if (const auto text = request.value("patience"); !text.empty()) {
    const auto patience = parse_duration(text);
    if (!patience) return out->refuse(bad_value("'patience': " + patience.failure().message));
    query.patience = *patience;
  }
  query.previous = is_set(request, "previous");
  query.cursors = is_set(request, "cursors") || request.wants_events;
  if (const auto wrong = read_cursors(request, query)) return out->refuse(*wrong);
  const bool is_search = query.since || query.until || query.grep || query.previous || query.resumes;
  const auto tail = number(request, "tail", usual_tail, most_tail);
  if (!tail) return out->refuse(bad_value(tail.failure().message));
  if (!is_search || !request.value("tail").empty()) query.tail = *tail;
  const auto stream = request.value("stream");
  if (!stream.empty() && stream != "out" && stream != "err")
    return out->refuse(bad_value("'stream' must be 'out' or 'err', not '" + stream + "'"));
  query.out = stream != "err";
  query.err = stream != "out";
  query.follow = is_set(request, "follow");
  std::set<node_id> gone; // whose lines the reader has had
  for (const auto& [source, place] : query.after)
    gone.insert(source.writer);
  if (const auto wrong = read_filter(request, "service", context, query.about, gone)) return out->refuse(*wrong);
  constexpr int most_looks = 100; // a second
  stream_when_written(query, out, context, most_looks);
}

} // namespace

const std::vector<route_entry>& stream_routes() {
  static const std::vector<route_entry> table{
      {"GET", {"v1", "events"}, get_events},
      {"GET", {"v1", "logs"}, get_logs},
      {"POST", {"v1", "logs"}, get_logs},
  };
  return table;
}

} // namespace alder::actors
