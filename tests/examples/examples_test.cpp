#include "runtime/base/overloaded.hpp"
#include "runtime/config/load_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace alder {
namespace {

using environment = std::map<std::string, std::string>;
using services_by_name = std::map<std::string, service_spec>;

/// The text of a file of the repository; empty when there is none.
std::string text_of(const std::string& path) {
  std::ifstream file{ALDER_SOURCE_DIR "/" + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

config::loaded load_example(const std::string& name, const environment& caller = {}) {
  config::source from;
  from.file = ALDER_SOURCE_DIR "/examples/" + name + "/alder.yaml";
  from.text = text_of("examples/" + name + "/alder.yaml");
  from.environment = caller;
  return config::load_tree(from);
}

void collect(const supervisor_spec& supervisor, services_by_name& into) {
  for (const auto& child : supervisor.children) {
    std::visit(overloaded{[&](const service_ptr& service) { into.emplace(service->name, *service); },
                          [&](const supervisor_ptr& nested) { collect(*nested, into); }},
               child);
  }
}

services_by_name services_of(const config::loaded& from) {
  services_by_name found;
  if (from.tree) collect(from.tree->root, found);
  return found;
}

bool has_word(const service_spec& service, const std::string& word) {
  return std::count(service.command.begin(), service.command.end(), word) > 0;
}

std::uint16_t http_port(const services_by_name& services, const std::string& name) {
  return std::get<ready_http>(services.at(name).ready.check).port;
}

TEST(Examples, load_without_an_error_or_a_warning) {
  for (const auto* name : {"hello", "shop", "ipc", "log_destination"}) {
    const auto loaded = load_example(name);
    EXPECT_TRUE(loaded.tree.has_value()) << name;
    EXPECT_TRUE(loaded.diagnostics.empty()) << config::render(loaded.diagnostics, /*colour=*/false);
  }
}

TEST(Examples, the_readme_quotes_hello_as_it_is) {
  const auto hello = text_of("examples/hello/alder.yaml");
  ASSERT_FALSE(hello.empty());
  EXPECT_NE(text_of("README.md").find("```yaml\n" + hello + "```\n"), std::string::npos);
}

TEST(Examples, the_shop_has_one_supervisor_of_each_strategy) {
  const auto shop = load_example("shop");
  ASSERT_TRUE(shop.tree);
  std::map<std::string, strategy> strategies{{"shop", shop.tree->root.strategy}};
  for (const auto& child : shop.tree->root.children) {
    const auto* supervisor = std::get_if<supervisor_ptr>(&child);
    if (supervisor != nullptr) strategies.emplace((*supervisor)->name, (*supervisor)->strategy);
  }
  const std::map<std::string, strategy> expected{
      {"shop", strategy::rest_for_one}, {"jobs", strategy::one_for_all}, {"web", strategy::one_for_one}};
  EXPECT_EQ(strategies, expected);
}

TEST(Examples, the_shop_uses_its_default_ports_in_commands_and_ready_checks) {
  const auto services = services_of(load_example("shop"));
  ASSERT_EQ(services.size(), 6U);
  EXPECT_TRUE(has_word(services.at("cache"), "6390"));
  EXPECT_EQ(std::get<ready_tcp>(services.at("cache").ready.check).port, 6390);
  EXPECT_EQ(http_port(services, "api:0"), 8100);
  EXPECT_EQ(http_port(services, "api:1"), 8101);
  EXPECT_EQ(http_port(services, "front"), 8090);
}

TEST(Examples, the_shop_takes_its_ports_from_the_caller) {
  const environment caller{
      {"REDIS_PORT", "24447"}, {"JOBS_PORT", "24449"}, {"HTTP_PORT", "24448"}, {"API_PORTS", "2444"}};
  const auto services = services_of(load_example("shop", caller));
  ASSERT_EQ(services.size(), 6U);
  EXPECT_TRUE(has_word(services.at("cache"), "24447"));
  EXPECT_EQ(services.at("worker").environment.at("REDIS_PORT"), "24447");
  EXPECT_EQ(http_port(services, "scheduler"), 24449);
  EXPECT_EQ(services.at("api:1").environment.at("PORT"), "24441");
  EXPECT_EQ(http_port(services, "api:1"), 24441);
  EXPECT_EQ(http_port(services, "front"), 24448);
}

TEST(Examples, hello_gives_its_port_to_the_site) {
  const auto services = services_of(load_example("hello", {{"PORT", "24450"}}));
  ASSERT_EQ(services.count("site"), 1U);
  EXPECT_TRUE(has_word(services.at("site"), "24450"));
  EXPECT_EQ(std::get<ready_tcp>(services.at("site").ready.check).port, 24450);
}

} // namespace
} // namespace alder
