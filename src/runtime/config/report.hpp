// Collects the diagnostics of one configuration: positions, lines of text, no mistake twice, a limit.
#pragma once

#include "runtime/config/codes.hpp"
#include "runtime/config/diagnostic.hpp"
#include "runtime/config/document.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace alder::config {

/// What may be added to a diagnostic.
struct remarks {
  std::string label;
  std::vector<std::string> help;
};

class report {
public:
  static constexpr std::size_t max_errors = 100; ///< the last one then says that there are more
  static constexpr std::size_t max_warnings = 50;
  static constexpr std::size_t max_snippet = 1000; ///< bytes, also of each sentence

  /// `text` must outlive this.
  report(std::string file, std::string_view text) : file_(std::move(file)), map_(text) {}

  /// Adds a mistake or warning at `where`; one that is there already (same code, place and message) is not added again.
  void add(code what, span where, std::string message, remarks more = {});
  /// Adds one about the file as a whole.
  void add_whole(code what, std::string message, remarks more = {});
  /// Adds one about a line of another file, whose whole text is `text`.
  void add_elsewhere(code what, const std::string& file, const text_map& text, unsigned line, std::string message,
                     remarks more = {});

  /// An error at `where` that is found out by somebody else, who adds what is wrong.
  [[nodiscard]] diagnostic unsaid(code what, span where) const;

  /// Whether there is an error.
  [[nodiscard]] bool failed() const { return errors_ > 0; }
  /// Errors so far, dropped ones included.
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] const text_map& map() const { return map_; }
  /// "alder.yaml:12:5", for help that refers to another place.
  [[nodiscard]] std::string place(span where) const;

  /// All diagnostics in order of position, those of other files last.
  [[nodiscard]] std::vector<diagnostic> take();

private:
  [[nodiscard]] bool is_dropped(code what);
  void store(code what, const std::string& key, diagnostic d);

  std::string file_;
  text_map map_;
  std::vector<diagnostic> kept_;
  std::set<std::string> seen_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

} // namespace alder::config
