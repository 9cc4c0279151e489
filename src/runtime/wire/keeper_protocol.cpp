#include "runtime/wire/keeper_protocol.hpp"

#include <map>
#include <string>
#include <type_traits>
#include <utility>

namespace alder::wire {
namespace {

/// Appends values: integers little-endian in their own width, text and lists with a 32-bit length before them.
class writer {
public:
  template <class Int>
  requires std::is_integral_v<Int>
  void operator()(Int value) {
    using bits = std::make_unsigned_t<std::conditional_t<std::is_same_v<Int, bool>, std::uint8_t, Int>>;
    auto rest = static_cast<std::uint64_t>(static_cast<bits>(value));
    for (std::size_t i = 0; i < sizeof(bits); ++i, rest >>= 8)
      bytes_ += static_cast<char>(rest & 0xff);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum value) { (*this)(static_cast<std::uint8_t>(value)); }
  void operator()(const std::string& text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void operator()(const node_id& id) { (*this)(id.text()); }
  void operator()(const std::vector<std::string>& list) {
    (*this)(static_cast<std::uint32_t>(list.size()));
    for (const auto& text : list)
      (*this)(text);
  }
  void operator()(const std::map<std::string, std::string>& variables) {
    (*this)(static_cast<std::uint32_t>(variables.size()));
    for (const auto& [name, value] : variables)
      (*this)(name), (*this)(value);
  }
  void operator()(const exit_status& status) {
    (*this)(status.kind);
    (*this)(static_cast<std::int32_t>(status.value));
  }
  void operator()(const std::vector<std::uint32_t>& list) {
    (*this)(static_cast<std::uint32_t>(list.size()));
    for (const auto number : list)
      (*this)(number);
  }
  void operator()(const std::vector<resource_limit>& list) {
    (*this)(static_cast<std::uint32_t>(list.size()));
    for (const auto& limit : list)
      (*this)(limit.resource), (*this)(limit.soft), (*this)(limit.hard);
  }
  void operator()(const identity& who) { (*this)(who.uid), (*this)(who.gid), (*this)(who.groups), (*this)(who.text); }
  template <class T> void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

constexpr std::uint8_t last_of(spawn_stage) { return static_cast<std::uint8_t>(spawn_stage::program); }
constexpr std::uint8_t last_of(exit_status::how) { return static_cast<std::uint8_t>(exit_status::how::unknown); }

/// The reverse of `writer` over bytes nobody vouches for: after the first mistake nothing more is read.
class frame_reader {
public:
  explicit frame_reader(std::string_view bytes) : rest_(bytes) {}

  template <class Int>
  requires std::is_integral_v<Int>
  void operator()(Int& value) {
    using bits = std::make_unsigned_t<Int>;
    if (!take(sizeof(Int))) return;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Int); ++i)
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken_[i])) << (8 * i);
    value = static_cast<Int>(static_cast<bits>(number));
  }
  void operator()(bool& value) {
    std::uint8_t number = 0;
    (*this)(number);
    good_ = good_ && number <= 1;
    value = number == 1;
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& value) {
    std::uint8_t number = 0;
    (*this)(number);
    good_ = good_ && number <= last_of(value);
    if (good_) value = static_cast<Enum>(number);
  }
  void operator()(std::string& text) {
    std::uint32_t size = 0;
    (*this)(size);
    if (take(size)) text = taken_;
  }
  void operator()(node_id& id) {
    std::string text;
    (*this)(text);
    auto read = node_id::parse(text);
    good_ = good_ && read;
    if (good_) id = std::move(*read);
  }
  void operator()(std::vector<std::string>& list) {
    if (!read_length(sizeof(std::uint32_t))) return; // each piece costs at least its length field
    for (std::uint32_t i = 0, size = counted_; good_ && i < size; ++i)
      (*this)(list.emplace_back());
  }
  void operator()(std::map<std::string, std::string>& variables) {
    if (!read_length(2 * sizeof(std::uint32_t))) return;
    for (std::uint32_t i = 0, size = counted_; good_ && i < size; ++i) {
      std::string name;
      (*this)(name);
      good_ = good_ && (variables.empty() || variables.rbegin()->first < name); // as it is written
      (*this)(variables[std::move(name)]);
    }
  }
  void operator()(std::vector<std::uint32_t>& list) {
    if (!read_length(sizeof(std::uint32_t))) return;
    for (std::uint32_t i = 0; good_ && i < counted_; ++i)
      (*this)(list.emplace_back());
  }
  void operator()(std::vector<resource_limit>& list) {
    if (!read_length(sizeof(std::int32_t) + 2 * sizeof(std::uint64_t))) return;
    for (std::uint32_t i = 0; good_ && i < counted_; ++i) {
      auto& limit = list.emplace_back();
      (*this)(limit.resource), (*this)(limit.soft), (*this)(limit.hard);
    }
  }
  void operator()(identity& who) { (*this)(who.uid), (*this)(who.gid), (*this)(who.groups), (*this)(who.text); }
  void operator()(exit_status& status) {
    (*this)(status.kind);
    std::int32_t value = 0;
    (*this)(value);
    status.value = value;
  }
  template <class T> void operator()(std::optional<T>& value) {
    bool present = false;
    (*this)(present);
    if (good_ && present) (*this)(value.emplace());
  }

