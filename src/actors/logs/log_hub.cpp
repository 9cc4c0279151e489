#include "actors/logs/log_hub.hpp"

#include "actors/logs/log_writer.hpp"
#include "actors/tree/kind_part.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/logs/log_archive.hpp"
#include "runtime/os/files.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>

namespace alder::actors {

log_hub::log_hub(boost::asio::io_context& loop, std::string log_dir) : loop_(loop), log_dir_(std::move(log_dir)) {}

outcome log_hub::start(os::log_stage_files staged) {
  auto pump = logs::log_pump::start(
      [this](const logs::log_notice& notice) { boost::asio::post(loop_, [this, notice] { on_notice(notice); }); }, {},
      std::move(staged), std::exchange(early_pipes_, {}));
  if (!pump) return pump.failure();
  pump_ = std::move(*pump);
  return success();
}

void log_hub::set_rules(const node_id& node, const log_spec& rules) {
  auto& seat = seat_of(node);
  if (!seat.rules || *seat.rules != rules) {
    seat.rules = std::make_shared<const log_spec>(rules);
    invite(node);
    if (seat.writer) caf::anon_send(seat.writer, log_rules_changed{});
  }
  const auto followers = start_followers_; // one of them may leave while it is told
  for (const auto& [id, react] : followers)
    if (start_followers_.count(id) > 0) react(node);
}

/// Whoever its lines are for, if that is an actor of an extension.
void log_hub::invite(const node_id& node) {
  guests_.shared = shared;
  guests_.above = supervisor;
  guests_.set_rules(node, rules_of(node));
}

log_spec log_hub::rules_of(const node_id& node) const {
  const auto seat = seats_.find(node);
  if (seat != seats_.end() && seat->second.rules) return *seat->second.rules;
  if (shared == nullptr) return {};
  const auto known = shared->nodes.find(node);
  return known && known->service ? known->service->log : log_spec{};
}

output_files log_hub::files_of(const node_id& node) const {
  const auto rules = rules_of(node);
  if (rules.to == log_target::none || rules.to == log_target::actor) return {"/dev/null", "/dev/null"};
  if (rules.to != log_target::file) {
    const std::string usual = rules.to == log_target::syslog ? "/dev/log" : "/run/systemd/journal/socket";
    const auto socket = rules.socket.empty() ? usual : rules.socket;
    return {socket, socket};
  }
  const auto base = log_dir_ + "/" + (rules.shared_as.empty() ? node : node_id{node.tree, rules.shared_as}).text();
  if (rules.merge) {
    const auto both = rules.out.empty() ? base + ".log" : rules.out;
    return {both, both};
  }
  return {rules.out.empty() ? base + ".out.log" : rules.out, rules.err.empty() ? base + ".err.log" : rules.err};
}

log_hub::file_list log_hub::regular_files_of(const node_id& node) const {
  if (rules_of(node).to != log_target::file) return {};
  const auto files = files_of(node);
  file_list all;
  for (const auto& file : {files.out, files.err}) {
    const auto facts = os::facts_of(file);
    if (facts && facts->is_regular && std::find(all.begin(), all.end(), file) == all.end()) all.push_back(file);
  }
  return all;
}

log_hub::file_list log_hub::reopen(const node_id& node) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return {}; // nothing is open
  pump_->reopen(found->second.streams.out);
  pump_->reopen(found->second.streams.err);
  if (rules_of(node).to != log_target::file) return {};
  const auto files = files_of(node);
  return files.out == files.err ? file_list{files.out} : file_list{files.out, files.err};
}

void log_hub::reopen_all() {
  for (const auto& [node, seat] : seats_)
    (void)reopen(node); // nobody wants to know
}

log_hub::file_list log_hub::rotate(const node_id& node) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return {};
  auto files = regular_files_of(node); // before they are moved
  std::erase_if(files, [](const auto& file) {
    const auto facts = os::facts_of(file);
    return !facts || facts->size == 0;
  });
  pump_->rotate(found->second.streams.out);
  if (!rules_of(node).merge) pump_->rotate(found->second.streams.err);
  return files;
}

