#include "actors/tree/kind_part.hpp"

#include <utility>

namespace alder::actors {
namespace {

class kind_part final : public child_kind {
public:
  kind_part(part_maker make, const backoff& between_starts) : make_(std::move(make)), between_starts_(between_starts) {}

  policy::child_rules rules() const override {
    policy::child_rules rules;
    rules.backoff = between_starts_;
    return rules;
  }

  void show(node_snapshot& node) const override {
    node.what = node_snapshot::kind::actor;
    node.service = nullptr;
  }

  child_actor spawn(const child_place& at, const start_order& /*order*/) const override {
    return make_(at.host, at.supervisor);
  }

private:
  part_maker make_;
  backoff between_starts_;
};

} // namespace

child_entry entry_of_part(std::string name, part_maker make, const backoff& between_starts) {
  return {
      std::move(name), restart_kind::permanent, std::make_shared<const kind_part>(std::move(make), between_starts), {}};
}

} // namespace alder::actors
