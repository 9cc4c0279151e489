#include "actors/logs/log_guests.hpp"

#include "actors/base/part.hpp"
#include "actors/tree/kind_part.hpp"
#include "actors/tree/supervisor.hpp"

#include <utility>

namespace alder::actors {
namespace {

/// Each waits longer and longer by itself; together they never give up, for the daemon has better things to do.
constexpr intensity endless_patience{100'000, std::chrono::seconds{1}};
constexpr backoff between_starts{std::chrono::milliseconds{500}, std::chrono::seconds{30}, 2.0, 0.1,
                                 std::chrono::seconds{60}};
const cause on_request{cause::kind::request, {}, {}, {}};

} // namespace

void log_guests::set_rules(const node_id& node, const log_spec& rules) {
  const auto known = seats_.find(node);
  const auto wanted = rules.to == log_target::actor ? parse_actor_call(rules.actor) : std::nullopt;
  if (!wanted) {
    if (known != seats_.end()) forget(node);
    return;
  }
  const auto name = wanted->name + " for " + node.text();
  if (known != seats_.end() && known->second.name == name) {
    if (std::exchange(known->second.wanted, *wanted) != *wanted) ask(node_call::op::restart, name);
    return;
  }
  std::map<logs::stream_id, open_lines> open;
  if (known != seats_.end()) {
    open = std::move(known->second.open);
    forget(node);
  }
  const bool is_first = seats_.empty();
  seats_[node] = {name, *wanted, {}, std::move(open)};
  if (supervisor_) {
    ask(node_call::op::add, name, std::make_shared<child_entry>(entry_of(node, name)));
  } else if (is_first && above) {
    auto entry = std::make_shared<child_entry>(supervisor_entry());
    const auto child = entry->name;
    caf::anon_send(above, node_call{node_call::op::add, child, std::move(entry), on_request, {}});
  }
}

void log_guests::forget(const node_id& node) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return;
  const auto name = found->second.name;
  seats_.erase(found);
  ask(node_call::op::remove, name);
}

void log_guests::ask(node_call::op what, const std::string& child, std::shared_ptr<const child_entry> entry) {
  if (supervisor_) caf::anon_send(supervisor_, node_call{what, child, std::move(entry), on_request, {}});
}

void log_guests::offer(const node_id& node, logs::log_offered lines) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return; // the stream is about to go elsewhere
  auto& open = found->second.open[lines.stream];
  open = {std::make_shared<const logs::log_offered>(std::move(lines)), false};
  if (found->second.guest) give(found->second, open);
}

void log_guests::give(seat& to, open_lines& lines) {
  caf::anon_send(to.guest, lines_offered{lines.what, std::exchange(lines.was_given, true)});
}

child_entry log_guests::supervisor_entry() {
  return entry_of_part("destinations", [this](caf::scheduled_actor* host, const parent_actor& parent) -> child_actor {
    supervisor_plan plan{
        "", "destinations", {strategy::one_for_one, endless_patience, auto_shutdown::never}, false, {}};
    for (const auto& [node, taken] : seats_)
      plan.children.push_back(entry_of(node, taken.name));
    supervisor_ = host->spawn<supervisor>(*shared, std::move(plan), parent);
    return supervisor_;
  });
}

child_entry log_guests::entry_of(const node_id& node, const std::string& name) {
  const auto make = [this, node, name](caf::scheduled_actor* host, const parent_actor& parent) -> child_actor {
    return host->spawn<log_guest>(*this, node, name, parent);
  };
  return entry_of_part(name, make, between_starts);
}

actor_call log_guests::wanted_by(const node_id& node) const {
  const auto found = seats_.find(node);
  return found == seats_.end() ? actor_call{} : found->second.wanted;
}

void log_guests::enlist(const node_id& node, const log_guest_actor& guest) {
  const auto found = seats_.find(node);
  if (found == seats_.end()) return; // it is being stopped
  found->second.guest = guest;
  for (auto& [stream, lines] : found->second.open)
    give(found->second, lines);
}