log_hub::file_list log_hub::clear(const node_id& node) {
  const auto found = seats_.find(node);
  const auto regular = regular_files_of(node);
  if (found != seats_.end() && found->second.writer) {
    pump_->clear(found->second.streams.out);
    pump_->clear(found->second.streams.err);
    return regular;
  }
  const auto files = files_of(node);
  const auto owner = rules_of(node).owner;
  for (const auto& file : {files.out, files.err})
    logs::clear_log(file, owner ? std::optional{owner->uid} : std::nullopt);
  return regular;
}

log_hub::tally log_hub::tally_of(const node_id& node) const {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return {};
  return {pump_->tally(found->second.streams.out), pump_->tally(found->second.streams.err)};
}

log_hub::writer_seat& log_hub::seat_of(const node_id& node) {
  auto& seat = seats_[node];
  seat.leaving = false;
  if (seat.streams.out == 0) {
    seat.streams = {++last_stream_, ++last_stream_};
    streams_[seat.streams.out] = node;
    streams_[seat.streams.err] = node;
    if (supervisor) {
      auto entry = std::make_shared<const child_entry>(entry_of(node));
      caf::anon_send(supervisor,
                     node_call{node_call::op::add, node.text(), std::move(entry), {cause::kind::request, {}, {}, {}}});
    }
  }
  return seat;
}

child_entry log_hub::entry_of(const node_id& node) {
  return entry_of_part(node.text(),
                       [this, node](caf::scheduled_actor* host, const parent_actor& parent) -> child_actor {
                         return host->spawn<log_writer>(*shared, *this, node, parent);
                       });
}

std::vector<child_entry> log_hub::writers() {
  std::vector<child_entry> all;
  for (const auto& [node, seat] : seats_)
    all.push_back(entry_of(node));
  guests_.begin_anew();
  if (guests_.any()) all.push_back(guests_.supervisor_entry());
  return all;
}

template <class Message> void log_hub::tell(const node_id& node, Message what) {
  auto& seat = seat_of(node);
  if (seat.writer) {
    caf::anon_send(seat.writer, std::move(what));
  } else {
    seat.waiting.push_back([what](const log_writer_actor& writer) { caf::anon_send(writer, what); });
  }
}

void log_hub::attach(const process_id& id, output_ends from, bool is_waiting, std::optional<wall_time> began) {
  if (!pump_) early_pipes_.insert(early_pipes_.end(), {from.out.get(), from.err.get()});
  const auto share = [](unique_fd& end) { return std::make_shared<unique_fd>(std::move(end)); };
  tell(id.node,
       attach_output{id.generation, share(from.out), share(from.err), share(from.terminal), is_waiting, began});
}

void log_hub::finish(const process_id& id) {
  tell(id.node, finish_output{id.generation});
  const auto& streams = seats_[id.node].streams;
  draining_[id] = {streams.out, streams.err};
}

void log_hub::forget(const node_id& node) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return;
  found->second.leaving = true;
  dissolve_if_drained(node);
}

/// A seat that is given up goes when the last of its output is written.
void log_hub::dissolve_if_drained(const node_id& node) {
  const auto found = seats_.find(node);
  if (found == seats_.end() || !found->second.leaving || is_draining(node)) return;
  for (const auto stream : {found->second.streams.out, found->second.streams.err}) {
    streams_.erase(stream);
    told_.erase(stream);
  }
  seats_.erase(found);
  guests_.forget(node);
  tell_followers(node); // of its last words
  if (supervisor)
    caf::anon_send(supervisor,
                   node_call{node_call::op::remove, node.text(), nullptr, {cause::kind::request, {}, {}, {}}});
}

void log_hub::on_drained_stream(const logs::log_drained& notice) {
  const auto node = streams_.find(notice.stream);
  if (node == streams_.end()) return;
  const process_id id{node->second, notice.generation};
  const auto left = draining_.find(id);
  if (left == draining_.end()) return; // the pump may say it twice
  left->second.erase(notice.stream);
  if (!left->second.empty()) return;
  draining_.erase(left);
  if (on_drained) on_drained(id);
  dissolve_if_drained(id.node);
}

