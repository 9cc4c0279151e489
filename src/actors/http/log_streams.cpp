// The output of services as a stream: searched in files and archives, then followed.
#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_exchange.hpp"
#include "actors/http/log_source.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/trees.hpp"

#include "runtime/policy/stream_portion.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace alder::actors {
namespace {

// So much is searched at once; then the loop does other things.
constexpr std::size_t portions_at_once = 4; // of log_reader::most_new_bytes
constexpr std::size_t lines_at_once = 4096;
constexpr std::size_t most_kept = std::size_t{64} * 1024 * 1024; // bytes of the last lines that a search keeps
constexpr double usual_growth = 16;                              // of a line as an object
constexpr std::size_t least_read = 1024;
constexpr std::size_t longest_event_id = 2048;

std::size_t open_followers = 0; // loop thread only

/// Streams the output of many services, also of those that appear later. What a reader is too slow for stays in the
/// files. First comes what there is: the last lines, or what a search finds, merged by time; then what comes, service
/// by service.
class log_follower : public std::enable_shared_from_this<log_follower> {
public:
  log_follower(log_query query, std::shared_ptr<api_stream> out, api_context& context)
      : query_(std::move(query)), out_(std::move(out)), context_(context) {
    ++open_followers;
  }
  ~log_follower() { --open_followers; }
  log_follower(const log_follower&) = delete;
  log_follower& operator=(const log_follower&) = delete;

  void start() {
    for (const auto& [tree, known] : context_.trees.trees()) {
      for (const auto& node : context_.shared.nodes.in_order(tree))
        sources_.add(*node);
    }
    if (query_.resumes) sources_.add_forgotten();
    sources_.for_each([&](log_source& from) { from.order = ++last_order_; });
    auto self = shared_from_this();
    out_->on_closed = [self] { self->stop(); };
    out_->on_drained = [self] { self->go_on(); };
    if (query_.follow) {
      starts_ = context_.logs.watch_starts([self](const node_id& node) { self->on_start(node); });
    }
    ending_ = context_.streams.add([self] { self->finish(); }, query_.patience);
    const bool is_search =
        query_.since || query_.until || query_.grep || query_.previous || query_.resumes || !query_.tail;
    if (!is_search && tail()) return begin_to_follow();
    begin_search();
  }

private:
  /// Lines of one source that were read together, and which of them match.
  struct portion {
    log_source* from = nullptr;
    std::vector<logs::log_entry> lines{};
    std::vector<bool> matches{}; ///< empty: all do
    std::size_t read = 0;        ///< bytes, also of lines that are nobody's
    std::optional<logs::log_reader::gap> gap{};
    [[nodiscard]] bool has(std::size_t i) const { return matches.empty() || matches[i]; }
  };
  using portion_list = std::vector<portion>;

  /// The last lines there are, read backwards; false when they may be in a compressed archive.
  bool tail() {
    std::vector<std::vector<logs::log_entry>> past;
    std::vector<log_source*> origins;
    bool has_older = false;
    sources_.for_each([&](log_source& from) {
      auto lines =
          from.reader.tail(*query_.tail, query_.follow ? logs::unfinished_line::hold : logs::unfinished_line::show);
      const auto found = lines ? lines->size() : 0;
      if (found > 0) from.read = lines->back().end;
      if (lines)
        lines->erase(std::remove_if(lines->begin(), lines->end(), [&](const auto& l) { return !is_from(from, l); }),
                     lines->end());
      const bool is_filtered = lines && lines->size() < found && found == *query_.tail;
      const bool is_short = lines && found < *query_.tail;
      has_older = has_older || is_filtered || (is_short && from.reader.has_older());
      past.push_back(lines ? std::move(*lines) : std::vector<logs::log_entry>{});
      origins.push_back(&from);
    });
    if (has_older) return false;
    const auto merged = logs::merge_by_time(std::move(past), *query_.tail);
    std::map<const log_source*, wire::log_position> first;
    for (const auto& one : merged)
      first.try_emplace(origins[one.stream], one.entry.begin());
    tell_cursors(first);
    for (const auto& one : merged)
      push(*origins[one.stream], one.entry);
    return true;
  }

  /// Where every source goes on, so that a reader who is cut off can: before its first line, or else behind all.
  void tell_cursors(const std::map<const log_source*, wire::log_position>& first) {
    cursors_told_ = true;
    if (!query_.cursors) return;
    std::vector<std::string> cursors;
    sources_.for_each([&](log_source& from) {
      const auto begins = first.find(&from);
      auto cursor = begins == first.end() ? from.cursor() : from.cursor_at(begins->second);
      if (!cursor.empty()) cursors.push_back(std::move(cursor));
    });
    push_cursors(cursors);
  }