void log_guests::dismiss(const node_id& node, const caf::actor_addr& guest) {
  const auto found = seats_.find(node);
  if (found != seats_.end() && found->second.guest.address() == guest) found->second.guest = nullptr;
}

void log_guests::answer(const node_id& node, const logs::log_offered& lines) {
  const auto found = seats_.find(node);
  if (found != seats_.end()) {
    const auto open = found->second.open.find(lines.stream);
    if (open != found->second.open.end() && open->second.what->number == lines.number) found->second.open.erase(open);
  }
  answer_(lines.stream, lines.number);
}

log_guest::log_guest(caf::actor_config& config, log_guests& guests, node_id node, std::string name, parent_actor parent)
    : actor_base(config), guests_(guests), node_(std::move(node)), name_(std::move(name)), parent_(std::move(parent)) {}

log_guest::behavior_type log_guest::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        send(parent_, part_ended(name_, generation_));
        quit();
      },
      [this](const lines_offered& lines) { on_lines(lines); },
  };
}

void log_guest::on_exit() {
  guests_.dismiss(node_, address());
  if (actor_) caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
  actor_ = nullptr;
  parent_ = nullptr;
}

/// It counts as started in any case: one that cannot be made is tried again like one that has ended.
void log_guest::on_start(const start_order& order) {
  generation_ = order.generation;
  send(parent_, part_started(name_, generation_));
  const auto wanted = guests_.wanted_by(node_);
  const auto* kind = guests_.offered == nullptr ? nullptr : guests_.offered->find(wanted.name);
  if (kind == nullptr) return fail("cannot be started: no loaded extension provides it");
  try {
    actor_ = kind->start(*this, {node_.tree, node_.name, wanted.options});
  } catch (const std::exception& e) {
    return fail(std::string{"cannot be started: "} + e.what());
  } catch (...) {
    return fail("cannot be started: it threw an exception of unknown type");
  }
  if (!actor_) return fail("cannot be started: its extension did not create it");
  watch(actor_, [this](const caf::error& why) {
    actor_ = nullptr;
    fail(!why || why == caf::exit_reason::normal ? "exited" : "failed: " + words_of(why));
  });
  guests_.enlist(node_, self());
}

void log_guest::on_lines(const lines_offered& lines) {
  if (!actor_) return; // its successor gets them
  log_batch batch{.tree = node_.tree, .service = node_.name};
  batch.instance = instance_of(batch.service);
  batch.stream = lines.what->err ? log_stream::err : log_stream::out;
  batch.at = lines.what->at;
  batch.lines = *lines.what->lines;
  batch.again = lines.again;
  // However long it takes: what is lost meanwhile is the stream's own rule.
  request(actor_, caf::infinite, std::move(batch))
      .then([this, what = lines.what](const log_batch_done&) { guests_.answer(node_, *what); },
            [this](caf::error& why) {
              // That it is gone is told with its last words elsewhere.
              if (actor_ && why != caf::sec::request_receiver_down) fail("failed: " + words_of(why));
            });
}

void log_guest::fail(const std::string& why) {
  const auto told = "the actor '" + guests_.wanted_by(node_).name + "' that receives its output " + why;
  guests_.shared->announce({.kind = event_kind::warning, // what is told of the daemon's own branch few people see
                            .tree = node_.tree,
                            .name = node_.name,
                            .cause = {.detail = told + "; restarting it"}});
  send(parent_, child_ended{{name_, generation_, {exit_reason::kind::crash, {}, why}}});
  quit();
}

/// Without the name that CAF gives to every exception.
std::string log_guest::words_of(const caf::error& why) {
  if (why == caf::sec::runtime_error && why.context().match_elements<std::string>())
    return why.context().get_as<std::string>(0);
  return system().render(why);
}

} // namespace alder::actors