void log_hub::enlist(const node_id& node, const log_writer_actor& writer) {
  auto& seat = seat_of(node);
  seat.writer = writer;
  for (auto it = draining_.lower_bound({node, 0}); it != draining_.end() && it->first.node == node; ++it)
    caf::anon_send(writer, finish_output{it->first.generation}); // its predecessor may not have got to it
  for (const auto& deliver : std::exchange(seat.waiting, {}))
    deliver(writer);
  for (const auto& [id, one] : followers_) // who came before it
    if (one.node == node) watch_files(node, one.seen);
}

void log_hub::dismiss(const node_id& node, const caf::actor_addr& writer) {
  const auto found = seats_.find(node);
  if (found != seats_.end() && found->second.writer.address() == writer) found->second.writer = nullptr;
}

bool log_hub::is_draining(const node_id& node) const {
  const auto found = draining_.lower_bound({node, 0});
  return found != draining_.end() && found->first.node == node;
}

log_hub::stream_pair log_hub::streams_of(const node_id& node) { return seat_of(node).streams; }

void log_hub::on_notice(const logs::log_notice& notice) {
  const auto tell_writer = [&](const auto& what) {
    const auto node = streams_.find(what.stream);
    if (node == streams_.end()) return;
    if (const auto& writer = seats_[node->second].writer) caf::anon_send(writer, what);
  };
  std::visit(overloaded{[&](const logs::log_drained& d) { on_drained_stream(d); },
                        [&](const logs::log_failed& f) { tell_writer(f); },
                        [&](const logs::log_recovered& r) { tell_writer(r); },
                        [&](const logs::log_limited& l) { tell_writer(l); },
                        [&](const logs::log_not_rotated& n) { tell_writer(n); },
                        [&](const logs::log_line_found& f) {
                          const auto node = streams_.find(f.stream);
                          if (node != streams_.end() && on_line_found) on_line_found({node->second, f.generation});
                        },
                        [&](const logs::log_offered& o) {
                          const auto node = streams_.find(o.stream);
                          if (node == streams_.end()) return;
                          // Nobody has told the rules of what a former daemon left.
                          if (seats_[node->second].rules == nullptr) set_rules(node->second, rules_of(node->second));
                          guests_.offer(node->second, o);
                        },
                        [&](const logs::log_index_kept& kept) {
                          if (on_index_kept) on_index_kept(kept.path);
                        },
                        [&](const logs::log_grown& g) { on_grown(g); }},
             notice);
}

log_hub::follower_id log_hub::watch(const node_id& node, const sight& seen, std::function<void()> react) {
  followers_[++last_follower_] = {node, seen, std::move(react)};
  watch_files(node, seen);
  return last_follower_;
}

/// Without a writer nobody writes; when there is one, it is asked.
void log_hub::watch_files(const node_id& node, const sight& seen) {
  const auto found = seats_.find(node);
  if (found == seats_.end() || !found->second.writer) return;
  const auto watch_one = [&](logs::stream_id stream, const std::optional<logs::file_sight>& of) {
    if (!of) return;
    const auto told = seen.is_stuck ? told_.find(stream) : told_.end();
    pump_->watch(stream, *of, told == told_.end() ? std::nullopt : std::optional{told->second});
  };
  watch_one(found->second.streams.out, seen.out);
  watch_one(found->second.streams.err, seen.err);
}

void log_hub::unwatch(follower_id id) { followers_.erase(id); }

log_hub::follower_id log_hub::watch_starts(std::function<void(const node_id&)> react) {
  start_followers_[++last_follower_] = std::move(react);
  return last_follower_;
}

void log_hub::unwatch_starts(follower_id id) { start_followers_.erase(id); }

void log_hub::on_grown(const logs::log_grown& notice) {
  const auto node = streams_.find(notice.stream);
  if (node == streams_.end()) return;
  told_[notice.stream] = notice.now;
  tell_followers(node->second);
}

void log_hub::tell_followers(const node_id& node) {
  std::vector<std::function<void()>> told;
  for (auto it = followers_.begin(); it != followers_.end();) {
    if (it->second.node != node) {
      ++it;
      continue;
    }
    told.push_back(std::move(it->second.react));
    it = followers_.erase(it);
  }
  for (const auto& react : told)
    react();
}

} // namespace alder::actors