  void push_cursors(const std::vector<std::string>& cursors) {
    for (const auto& cursor : cursors)
      note_cursor(cursor);
    out_->push("cursors", event_id(), wire::log_cursors_json(cursors), api_stream::loss::never);
  }

  // -- searching

  void begin_search() {
    sources_.for_each([&](log_source& from) {
      from.read.reset();
      const auto after = query_.after.find(from.name);
      if (after != query_.after.end()) from.from = {};
      from.is_done = after != query_.after.end() ? !from.reader.resume(after->second) : !from.reader.seek(from.from);
      if (!from.is_done) unread_.push_back(&from);
    });
    searching_ = true;
    search();
  }

  /// Goes on until all is found, the reader has enough, or it is the others' turn.
  void search() {
    if (!searching_ || search_posted_ || is_matching_) return;
    for (std::size_t portions = 0, lines = 0; !stopped_;) {
      if (out_->waiting() > api_stream::most_waiting / 2) return; // on_drained continues
      if (portions == portions_at_once || lines == lines_at_once) {
        search_posted_ = true;
        return post([](log_follower& self) {
          self.search_posted_ = false;
          self.search();
        });
      }
      if (!unread_.empty()) {
        auto& from = *unread_.back();
        unread_.pop_back();
        ++portions;
        read_portion(from);
        if (is_matching_) return; // it continues when that is done
        sort_in(from);
      } else if (!ready_.empty()) {
        auto& from = *ready_.top();
        ready_.pop();
        ++lines;
        give_first(from);
        sort_in(from);
      } else if (!kept_.empty()) {
        if (!cursors_told_) tell_cursors_before_kept();
        ++lines;
        push(*kept_.front().first, kept_.front().second);
        kept_bytes_ -= kept_.front().second.text.size();
        kept_.pop_front();
      } else {
        searching_ = false;
        return begin_to_follow();
      }
    }
  }

  void tell_cursors_before_kept() {
    std::map<const log_source*, wire::log_position> first;
    for (const auto& [from, line] : kept_)
      first.try_emplace(from, line.begin());
    tell_cursors(first);
  }

  void sort_in(log_source& from) {
    if (!from.found.empty()) {
      ready_.push(&from);
    } else if (!from.is_done) {
      unread_.push_back(&from);
    }
  }

  void read_portion(log_source& from) {
    auto lines = from.read_new();
    from.is_done = !lines || !from.reader.has_more();
    if (!lines) return;
    portion read{.from = &from};
    for (auto& line : *lines)
      find_in(read, std::move(line));
    tell_gap(from, from.reader.take_gap());
    if (from.is_done && !query_.follow) {
      if (auto last = from.reader.unfinished()) {
        from.read = last->end;
        find_in(read, std::move(*last));
      }
    }
    portion_list one;
    one.push_back(std::move(read));
    judge(std::move(one), [](log_follower& self, portion_list&& judged) { self.add_found(std::move(judged.front())); });
  }

  void find_in(portion& read, logs::log_entry&& line) const {
    auto& from = *read.from;
    if (from.to && line.at > *from.to) {
      from.is_done = !query_.follow || from.is_done;
      return;
    }
    if (line.at >= from.from && is_from(from, line)) read.lines.push_back(std::move(line));
  }

  void add_found(portion&& read) {
    for (std::size_t i = 0; i < read.lines.size(); ++i)
      if (read.has(i)) read.from->found.push_back(std::move(read.lines[i]));
    if (!std::exchange(is_matching_, false)) return; // the reading continues
    sort_in(*read.from);
    search();
  }

  void give_first(log_source& from) {
    if (!query_.tail) {
      push(from, from.found.front());
    } else {
      kept_bytes_ += from.found.front().text.size();
      kept_.emplace_back(&from, std::move(from.found.front()));
      for (; kept_.size() > *query_.tail || kept_bytes_ > most_kept; kept_.pop_front())
        kept_bytes_ -= kept_.front().second.text.size();
    }
    from.found.pop_front();
  }

  // -- following

  void begin_to_follow() {
    if (!cursors_told_) tell_cursors({});
    if (!query_.follow || query_.previous) return out_->end();
    auto self = shared_from_this();
    follower_ = context_.events.follow([self](const event_ptr& e) { self->on_event(*e); });
    following_ = true;
    for (const auto& [id, service] : sources_.services())
      watch(id);
    if (finishing_) finish();
  }

  void on_event(const event& e) {
    const auto node = context_.shared.nodes.find(e.tree, e.name);
    if (node && node->what == node_snapshot::kind::service) on_start(node->id());
  }

