// The output of services as a stream: searched in files and archives, then followed.
#include "actors/edge/api_streams.hpp"

#include "runtime/policy/stream_portion.hpp"
#include "runtime/store/log_reader.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <queue>

namespace alder::actors {
namespace {

// So much is searched at once; then the loop does other things.
constexpr std::size_t portions_at_once = 4; // of log_reader::most_new_bytes
constexpr std::size_t lines_at_once = 4096;
constexpr std::size_t most_kept = std::size_t{64} * 1024 * 1024; // bytes of the last lines that a search keeps
constexpr std::size_t looked_at_for_one = 16; // lines of files that instances share, for one of an instance
constexpr double usual_growth = 16;           // of a line as an object
constexpr std::size_t least_read = 1024;

std::size_t open_streams = 0; // loop thread only

/// Files have finer times, which do not reach as far: what is beyond them is their end.
os::file_time to_file(wall_time at) {
  constexpr auto least = std::chrono::ceil<std::chrono::milliseconds>(os::file_time::min());
  constexpr auto most = std::chrono::floor<std::chrono::milliseconds>(os::file_time::max());
  return std::clamp(at, least, most);
}

wall_time to_wall(os::file_time at) { return std::chrono::floor<std::chrono::milliseconds>(at); }

/// Streams the output of many services, also of those that appear later. What a reader is too slow for stays in the
/// files. First comes what there is: the last lines, or what a search finds, merged by time; then what comes, service
/// by service.
class log_follower : public std::enable_shared_from_this<log_follower> {
public:
  log_follower(log_query query, std::shared_ptr<api_stream> out, api_context& context)
      : query_(std::move(query)), out_(std::move(out)), context_(context) {
    ++open_streams;
  }
  ~log_follower() { --open_streams; }
  log_follower(const log_follower&) = delete;
  log_follower& operator=(const log_follower&) = delete;

  void start() {
    for (const auto& [tree, known] : context_.trees.trees()) {
      for (const auto& node : context_.shared.nodes.in_order(tree))
        add_node(*node);
    }
    auto self = shared_from_this();
    out_->on_closed = [self] { self->stop(); };
    out_->on_drained = [self] { self->go_on(); };
    const bool is_search = query_.since || query_.until || query_.grep || query_.previous || !query_.tail;
    if (!is_search && tail()) return begin_to_follow();
    begin_search();
  }

private:
  struct source {
    std::string file;
    store::log_reader reader;
    std::optional<bool> err;               ///< none: both streams are in the file
    std::map<unsigned, node_id> writers{}; ///< by instance
    bool is_shared = false;                ///< by instances; else it has one writer
    // While searching:
    os::file_time from{};
    std::optional<os::file_time> to{};
    std::deque<store::log_entry> found{}; ///< and not given yet
    bool is_done = false;
    std::size_t order = 0; ///< among lines of the same moment
  };
  struct is_later {
    bool operator()(const source* a, const source* b) const {
      return std::pair{a->found.front().at, a->order} > std::pair{b->found.front().at, b->order};
    }
  };
  /// Lines of one source that were read together, and whether each is wanted.
  struct portion {
    source* from = nullptr;
    std::size_t read = 0; ///< bytes
    std::vector<store::log_entry> lines;
    std::vector<bool> matches; ///< empty: all do
    std::optional<store::log_reader::gap> gap;
    [[nodiscard]] bool has(std::size_t i) const { return matches.empty() || matches[i]; }
  };
  using portions = std::vector<portion>;
  struct service_sources {
    std::vector<source> sources;
    node_id host; ///< which has the sources: itself, or another instance that shares its files
    log_hub::follower_id watching = 0;
  };

  bool add_node(const node_snapshot& node) {
    const auto id = id_of(node.tree, node.name);
    if (node.what != node_snapshot::kind::service || services_.count(id) > 0 ||
        !query_.about.covers(node.tree, node.name))
      return false;
    const auto rules = context_.logs.rules_of(id);
    const auto files = context_.logs.files_of(id);
    if (!rules.shared_as.empty() && !query_.previous && join_instance(id, rules, files)) return true;
    auto& service = services_[id];
    service.host = id;
    const auto add = [&](const std::string& file, std::optional<bool> err) {
      auto& from = service.sources.emplace_back(source{file, store::log_reader{file}, err});
      from.writers[rules.instance] = id;
      from.is_shared = !rules.shared_as.empty();
      limit(from, rules);
    };
    if (rules.merge) {
      add(files.out, std::nullopt);
    } else {
      if (query_.out) add(files.out, false);
      if (query_.err) add(files.err, true);
    }
    return true;
  }