  [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

private:
  /// Reads the length of a list whose pieces have at least `least` bytes: a lying count cannot make us reserve or loop
  /// for nothing.
  bool read_length(std::size_t least) {
    counted_ = 0;
    (*this)(counted_);
    good_ = good_ && counted_ <= rest_.size() / least;
    return good_;
  }
  bool take(std::size_t count) {
    good_ = good_ && count <= rest_.size();
    if (!good_) return false;
    taken_ = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  std::string_view rest_;
  std::string_view taken_;
  std::uint32_t counted_ = 0;
  bool good_ = true;
};

template <class Frame, class... Same>
concept one_of = (std::is_same_v<std::remove_const_t<Frame>, Same> || ...);

// The fields of each frame in their order on the wire, for writer and reader alike.
void fields(auto&, one_of<ready_frame, shutdown_frame, inventory_end_frame, ping_frame, pong_frame> auto&) {}
void fields(auto& visit, one_of<hello_frame> auto& f) { visit(f.version), visit(f.pid); }
void fields(auto& visit, one_of<failed_frame> auto& f) { visit(f.text); }
void fields(auto& visit, one_of<spawn_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.program), visit(f.capture), visit(f.note), visit(f.cgroup);
  auto& s = f.start;
  visit(s.command), visit(s.environment), visit(s.cwd), visit(s.stdin_file), visit(s.umask);
  auto& a = s.attributes;
  visit(a.who), visit(a.nice), visit(a.io_priority), visit(a.oom_score_adj), visit(a.limits), visit(a.cpus);
  visit(a.no_new_privileges), visit(a.private_tmp), visit(a.read_only_paths);
  visit(f.channels.input), visit(f.channels.terminal), visit(f.channels.ipc), visit(f.channels.ready),
      visit(f.channels.notify);
}
void fields(auto& visit, one_of<note_frame> auto& f) { visit(f.id), visit(f.generation), visit(f.text); }
void fields(auto& visit, one_of<main_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.pid), visit(f.start_ticks);
}
void fields(auto& visit, one_of<acknowledge_frame> auto& f) { visit(f.id), visit(f.generation); }
void fields(auto& visit, one_of<welcome_frame> auto& f) {
  visit(f.version), visit(f.epoch), visit(f.keeper_pid), visit(f.keeper_start_ticks), visit(f.keeper_started_ms);
  visit(f.mark), visit(f.news);
}
void fields(auto& visit, one_of<child_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.pid), visit(f.note), visit(f.started_ms), visit(f.exited), visit(f.held);
  visit(f.adrift);
}
void fields(auto& visit, one_of<adopt_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.pid), visit(f.note), visit(f.started_ms), visit(f.exited), visit(f.held);
}
void fields(auto& visit, one_of<upgrade_frame> auto& f) { visit(f.keeper), visit(f.daemon); }
void fields(auto& visit, one_of<starting_frame> auto& f) { visit(f.id), visit(f.generation), visit(f.held); }
void fields(auto& visit, one_of<spawned_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.pid), visit(f.started_ms), visit(f.held);
}
void fields(auto& visit, one_of<spawn_failed_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.stage), visit(f.os_errno);
}
void fields(auto& visit, one_of<exited_frame> auto& f) {
  visit(f.id), visit(f.generation), visit(f.pid), visit(f.status), visit(f.core_dumped), visit(f.orphans);
}
void fields(auto& visit, one_of<reaped_frame> auto& f) { visit(f.pid); }
void fields(auto& visit, one_of<stop_requested_frame> auto& f) { visit(f.signal); }