  /// A process of this service is about to be started, or was before anybody told of it: what is in the files of one
  /// that was not known is old.
  void on_start(const node_id& id) {
    const auto node = context_.shared.nodes.find(id);
    if (stopped_ || query_.previous || !node) return;
    if (!sources_.add(*node) && !sources_.add_moved(id)) return;
    std::vector<std::string> cursors;
    for (auto& from : sources_.services().at(id).sources) {
      if (from.order != 0) continue; // not new
      from.order = ++last_order_;
      (void)from.reader.go_to_end(); // what cannot be read now may be later
      if (query_.cursors) cursors.push_back(from.cursor());
    }
    if (!cursors.empty() && (following_ || cursors_told_)) push_cursors(cursors); // else with those of the others
    if (following_) watch(id);
  }

  void watch(const node_id& id) {
    auto& service = sources_.services().at(id);
    const auto files = context_.logs.files_of(id);
    log_hub::sight seen{.out = {}, .err = {}, .is_stuck = service.is_stuck};
    for (const auto& from : sources_.read_for(id)) {
      const logs::file_sight now{from.reader.inode(), from.reader.position()};
      if (from.err != true && from.file == files.out) seen.out = now;
      if (from.err != false && from.file == files.err) seen.err = now;
    }
    auto self = shared_from_this();
    context_.logs.unwatch(service.watching);
    service.watching = context_.logs.watch(id, seen, [self, id] { self->read(id); });
  }

  void go_on() {
    if (searching_) return search();
    // In turn: one that is faster than the reader must not keep the others from it.
    const auto pending = std::exchange(behind_, {});
    const auto next = pending.upper_bound(last_served_);
    std::for_each(next, pending.end(), [this](const node_id& id) { read(id); });
    std::for_each(pending.begin(), next, [this](const node_id& id) { read(id); });
    if (finishing_ && behind_.empty() && !is_matching_ && !stopped_) out_->end();
  }

  void read(const node_id& id) {
    if (stopped_) return;
    if (out_->waiting() > 0 || is_matching_) { // continues when the reader has caught up, or that is done
      behind_.insert(id);
      return;
    }
    bool has_moved = false;
    last_served_ = id;
    portion_list all;
    for (auto& from : sources_.read_for(id)) {
      const auto before = std::pair{from.reader.inode(), from.reader.position()};
      auto lines = from.read_new(bytes_for_portion());
      has_moved = has_moved || before != std::pair{from.reader.inode(), from.reader.position()};
      if (!lines) continue; // the file is not readable now; the next growth tries again
      portion one{.from = &from};
      for (auto& line : *lines) {
        one.read += line.text.size() + 1;
        if (is_from(from, line)) one.lines.push_back(std::move(line));
      }
      one.gap = from.reader.take_gap();
      all.push_back(std::move(one));
    }
    sources_.services().at(id).is_stuck = !has_moved;
    judge(std::move(all), [](log_follower& self, portion_list&& judged) { self.give_all(judged); });
  }

  /// What was read of `last_served_`.
  void give_all(const portion_list& all) {
    const bool others_wait = std::exchange(is_matching_, false);
    bool more = false;
    for (const auto& one : all) {
      give(one);
      tell_gap(*one.from, one.gap);
      more = more || one.from->reader.has_more();
    }
    if (more) {
      behind_.insert(last_served_);
    } else {
      watch(last_served_);
    }
    if ((more || others_wait) && out_->waiting() == 0)
      post([](log_follower& self) { self.go_on(); }); // nothing that could drain
  }

  void give(const portion& one) {
    std::size_t given = 0;
    for (std::size_t i = 0; i < one.lines.size(); ++i)
      if (one.has(i)) given += push(*one.from, one.lines[i]);
    if (one.read > 0) growth_ = std::max(1.0, static_cast<double>(given) / static_cast<double>(one.read));
  }

  /// The daemon goes down: gives what there is, and ends.
  void finish() {
    finishing_ = true;
    if (!following_ || stopped_) return; // it ends or comes to that by itself
    for (const auto& [id, service] : sources_.services())
      behind_.insert(id);
    go_on();
  }

  // -- both

  /// Whether it was written by a process, and to a stream, that is asked for.
  [[nodiscard]] bool is_from(const log_source& from, const logs::log_entry& line) const {
    const bool is_stream = from.err || (line.origin.err ? query_.err : query_.out);
    return is_stream && from.writer_of(line) != nullptr;
  }