  /// What is searched for lies between these moments.
  void limit(source& from, const log_spec& rules) {
    if (query_.since) from.from = to_file(*query_.since);
    if (query_.until) from.to = to_file(*query_.until);
    if (!query_.previous) return;
    const auto run =
        store::previous_run(from.file, from.is_shared ? std::optional{rules.instance} : std::optional<unsigned>{});
    from.from = run ? std::max(from.from, run->began) : from.from;
    const auto end = run ? run->ended : os::file_time{};
    from.to = from.to ? std::min(*from.to, end) : end;
  }

  /// Files that another instance shares are read once, with its own; false when there is none yet.
  bool join_instance(const node_id& id, const log_spec& rules, const output_files& files) {
    for (auto& [other, service] : services_) {
      bool is_same = false;
      for (auto& from : service.sources) {
        if (!from.is_shared || from.file == "/dev/null" || (from.file != files.out && from.file != files.err)) continue;
        from.writers[rules.instance] = id;
        is_same = true;
      }
      if (!is_same) continue;
      services_[id].host = other;
      return true;
    }
    return false;
  }

  /// The last lines there are, read backwards; false when they may be in a compressed archive.
  bool tail() {
    std::vector<std::vector<store::log_entry>> past;
    std::vector<source*> origins;
    bool has_older = false;
    for_each([&](source& from) {
      auto lines =
          from.reader.tail(*query_.tail, query_.follow ? store::unfinished_line::hold : store::unfinished_line::show);
      const auto found = lines ? lines->size() : 0;
      if (lines)
        lines->erase(std::remove_if(lines->begin(), lines->end(), [&](const auto& l) { return !is_from(from, l); }),
                     lines->end());
      const bool is_filtered = lines && lines->size() < found && found == *query_.tail;
      const bool is_short = lines && found < *query_.tail;
      has_older = has_older || is_filtered || (is_short && from.reader.has_older());
      past.push_back(lines ? std::move(*lines) : std::vector<store::log_entry>{});
      origins.push_back(&from);
    });
    if (has_older) return false;
    for (const auto& merged : store::merge_by_time(std::move(past), *query_.tail))
      push(*origins[merged.stream], merged.entry);
    return true;
  }

  // -- searching

  void begin_search() {
    for_each([&](source& from) {
      from.order = ++last_order_;
      from.is_done = !from.reader.seek(from.from);
      if (!from.is_done) unread_.push_back(&from);
    });
    searching_ = true;
    search();
  }

