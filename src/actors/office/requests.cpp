#include "actors/office/requests.hpp"

#include "actors/office/archive.hpp"

#include "runtime/wire/json_value.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::size_t digits = 12;
constexpr const char* down_word = "down";

wire::operation_result result_in(const std::string& text) {
  wire::operation_result result;
  if (const auto document = wire::parse_answer(text)) from_json(*document, result);
  return result;
}

std::optional<known_request> find_answer(const archive& journal, const std::string& key) {
  std::optional<known_request> found;
  journal.each(store::answer_key, [&](const std::string& /*number*/, const std::string& value) {
    const auto answer = store::parse_answer_value(value);
    if (answer && answer->asked.key == key)
      found = {answer->asked.since, answer->what, answer->tree, answer->name, result_in(answer->result)};
  });
  return found;
}

} // namespace

std::string word_of_change(const std::string& service) { return service.empty() ? "apply" : "scale"; }

std::string in_order(std::uint64_t number) {
  auto text = std::to_string(number);
  text.insert(0, text.size() < digits ? digits - text.size() : 0, '0');
  return text;
}

std::optional<known_request> find_request(const archive& journal, const std::string& key) {
  if (key.empty()) return std::nullopt;
  if (auto answer = find_answer(journal, key)) return answer;
  std::optional<known_request> found;
  journal.each(store::act_key, [&](const std::string& /*number*/, const std::string& value) {
    const auto act = store::parse_act_value(value);
    if (act && act->asked.key == key)
      found = {act->asked.since, std::string{store::word(act->what)}, act->tree, act->name, std::nullopt};
  });
  journal.each(store::down_key, [&](const std::string& tree, const std::string& value) {
    const auto asked = store::parse_down_value(value);
    if (asked && asked->key == key) found = {asked->since, down_word, tree, tree, std::nullopt};
  });
  const auto take = [&](const std::string& tree, const auto& change) {
    if (change && change->asked.key == key)
      found = {change->asked.since, word_of_change(change->service), tree,
               change->service.empty() ? tree : change->service, std::nullopt};
  };
  journal.each(store::change_key, [&](const std::string& tree, const std::string& value) {
    take(tree, store::parse_change_value(value));
  });
  journal.each(store::wait_key, [&](const std::string& /*number*/, const std::string& value) {
    if (const auto change = store::parse_wait_value(value)) take(change->tree, change);
  });
  return found;
}

void note_answer(archive& journal, const store::request_mark& asked, const std::string& what, const std::string& tree,
                 const std::string& name, const wire::operation_result& result) {
  if (asked.key.empty()) return;
  std::vector<std::string> numbers;
  journal.each(store::answer_key,
               [&](const std::string& number, const std::string& /*value*/) { numbers.push_back(number); });
  const auto last = numbers.empty() ? 0 : std::strtoull(numbers.back().c_str(), nullptr, 10);
  for (std::size_t i = 0; i + answers_kept <= numbers.size(); ++i)
    journal.forget(std::string{store::answer_key} + numbers[i]);
  journal.set(std::string{store::answer_key} + in_order(last + 1),
              store::answer_value({asked, what, tree, name, wire::done_json(result)}));
}

} // namespace alder::actors