  /// Finds out which lines match, beside the loop, and lets `then` have them. At once when all do.
  void judge(portion_list&& read, void (*then)(log_follower&, portion_list&&)) {
    const bool any = std::any_of(read.begin(), read.end(), [](const auto& one) { return !one.lines.empty(); });
    if (!query_.grep || !any) return then(*this, std::move(read));
    is_matching_ = true;
    auto all = std::make_shared<portion_list>(std::move(read));
    context_.logs.searching().run([all, what = *query_.grep, is_over = is_over_] { match(*all, what, *is_over); },
                                  [self = shared_from_this(), all, then] {
                                    if (!self->stopped_) then(*self, std::move(*all));
                                  });
  }

  /// On the searching thread.
  static void match(portion_list& all, const pattern& what, const std::atomic<bool>& is_over) {
    for (auto& one : all) {
      one.matches.resize(one.lines.size());
      for (std::size_t i = 0; i < one.lines.size() && !is_over; ++i)
        one.matches[i] = what.matches(one.lines[i].text);
    }
  }

  [[nodiscard]] std::size_t bytes_for_portion() const {
    return std::max(least_read,
                    static_cast<std::size_t>(static_cast<double>(policy::stream_portion(open_followers)) / growth_));
  }

  /// A line of one of the source's writers. Returns its size as an object.
  std::size_t push(const log_source& from, const logs::log_entry& entry) {
    const auto& node = *from.writer_of(entry);
    wire::log_line line{to_wall(entry.at), node.tree,    node.name, from.is_err(entry) ? "err" : "out",
                        entry.text,        entry.partial};
    if (query_.cursors) line.cursor = from.cursor_at(entry.end);
    const auto object = wire::log_line_json(line);
    note_cursor(line.cursor);
    out_->push("log", event_id(), object, api_stream::loss::never);
    return object.size();
  }

  /// A browser hands back one id alone: it has all cursors.
  void note_cursor(const std::string& cursor) {
    if (out_->has_ids() && !cursor.empty()) cursors_[cursor.substr(0, cursor.rfind('@'))] = cursor;
  }

  [[nodiscard]] std::string event_id() const {
    std::string id;
    for (const auto& [name, cursor] : cursors_)
      (id += id.empty() ? "" : " ") += cursor;
    return id.size() <= longest_event_id ? id : " "; // nothing is remembered of so many
  }

  /// The archive that the reader should have gone on with has been deleted.
  void tell_gap(const log_source& from, const std::optional<logs::log_reader::gap>& gap) {
    if (!gap) return;
    for (const auto& [instance, node] : from.writers) {
      out_->push("gap", {},
                 wire::log_gap_json({to_wall(gap->from), to_wall(gap->to), node.tree, node.name,
                                     from.err.value_or(false) ? "err" : "out"}),
                 api_stream::loss::never);
    }
  }

  void post(void (*then)(log_follower&)) {
    boost::asio::post(context_.journal.executor(), [self = shared_from_this(), then] { then(*self); });
  }

  void stop() {
    stopped_ = true;
    *is_over_ = true;
    context_.events.unfollow(follower_);
    context_.streams.remove(ending_);
    context_.logs.unwatch_starts(starts_);
    for (const auto& [id, service] : sources_.services())
      context_.logs.unwatch(service.watching);
    out_->on_drained = nullptr;
    kept_.clear();
    unread_.clear();
    ready_ = {};
    sources_.services().clear();
  }

  log_query query_;
  std::shared_ptr<api_stream> out_;
  api_context& context_;
  log_sources sources_{query_, context_};
  std::vector<log_source*> unread_; ///< whose next lines are not known
  std::priority_queue<log_source*, std::vector<log_source*>, is_later_source> ready_; ///< whose first line is
  std::deque<std::pair<log_source*, logs::log_entry>> kept_; ///< the last lines a search has found
  std::size_t kept_bytes_ = 0;
  std::set<node_id> behind_;
  std::map<std::string, std::string> cursors_; ///< the last of each source, by its name; only where ids are wanted
  event_feed::follower_id follower_ = 0;
  log_hub::follower_id starts_ = 0;
  open_streams::stream_id ending_ = 0;
  std::size_t last_order_ = 0;
  double growth_ = usual_growth; ///< of the last lines: how much larger they were as objects
  node_id last_served_;          ///< of those whose reader was too slow
  bool searching_ = false;
  bool search_posted_ = false;
  bool cursors_told_ = false;
  bool following_ = false;
  bool finishing_ = false; ///< the daemon goes down
  bool stopped_ = false;
  bool is_matching_ = false; ///< lines that were read are with the searching thread
  const std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false); ///< for that thread
};

} // namespace

void stream_logs(const log_query& query, const std::shared_ptr<api_stream>& out, api_context& context) {
  std::make_shared<log_follower>(query, out, context)->start();
}

} // namespace alder::actors
