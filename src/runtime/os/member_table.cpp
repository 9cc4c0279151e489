#include "runtime/os/member_table.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/cgroup.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <unistd.h>

namespace alder::os {
namespace {

using std::chrono::steady_clock;

/// How often a service's processes are looked for when some are born meanwhile.
constexpr int max_looks = 20;
/// A service that had a new process so lately may be one whose processes hand over to one another all the time.
constexpr std::chrono::seconds still_lively{1};
/// It is looked for so long while some are born, and gone, that could be its own.
constexpr std::chrono::milliseconds longest_search{50};
/// A process that tells nothing about itself is asked again so long.
constexpr std::chrono::seconds longest_doubt{2};

std::uint64_t ticks_in(std::string_view line) {
  const auto dot = line.find('.');
  std::uint64_t ticks = 0;
  if (dot != std::string_view::npos) (void)std::from_chars(line.data() + dot + 1, line.data() + line.size(), ticks);
  return ticks;
}

} // namespace

struct member_table::owner {
  std::string mark;
  int main_pid = 0;
  std::set<int> pids;                    ///< in entries_
  std::vector<int> sessions;             ///< in sessions_
  std::uint64_t news = 0;                ///< how many were entered so far
  steady_clock::time_point last_child{}; ///< when the last of them was that is no main process
};

member_table::member_table(int keeper_pid, std::string_view line, births born)
    : keeper_pid_(keeper_pid), line_(line), line_ticks_(ticks_in(line)), births_(std::move(born)) {}
member_table::~member_table() = default;

member_table::owner* member_table::find(const std::string& mark) const {
  const auto found = owners_.find(mark);
  return found == owners_.end() ? nullptr : found->second.get();
}

void member_table::add(const std::string& mark, since when) {
  auto& place = owners_[mark];
  if (place) return;
  place = std::make_unique<owner>();
  place->mark = mark;
  by_number_[wire::member_number(mark)] = place.get();
  must_look_at_all_ = must_look_at_all_ || when == since::before;
}

void member_table::set_main(const std::string& mark, int pid, const std::optional<process_stat>& process) {
  auto* const of = find(mark);
  if (of == nullptr || pid <= 0) return;
  const auto former = mains_.find(of->main_pid);
  if (former != mains_.end() && former->second == of) mains_.erase(former);
  of->main_pid = pid;
  mains_[pid] = of;
  if (process && is_living(*process)) return enter(*of, *process);
  // It leads no session any more, but others may be in it.
  if (sessions_.emplace(pid, session{of, /*may_be_another=*/true}).second) of->sessions.push_back(pid);
}

void member_table::remove(const std::string& mark) {
  const auto found = owners_.find(mark);
  if (found == owners_.end()) return;
  auto* const gone = found->second.get();
  for (const int pid : gone->pids)
    if (const auto one = entries_.find(pid); one != entries_.end() && one->second.of == gone) entries_.erase(one);
  for (const int number : gone->sessions)
    if (const auto one = sessions_.find(number); one != sessions_.end() && one->second.of == gone) sessions_.erase(one);
  if (const auto main = mains_.find(gone->main_pid); main != mains_.end() && main->second == gone) mains_.erase(main);
  if (const auto one = by_number_.find(wire::member_number(mark)); one != by_number_.end() && one->second == gone)
    by_number_.erase(one);
  owners_.erase(found);
}

// -- looking

void member_table::update() {
  const auto born = births_.take();
  if (!born) {
    for (auto& [number, one] : sessions_)
      one.may_be_another = true;
  }
  if (!born || must_look_at_all_) look_at_all();
  for (const int number : born.value_or(std::vector<int>{}))
    (void)look_at(number);
  look_again_at_doubts();
}

/// One that is born after the list was read may be all that is left of a process that was on it, so those that came
/// meanwhile are looked at too, until there are none; or births_ tells of them later.
void member_table::look_at_all() {
  doubts_.clear();
  leaving_.clear();
  std::set<int> seen;
  std::vector<process_stat> others;
  for (int round = 0; round < (births_.is_told() ? 1 : max_looks); ++round) {
    const auto before = seen.size();
    for (const int pid : all_pids())
      if (seen.insert(pid).second)
        if (const auto other = look_at(pid)) others.push_back(*other);
    if (seen.size() == before) break;
  }
  must_look_at_all_ = seen.empty(); // no descriptor was left
  // Numbers begin anew some time: a child may have been looked at before its parent.
  const auto is_settled = [this](const process_stat& one) {
    auto* const of = owner_by_kin(one);
    if (of != nullptr) enter(*of, one);
    return of != nullptr;
  };
  while (std::erase_if(others, is_settled) > 0) {
  }
}

/// Returns one that belongs to nobody who is known.
std::optional<process_stat> member_table::look_at(int pid) {
  const auto process = is_there(pid) ? read_stat(pid) : std::nullopt; // most numbers on their own are gone
  note_number(pid, process ? &*process : nullptr);
  if (process)
    births_.present(pid);
  else if (births_.absent(pid))
    ++untold_;
  if (!process || process->is_thread || process->is_kernel || !is_living(*process)) return std::nullopt;
  if (pid == keeper_pid_ || pid == process_id()) return std::nullopt;
  auto* of = owner_by_kin(*process);
  if (const auto known = entries_.find(pid); known != entries_.end())
    of = known->second.of; // it may have gone to a session of its own
  if (of == nullptr) of = owner_by_mark(*process);
  if (of == nullptr) return process;
  enter(*of, *process);
  return std::nullopt;
}

/// Whether a number that was given names another process, or session, than the one that is known.
void member_table::note_number(int number, const process_stat* process) {
  const auto known = entries_.find(number);
  const bool is_known = known != entries_.end() && process != nullptr &&
                        known->second.start_ticks == process->start_ticks && !process->is_thread;
  if (is_known) return;
  if (known != entries_.end()) forget(number);
  if (const auto led = sessions_.find(number); led != sessions_.end()) led->second.may_be_another = true;
  if (const auto main = mains_.find(number); main != mains_.end() && process != nullptr) mains_.erase(main);
}

/// What is in doubt is asked again, for it may tell more by now, or its parent be known.
void member_table::look_again_at_doubts() {
  const auto now = steady_clock::now();
  for (const auto& one : std::exchange(doubts_, {})) {
    const auto process = read_stat(one.pid);
    if (!process || process->start_ticks != one.start_ticks || entries_.count(one.pid) > 0 || one.until < now) continue;
    auto* of = owner_by_kin(*process);
    if (of == nullptr) of = owner_by_mark(*process);
    if (of != nullptr) enter(*of, *process);
    if (!doubts_.empty() && doubts_.back().pid == one.pid) doubts_.back().until = one.until;
  }
}

member_table::owner* member_table::owner_by_kin(const process_stat& process) {
  if (const auto main = mains_.find(process.pid); main != mains_.end()) return main->second;
  if (const auto parent = entries_.find(process.parent);
      parent != entries_.end() && parent->second.start_ticks <= process.start_ticks)
    return parent->second.of;
  const auto in = sessions_.find(process.session);
  if (in == sessions_.end()) return nullptr;
  const auto& [of, may_be_another] = in->second;
  const bool is_the_one = !may_be_another || process.parent == keeper_pid_ || lives_in(*of, process.session);
  return is_the_one ? of : nullptr;
}

bool member_table::lives_in(const owner& of, int number) const {
  return std::any_of(of.pids.begin(), of.pids.end(), [&](int pid) {
    const auto now = read_stat(pid);
    const auto known = entries_.find(pid);
    return now && known != entries_.end() && known->second.start_ticks == now->start_ticks && now->session == number;
  });
}

/// One that is exiting has lost its environment before its descriptors: an orphan like that may be anybody's. Better
/// wait for the end of a stranger than restart a service whose port is still taken. One that is becoming another
/// program has none for a moment.
member_table::owner* member_table::owner_by_mark(const process_stat& process) {
  if (process.start_ticks < line_ticks_) return nullptr;
  const int pid = process.pid;
  const bool is_orphan = process.parent == keeper_pid_;
  for (exec_window window;;) {
    if (const auto one = by_number_.find(lock_limit_of(pid).value_or(0)); one != by_number_.end()) return one->second;
    bool is_empty = false;
    if (auto* const of = owner_by_environment(process, is_empty)) return of;
    const auto now = read_stat(pid); // after the others, for it could have gone in between
    const bool is_gone = !now || now->start_ticks != process.start_ticks || !is_living(*now);
    if (is_gone || now->is_exiting) ++untold_;
    if (is_gone) return nullptr;
    const doubt in_doubt{pid, process.start_ticks, steady_clock::now() + longest_doubt};
    if (now->is_exiting) {
      if (is_orphan) leaving_.push_back(in_doubt);
      return nullptr;
    }
    if (is_orphan && is_empty && window.look_again(pid)) continue;
    // Of an orphan nobody knows, more may be known soon: that it is a main process.
    if (is_orphan || (is_empty && command_line(pid).empty())) doubts_.push_back(in_doubt);
    return nullptr;
  }
}

member_table::owner* member_table::owner_by_environment(const process_stat& process, bool& is_empty) const {
  const auto mark = environment_value(process.pid, wire::member_variable);
  is_empty = !mark && has_empty_environment(process.pid);
  return mark && mark->rfind(line_, 0) == 0 ? find(*mark) : nullptr;
}

void member_table::enter(owner& to, const process_stat& process) {
  const auto [known, is_new] = entries_.try_emplace(process.pid);
  auto& one = known->second;
  if (!is_new && one.of != &to) one.of->pids.erase(process.pid);
  if (is_new || one.of != &to || one.start_ticks != process.start_ticks) {
    one = {&to, process.start_ticks};
    to.pids.insert(process.pid);
    ++to.news;
    if (mains_.count(process.pid) == 0) to.last_child = steady_clock::now();
  }
  if (process.session <= 0) return;
  const auto led = sessions_.find(process.session);
  if (led != sessions_.end() && led->second.of == &to) {
    led->second.may_be_another = false; // one of its own is in it
    return;
  }
  // A process that has not made its own session yet is still in the one of the keeper, which belongs to no service.
  if (process.session != process.pid) {
    const auto keeper = read_stat(keeper_pid_);
    if ((keeper && keeper->session == process.session) || process.session == ::getsid(0)) return;
  }
  sessions_[process.session] = {&to, false};
  to.sessions.push_back(process.session);
}

void member_table::forget(int pid) {
  const auto found = entries_.find(pid);
  if (found == entries_.end()) return;
  found->second.of->pids.erase(pid);
  entries_.erase(found);
}

// -- answers

std::vector<process_stat> member_table::living(owner& of) {
  std::vector<process_stat> found;
  for (const int pid : std::set<int>{of.pids}) {
    auto process = read_stat(pid);
    const auto start_ticks = entries_.at(pid).start_ticks;
    // What cannot be read, for want of a descriptor, is not gone.
    if (!process && is_there(pid)) process = process_stat{.pid = pid, .start_ticks = start_ticks};
    if (process && process->start_ticks == start_ticks && is_living(*process))
      found.push_back(*process);
    else
      forget(pid);
  }
  return found;
}

/// Nobody only when nobody was born either while it was looked.
std::vector<process_stat> member_table::look_for(owner& of, const std::string& cgroup) {
  std::vector<process_stat> found;
  update();
  const auto began = steady_clock::now();
  for (int round = 1;; ++round) {
    found = living(of);
    if (!found.empty()) break;
    const auto before = std::pair{of.news, untold_};
    update();
    const bool may_be_between = untold_ != before.second && began - of.last_child < still_lively;
    const bool is_over =
        may_be_between ? steady_clock::now() - began > longest_search : of.news == before.first || round == max_looks;
    if (is_over) break;
  }
  add_grouped(cgroup, found);
  return found;
}

void member_table::add_grouped(const std::string& cgroup, std::vector<process_stat>& to) {
  if (cgroup.empty()) return;
  std::set<int> known;
  for (const auto& one : to)
    known.insert(one.pid);
  for (const int pid : processes_in_all(cgroup)) {
    if (known.count(pid) > 0) continue;
    if (const auto process = read_stat(pid); process && is_living(*process)) to.push_back(*process);
  }
}

std::vector<process_stat> member_table::leaving() {
  std::vector<process_stat> found;
  std::erase_if(leaving_, [&](const doubt& one) {
    const auto process = read_stat(one.pid);
    const bool is_it = process && process->start_ticks == one.start_ticks && is_living(*process);
    if (is_it) found.push_back(*process);
    return !is_it;
  });
  return found;
}

std::vector<member> member_table::members(const std::string& mark, const std::string& cgroup) {
  auto* const of = find(mark);
  if (of == nullptr) return {};
  int empty_looks = 0;
  for (int round = 1;; ++round) {
    const auto found = look_for(*of, cgroup);
    auto held = hold(found);
    for (auto& one : hold(leaving())) {
      one.is_sure = false;
      held.push_back(std::move(one));
    }
    empty_looks += found.empty() ? 1 : 0;
    // Those that were found and are gone may have left others behind, and one look may have fallen between two of them.
    if (!held.empty() || empty_looks == 3 || round == max_looks) return held;
  }
}

std::vector<process_stat> member_table::processes(const std::string& mark, const std::string& cgroup) {
  auto* const of = find(mark);
  return of == nullptr ? std::vector<process_stat>{} : look_for(*of, cgroup);
}

std::vector<process_stat> member_table::known_processes(const std::string& mark, const std::string& cgroup) {
  auto* const of = find(mark);
  if (of == nullptr) return {};
  auto found = living(*of);
  add_grouped(cgroup, found);
  return found;
}

bool member_table::has_others(const std::string& mark, const std::string& cgroup) {
  auto* const of = find(mark);
  if (of == nullptr) return false;
  const auto found = look_for(*of, cgroup);
  const bool has = std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.pid != of->main_pid; });
  return has || !leaving().empty();
}

std::string member_table::mark_of(int pid) {
  update();
  return known_mark_of(pid);
}

std::string member_table::known_mark_of(int pid) const {
  const auto process = read_stat(pid);
  const auto found = entries_.find(pid);
  const bool is_it = found != entries_.end() && process && process->start_ticks == found->second.start_ticks;
  return is_it ? found->second.of->mark : std::string{};
}

std::string member_table::last_mark_of(int pid) const {
  const auto found = entries_.find(pid);
  return found == entries_.end() ? std::string{} : found->second.of->mark;
}

std::size_t member_table::kill(const std::string& mark, const std::string& cgroup) {
  if (!cgroup.empty()) (void)kill_cgroup(cgroup); // where the kernel cannot, those in it are found all the same
  return freeze_and_kill([&] { return members(mark, cgroup); });
}

} // namespace alder::os