/// The first byte of a frame is its place in the variant, counted from 1.
template <class Frames> std::string encode_any(const Frames& frame) {
  writer out;
  out(static_cast<std::uint8_t>(frame.index() + 1));
  std::visit([&](const auto& f) { fields(out, f); }, frame);
  return out.take();
}

template <class Frames, std::size_t... Index> Frames make(std::size_t wanted, std::index_sequence<Index...>) {
  Frames made;
  (void)((Index == wanted && (made.template emplace<Index>(), true)) ||
         ...); // exactly one matches: `wanted` is in range
  return made;
}

error bad_frame(const std::string& what) { return {error_kind::invalid_input, "bad frame: " + what}; }

template <class Frames> result<Frames> decode_any(std::string_view bytes) {
  if (bytes.empty()) return bad_frame("it is empty");
  if (bytes.size() > max_keeper_frame) return bad_frame("it is longer than 192 KiB");
  const auto kind = static_cast<unsigned char>(bytes.front());
  constexpr std::size_t kinds = std::variant_size_v<Frames>;
  if (kind == 0 || kind > kinds) return bad_frame("its kind " + std::to_string(kind) + " is unknown");
  auto frame = make<Frames>(kind - std::size_t{1}, std::make_index_sequence<kinds>{});
  frame_reader in{bytes.substr(1)};
  std::visit([&](auto& f) { fields(in, f); }, frame);
  if (!in.complete()) return bad_frame("the content of kind " + std::to_string(kind) + " does not fit");
  return frame;
}

} // namespace

std::string encode(const to_keeper& frame) { return encode_any(frame); }
std::string encode(const to_daemon& frame) { return encode_any(frame); }
result<to_keeper> decode_to_keeper(std::string_view bytes) { return decode_any<to_keeper>(bytes); }
result<to_daemon> decode_to_daemon(std::string_view bytes) { return decode_any<to_daemon>(bytes); }

std::uint64_t member_number(std::string_view marker) {
  // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), above all limits that people set and below "unlimited".
  std::uint64_t number = 0xcbf29ce484222325;
  for (const unsigned char c : marker)
    number = (number ^ c) * 0x100000001b3;
  return (number >> 2U) | std::uint64_t{1} << 61U;
}

std::string stage_text(spawn_stage stage, const spawn_frame& request) {
  switch (stage) {
  case spawn_stage::pipe: return "create the output pipes";
  case spawn_stage::process: return "create a process";
  case spawn_stage::session: return "create a session";
  case spawn_stage::channel: return "create its channels to the daemon";
  case spawn_stage::file_limit: return "set the limit of open files";
  case spawn_stage::terminal: return "create its pseudo-terminal";
  case spawn_stage::cgroup: return "move it into the control group " + request.cgroup;
  case spawn_stage::stdin_file:
    return "open " + (request.start.stdin_file.empty() ? "/dev/null" : request.start.stdin_file) + " for stdin";
  case spawn_stage::output: return "connect the output";
  case spawn_stage::limits: return "set the resource limits";
  case spawn_stage::priority: return "set nice";
  case spawn_stage::io_priority: return "set ionice";
  case spawn_stage::oom_score: return "set oom_score_adj";
  case spawn_stage::cpus: return "bind it to its CPUs";
  case spawn_stage::mounts: return "set up its private /tmp or read-only paths";
  case spawn_stage::identity:
    return "become user " + (request.start.attributes.who ? request.start.attributes.who->text : std::string{});
  case spawn_stage::privileges: return "set no_new_privileges";
  case spawn_stage::directory: return "chdir " + request.start.cwd;
  case spawn_stage::program: break;
  }
  return "exec " + request.program;
}

} // namespace alder::wire