  /// Goes on until all is found, the reader has enough, or it is the others' turn.
  void search() {
    if (!searching_ || search_posted_ || is_matching_) return;
    for (std::size_t portions = 0, lines = 0; !stopped_;) {
      if (out_->waiting() > api_stream::most_waiting / 2) return; // on_drained goes on
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
        if (is_matching_) return; // it goes on when that is done
        sort_in(from);
      } else if (!ready_.empty()) {
        auto& from = *ready_.top();
        ready_.pop();
        ++lines;
        give_first(from);
        sort_in(from);
      } else if (!kept_.empty()) {
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

  void sort_in(source& from) {
    if (!from.found.empty()) {
      ready_.push(&from);
    } else if (!from.is_done) {
      unread_.push_back(&from);
    }
  }

  void read_portion(source& from) {
    auto lines = from.reader.read_new();
    from.is_done = !lines || !from.reader.has_more();
    if (!lines) return;
    portion read{.from = &from};
    for (auto& line : *lines)
      find_in(read, std::move(line));
    tell_gap(from, from.reader.take_gap());
    if (from.is_done && !query_.follow)
      if (auto last = from.reader.unfinished()) find_in(read, std::move(*last));
    portions one;
    one.push_back(std::move(read));
    judge(std::move(one), [](log_follower& self, portions&& judged) { self.add_found(std::move(judged.front())); });
  }

  void find_in(portion& read, store::log_entry&& line) const {
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
    if (!is_matching_) return;
    is_matching_ = false;
    sort_in(*read.from);
    search();
  }

  void give_first(source& from) {
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
    if (!query_.follow || query_.previous) return out_->end();
    auto self = shared_from_this();
    follower_ = context_.events.follow([self](const event_ptr& e) { self->on_event(*e); });
    for (auto& [id, service] : services_)
      watch(id);
  }

  void on_event(const event& e) {
    const auto node = context_.shared.nodes.find(e.tree, e.name);
    if (!node || !add_node(*node)) return;
    read(id_of(e.tree, e.name));
  }

  void watch(const node_id& id) {
    auto& service = services_[id];
    std::uint64_t out_seen = 0;
    std::uint64_t err_seen = 0;
    for (const auto& from : services_[service.host].sources) {
      if (from.err != true) out_seen = from.reader.position();
      if (from.err != false) err_seen = from.reader.position();
    }
    auto self = shared_from_this();
    service.watching = context_.logs.watch(id, out_seen, err_seen, [self, id] { self->read(id); });
  }

  void go_on() {
    if (searching_) return search();
    // In turn: one that is faster than the reader must not keep the others from it.
    const auto pending = std::exchange(behind_, {});
    const auto next = pending.upper_bound(last_served_);
    std::for_each(next, pending.end(), [this](const node_id& id) { read(id); });
    std::for_each(pending.begin(), next, [this](const node_id& id) { read(id); });
  }

  void read(const node_id& id) {
    if (stopped_) return;
    if (out_->waiting() > 0 || is_matching_) { // goes on when the reader has caught up, or that is done
      behind_.insert(id);
      return;
    }
    last_served_ = id;
    portions all;
    for (auto& from : services_[services_[id].host].sources) {
      auto lines = from.reader.read_new(bytes_for_portion());
      if (!lines) continue; // the file is not readable now; the next growth tries again
      portion one{.from = &from};
      for (auto& line : *lines) {
        one.read += line.text.size() + 1;
        if (is_from(from, line)) one.lines.push_back(std::move(line));
      }
      one.gap = from.reader.take_gap();
      all.push_back(std::move(one));
    }
    judge(std::move(all), [](log_follower& self, portions&& judged) { self.give(judged); });
  }

  /// What was read of `last_served_`.
  void give(const portions& all) {
    is_matching_ = false;
    bool more = false;
    for (const auto& one : all) {
      std::size_t given = 0;
      for (std::size_t i = 0; i < one.lines.size(); ++i)
        if (one.has(i)) given += push(*one.from, one.lines[i]);
      if (one.read > 0) growth_ = std::max(1.0, static_cast<double>(given) / static_cast<double>(one.read));
      tell_gap(*one.from, one.gap);
      more = more || one.from->reader.has_more();
    }
    if (more) {
      behind_.insert(last_served_);
    } else {
      watch(last_served_);
    }
    if (!behind_.empty() && out_->waiting() == 0)
      post([](log_follower& self) { self.go_on(); }); // nothing that could drain
  }

  // -- both

  /// Whether it was written by a process, and to a stream, that is asked for.
  [[nodiscard]] bool is_from(const source& from, const store::log_entry& line) const {
    const bool is_stream = from.err || (line.origin.err ? query_.err : query_.out);
    return is_stream && (!from.is_shared || from.writers.count(line.origin.instance) > 0);
  }

  /// Finds out which lines match, beside the loop, and lets `then` have them. At once when all do.
  void judge(portions&& read, void (*then)(log_follower&, portions&&)) {
    const bool any = std::any_of(read.begin(), read.end(), [](const auto& one) { return !one.lines.empty(); });
    if (!query_.grep || !any) return then(*this, std::move(read));
    is_matching_ = true;
    auto all = std::make_shared<portions>(std::move(read));
    context_.logs.searching().run([all, what = *query_.grep, is_over = is_over_] { match(*all, what, *is_over); },
                                  [self = shared_from_this(), all, then] {
                                    if (!self->stopped_) then(*self, std::move(*all));
                                  });
  }

  /// On the searching thread.
  static void match(portions& all, const pattern& what, const std::atomic<bool>& is_over) {
    for (auto& one : all) {
      one.matches.resize(one.lines.size());
      for (std::size_t i = 0; i < one.lines.size() && !is_over; ++i)
        one.matches[i] = what.matches(one.lines[i].text);
    }
  }

  [[nodiscard]] std::size_t bytes_for_portion() const {
    return std::max(least_read,
                    static_cast<std::size_t>(static_cast<double>(policy::stream_portion(open_streams)) / growth_));
  }

  /// A line of one of the source's writers. Returns its size as an object.
  std::size_t push(const source& from, const store::log_entry& entry) {
    const auto& node = from.is_shared ? from.writers.at(entry.origin.instance) : from.writers.begin()->second;
    const auto slash = node.find('/');
    const auto object =
        wire::log_line_json({to_wall(entry.at), node.substr(0, slash), node.substr(slash + 1),
                             from.err.value_or(entry.origin.err) ? "err" : "out", entry.text, entry.partial});
    out_->push("log", {}, object, api_stream::loss::never);
    return object.size();
  }

  /// The archive that the reader should have gone on with has been deleted.
  void tell_gap(const source& from, const std::optional<store::log_reader::gap>& gap) {
    if (!gap) return;
    for (const auto& [instance, node] : from.writers) {
      const auto slash = node.find('/');
      out_->push("gap", {},
                 wire::log_gap_json({to_wall(gap->from), to_wall(gap->to), node.substr(0, slash),
                                     node.substr(slash + 1), from.err.value_or(false) ? "err" : "out"}),
                 api_stream::loss::never);
    }
  }

  template <class Act> void for_each(Act act) {
    for (auto& [id, service] : services_)
      for (auto& from : service.sources)
        act(from);
  }

  void post(void (*then)(log_follower&)) {
    boost::asio::post(context_.trees.executor(), [self = shared_from_this(), then] { then(*self); });
  }

  void stop() {
    stopped_ = true;
    *is_over_ = true;
    context_.events.unfollow(follower_);
    for (const auto& [id, service] : services_)
      context_.logs.unwatch(service.watching);
    out_->on_drained = nullptr;
    kept_.clear();
    unread_.clear();
    ready_ = {};
    services_.clear();
  }

  log_query query_;
  std::shared_ptr<api_stream> out_;
  api_context& context_;
  std::map<node_id, service_sources> services_;
  std::vector<source*> unread_;                                        ///< whose next lines are not known
  std::priority_queue<source*, std::vector<source*>, is_later> ready_; ///< whose first line is; earliest first
  std::deque<std::pair<source*, store::log_entry>> kept_;              ///< the last lines a search has found
  std::size_t kept_bytes_ = 0;
  std::set<node_id> behind_;
  event_feed::follower_id follower_ = 0;
  std::size_t last_order_ = 0;
  double growth_ = usual_growth; ///< of the last lines: how much larger they were as objects
  node_id last_served_;          ///< of those whose reader was too slow
  bool searching_ = false;
  bool search_posted_ = false;
  bool is_matching_ = false; ///< lines that were read are with the searching thread
  bool stopped_ = false;
  const std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false); ///< for that thread
};

} // namespace

void stream_logs(const log_query& query, const std::shared_ptr<api_stream>& out, api_context& context) {
  std::make_shared<log_follower>(query, out, context)->start();
}

std::vector<wire::log_line> last_log_lines(const std::string& tree, const std::string& service, std::size_t lines,
                                           api_context& context) {
  const auto files = context.logs.files_of(id_of(tree, service));
  const auto rules = context.logs.rules_of(id_of(tree, service));
  const bool is_shared = !rules.shared_as.empty();
  std::vector<std::vector<store::log_entry>> both;
  for (const auto& file : {files.out, files.err}) {
    if (rules.merge && both.size() == 1) break;
    auto found =
        store::log_reader{file}.tail(is_shared ? lines * looked_at_for_one : lines, store::unfinished_line::show);
    auto& own = both.emplace_back(found ? std::move(*found) : std::vector<store::log_entry>{});
    const auto is_foreign = [&](const auto& line) { return is_shared && line.origin.instance != rules.instance; };
    own.erase(std::remove_if(own.begin(), own.end(), is_foreign), own.end());
  }
  std::vector<wire::log_line> last;
  for (const auto& merged : store::merge_by_time(std::move(both), lines)) {
    const bool is_err = rules.merge ? merged.entry.origin.err : merged.stream == 1;
    last.push_back(
        {to_wall(merged.entry.at), tree, service, is_err ? "err" : "out", merged.entry.text, merged.entry.partial});
  }
  return last;
}

} // namespace alder::actors
