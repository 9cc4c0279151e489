#include "tests/runtime/policy/supervision_script.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"

#include <algorithm>
#include <utility>

namespace alder::policy {
namespace {

std::string numbered(const std::string& id, alder::generation generation) {
  return id + "#" + std::to_string(generation);
}

std::string context_word(report::context context) {
  switch (context) {
  case report::context::start_error: return "start_error";
  case report::context::child_terminated: return "child_terminated";
  case report::context::shutdown_error: return "shutdown_error";
  case report::context::shutdown: return "shutdown";
  }
  return {};
}

std::string reply_words(const reply& r) {
  std::string words = "reply " + std::to_string(r.token) + " " + (r.error.empty() ? "ok" : r.error);
  return r.detail.empty() ? words : words + " " + r.detail;
}

std::string words_of(const effect& e) {
  return std::visit(
      overloaded{
          [](const start_child& s) { return (s.automatic ? "restart " : "start ") + numbered(s.id, s.generation); },
          [](const abort_start& s) { return "abort " + numbered(s.id, s.generation); },
          [](const stop_child& s) { return "stop " + numbered(s.id, s.generation); },
          [](const ask_decider&) { return std::string{}; },
          [](const schedule_retry& r) { return "retry " + r.what.id + " in " + format_duration(r.delay); },
          [](const reply& r) { return reply_words(r); },
          [](const report& r) { return "report " + context_word(r.what) + " " + r.id; },
          [](const children_told& told) {
            std::string words = "children " + std::to_string(told.token);
            for (const auto& child : told.children)
              words += " " + child.rules.id;
            return words;
          },
          [](const child_settled& s) {
            return "settled " + s.id + (s.finished ? " finished" : "") + (s.removed ? " removed" : "");
          },
          [](const work_resumed& w) {
            return std::string{"resumed "} + std::string{word(w.what.what)} + " " + w.what.origin;
          },
          [](const supervisor_started&) { return std::string{"up"}; },
          [](const supervisor_start_failed& f) { return "failed " + f.id + ": " + f.detail; },
          [](const supervisor_ended&) { return std::string{"ended"}; }},
      e);
}

} // namespace

child_rules worker(const std::string& id, restart_kind restart) {
  child_rules rules;
  rules.id = id;
  rules.restart = restart;
  return rules;
}

child_rules significant(const std::string& id, restart_kind restart) {
  auto rules = worker(id, restart);
  rules.significant = true;
  return rules;
}

child_rules delayed(const std::string& id, milliseconds delay) {
  auto rules = worker(id);
  rules.backoff = {delay, milliseconds{10000}, 2.0, 0.0, milliseconds{60000}};
  return rules;
}

exit_reason crash(const std::string& detail) {
  return {exit_reason::kind::crash, exit_status::code(1), detail, /*gave_up=*/false};
}

exit_reason reason(exit_reason::kind what) { return {what, std::nullopt, "ended", /*gave_up=*/false}; }

supervision_script::supervision_script(supervisor_rules rules, std::vector<child_rules> children,
                                       std::optional<child_rules> pool)
    : machine_(rules, std::move(children), std::move(pool)) {}

std::string supervision_script::tell(event e) {
  std::string words;
  const auto out = machine_.handle(std::move(e), now_);
  for (const auto& one : out) {
    history_.push_back(one);
    note(one, words);
  }
  for (const auto& one : out) {
    const auto* question = std::get_if<ask_decider>(&one);
    if (question == nullptr) continue;
    questions_.push_back(question->request);
    const auto more = tell(verdict_given{decide(question->request)});
    if (!more.empty()) words += (words.empty() ? "" : "; ") + more;
  }
  return words;
}

void supervision_script::note(const effect& e, std::string& words) {
  if (const auto* s = std::get_if<start_child>(&e)) {
    starts_[s->id] = *s;
    open_.push_back(e);
  }
  if (const auto* s = std::get_if<stop_child>(&e)) {
    stops_[s->id] = *s;
    open_.push_back(e);
  }
  const auto more = words_of(e);
  if (!more.empty()) words += (words.empty() ? "" : "; ") + more;
}

std::string supervision_script::answer_start(const std::string& id, start_result::how what, const std::string& detail) {
  open_.clear();
  return tell(start_result{id, starts_.at(id).generation, what, detail});
}

std::string supervision_script::started(const std::string& id) { return answer_start(id, start_result::how::ok, {}); }

std::string supervision_script::refused(const std::string& id, const std::string& detail) {
  return answer_start(id, start_result::how::failed, detail);
}

std::string supervision_script::ignored(const std::string& id) {
  return answer_start(id, start_result::how::ignored, {});
}

std::string supervision_script::gone(const std::string& id, const exit_reason& why) {
  std::erase_if(open_, [&](const effect& e) {
    const auto* s = std::get_if<stop_child>(&e);
    return s != nullptr && s->id == id;
  });
  return tell(child_gone{id, starts_.at(id).generation, why});
}

std::string supervision_script::call_for(call::op what, const std::string& id, call_token token) {
  return tell(call{what, token, id, {}, {cause::kind::request, {}, {}, {}}});
}

std::string supervision_script::add(child_rules rules, call_token token) {
  const std::string id = rules.id;
  return tell(call{call::op::start_child, token, id, std::move(rules), {cause::kind::request, {}, {}, {}}});
}

std::string supervision_script::terminate_process(const std::string& id, alder::generation process) {
  call wanted{call::op::terminate_child, 1, id, {}, {cause::kind::request, {}, {}, {}}};
  wanted.process = process;
  return tell(std::move(wanted));
}

std::string supervision_script::upgrade_to(supervisor_rules rules, std::vector<child_rules> children) {
  return tell(upgrade{1, rules, std::move(children), {}});
}

std::string supervision_script::retry_now() { return tell(last<schedule_retry>().what); }

void supervision_script::bring_up() {
  (void)tell(begin{}); // the words of a start that succeeds are the subject of other tests
  (void)answer_all();
}

std::string supervision_script::answer_all() {
  std::string words;
  while (!open_.empty()) {
    const auto next = open_.front();
    open_.erase(open_.begin());
    const auto* s = std::get_if<start_child>(&next);
    const auto more = s != nullptr ? tell(start_result{s->id, s->generation, start_result::how::ok, {}})
                                   : gone(std::get<stop_child>(next).id);
    if (!more.empty()) words += (words.empty() ? "" : "; ") + more;
  }
  return words;
}

std::string supervision_script::state() const {
  std::string words;
  for (const auto& child : machine_.children()) {
    words += words.empty() ? "" : " ";
    switch (child.what) {
    case child_state::phase::running: words += numbered(child.rules.id, child.generation); break;
    case child_state::phase::stopped: words += child.rules.id + "-"; break;
    case child_state::phase::restarting: words += child.rules.id + "?"; break;
    }
  }
  return words;
}

} // namespace alder::policy
