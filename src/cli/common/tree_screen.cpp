#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace alder::cli {
namespace {

constexpr std::size_t bar_cells = 5;

struct tree_glyphs {
  std::string_view branch, last, bar, space;
};
constexpr tree_glyphs lines_unicode{"├─ ", "└─ ", "│  ", "   "};
constexpr tree_glyphs lines_ascii{"|- ", "`- ", "|  ", "   "};

struct line {
  std::string prefix; ///< the lines of the picture
  const node_view* node = nullptr;
};

void collect(const look& on, const node_view& node, const std::string& lead, std::vector<line>& into) {
  const auto& glyphs = on.unicode ? lines_unicode : lines_ascii;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const bool is_last = i + 1 == node.children.size();
    into.push_back({.prefix = lead + std::string{is_last ? glyphs.last : glyphs.branch}, .node = &node.children[i]});
    collect(on, node.children[i], lead + std::string{is_last ? glyphs.space : glyphs.bar}, into);
  }
}

bool is_supervisor(const node_view& node) { return node.type == "supervisor"; }

/// One more restart than the window allows ends it.
bool is_at_risk(const node_view& node) {
  return is_supervisor(node) && node.state == "running" && node.intensity && node.intensity->left == 0 &&
         node.intensity->used > 0;
}

/// How much of the restart budget is used, in eighths of a cell.
std::string budget_bar(const look& on, const intensity_view& intensity) {
  const auto most = std::max(intensity.max, 1U);
  const std::size_t eighths = std::min<std::size_t>(std::size_t{intensity.used} * bar_cells * 8 / most, bar_cells * 8);
  if (!on.unicode) {
    const auto full = (eighths + 4) / 8;
    return "[" + std::string(full, '#') + std::string(bar_cells - full, '.') + "]";
  }
  constexpr std::array<std::string_view, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string bar;
  for (std::size_t i = 0; i < eighths / 8; ++i)
    bar += "█";
  bar += parts.at(eighths % 8);
  for (std::size_t cells = (eighths + 7) / 8; cells < bar_cells; ++cells)
    bar += "░";
  return bar;
}

std::string budget(const look& on, const intensity_view& intensity) {
  auto text = pad("restarts " + std::to_string(intensity.used) + "/" + std::to_string(intensity.max) + " in " +
                      format_duration(intensity.window),
                  22);
  const auto how = intensity.used == 0   ? tone::dim
                   : intensity.left == 0 ? tone::bad
                   : intensity.left == 1 ? tone::warning
                                         : tone::plain;
  text += paint(on, how, budget_bar(on, intensity)) + "  " + std::to_string(intensity.left) + " left";
  if (intensity.oldest_expires) text += ", oldest expires in " + format_age(*intensity.oldest_expires);
  return text;
}

/// "failed: gave up …", but not "stopped: stopped on request".
std::string state_and_reason(const look& on, const node_view& node) {
  const auto reason = foreign(on, node.reason);
  const bool says_state = reason.rfind(node.state, 0) == 0;
  if (says_state) return paint(on, state_tone(node.state), reason);
  return paint(on, state_tone(node.state), node.state) + (reason.empty() ? "" : ": " + reason);
}

/// "next try in 4.2s (17:45:09)"; only of a node that has one.
std::string next_try(const node_view& node, wall_time now) {
  return "next try in " + format_age(std::max(milliseconds{0}, *node.next_attempt - now)) + " (" +
         clock_seconds(*node.next_attempt) + ")";
}

std::string supervisor_text(const look& on, const node_view& node, wall_time now) {
  auto text = pad(node.pool ? "pool" : node.strategy, 14);
  if (node.state == "backoff" && node.next_attempt) text += paint(on, tone::warning, next_try(node, now)) + "   ";
  if (node.state != "running") return text + state_and_reason(on, node);
  return node.intensity ? text + budget(on, *node.intensity) : text;
}

std::string backoff_text(const node_view& node, wall_time now) {
  std::string text = "backoff";
  if (node.next_attempt) {
    text += " " + format_age(std::max(milliseconds{0}, *node.next_attempt - now)) + " (next try " +
            clock_seconds(*node.next_attempt) + ")";
  }
  text += "   " + counted(node.restarts, "restart");
  if (node.last_exit) text += "   " + node.last_exit->text;
  return text;
}

std::string leaf_text(const look& on, const node_view& node, wall_time now) {
  if (node.state == "running") {
    std::string text = node.pid > 0 ? "pid " + std::to_string(node.pid) + "  " : std::string{};
    if (node.since) text += "up " + age(*node.since, now);
    text = pad(text, 22);
    if (node.type == "service")
      text += "   restarts " + std::to_string(node.restarts) + "   " + paint(on, tone::dim, node.restart);
    return text;
  }
  if (node.state == "backoff") return paint(on, tone::warning, backoff_text(node, now));
  auto text = state_and_reason(on, node);
  if (node.type == "service") text += "   " + paint(on, tone::dim, node.restart);
  return text;
}

std::string marked_name(const look& on, const node_view& node) {
  if (is_at_risk(node)) return paint(on, tone::bad, on.unicode ? "▲" : "!") + " " + paint(on, tone::bold, node.name);
  if (is_supervisor(node) && node.state == "running") return paint(on, tone::bold, node.name);
  return paint(on, state_tone(node.state), state_mark(on, node.state)) + " " +
         (is_supervisor(node) ? paint(on, tone::bold, node.name) : node.name);
}

/// What the next failure, or the last one, means.
std::string consequence(const look& on, const node_view& node) {
  if (is_at_risk(node)) {
    auto text = std::string{on.unicode ? "▲" : "!"} + " one more failure";
    if (node.intensity->oldest_expires) text += " within " + format_age(*node.intensity->oldest_expires);
    text += " stops " + node.name;
    text += node.parent.empty() ? ", and with it the whole tree" : " and escalates to " + node.parent;
    return paint(on, tone::warning, text) + "\n";
  }
  if (!node.parent.empty() || node.state != "failed" || !is_supervisor(node)) return {};
  auto text = std::string{state_mark(on, "failed")} + " " + node.name + " failed";
  if (!node.reason.empty()) text += ": " + foreign(on, node.reason);
  return paint(on, tone::bad, text) + "\n" +
         paint(on, tone::dim, "hint: alder events " + node.tree + separator(on).data() + "alder start " + node.name) +
         "\n";
}

} // namespace

std::string tree_screen(const look& on, const tree_view& trees, wall_time now) {
  std::vector<line> lines;
  const auto add = [&](const node_view& root) {
    lines.push_back({.prefix = {}, .node = &root});
    collect(on, root, "", lines);
  };
  if (trees.daemon) add(*trees.daemon);
  for (const auto& root : trees.trees)
    add(root);
  if (lines.empty()) return "no trees; bring one up with 'alder up FILE'\n";

  std::size_t name_width = 0;
  for (const auto& one : lines)
    name_width = std::max(name_width, columns_of(one.prefix) + columns_of(marked_name(on, *one.node)));
  std::string text;
  for (const auto& one : lines) {
    const auto name = pad(paint(on, tone::dim, one.prefix) + marked_name(on, *one.node), name_width + 3);
    const auto whole =
        name + (is_supervisor(*one.node) ? supervisor_text(on, *one.node, now) : leaf_text(on, *one.node, now));
    text += (on.width > 0 ? cut(on, whole, on.width) : whole) + "\n";
  }
  for (const auto& one : lines)
    text += consequence(on, *one.node);
  return text;
}

} // namespace alder::cli
