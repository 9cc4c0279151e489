#include "actors/base/extensions.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace alder::actors {
namespace {

const extension_registry* offered_to = nullptr;

void offer_two(extension_registry& daemon) {
  offered_to = &daemon;
  log_destination_kind kind{"ship", {"port"}, {}, [](caf::scheduled_actor&, const log_destination_settings&) {
                              return log_destination_actor{};
                            }};
  kind.check = [](const log_destination_settings& settings) {
    if (settings.options.count("port") == 0) throw std::invalid_argument("'port' is missing");
  };
  daemon.add_log_destination(kind);
  kind.name = "sink";
  kind.options.clear();
  kind.check = {};
  daemon.add_log_destination(kind);
}
void offer_one_of_them(extension_registry& daemon) {
  daemon.add_log_destination({"other", {}, {}, [](caf::scheduled_actor&, const log_destination_settings&) {
                                return log_destination_actor{};
                              }});
  daemon.add_log_destination(
      {"sink", {}, {}, [](caf::scheduled_actor&, const log_destination_settings&) { return log_destination_actor{}; }});
}
void offer_nothing_but_trouble(extension_registry&) { throw std::runtime_error("no licence"); }
void never_called(extension_registry&) { FAIL() << "it was built for another daemon"; }

const extension_entry good{extension_magic, ALDER_EXTENSION_MADE_FOR, offer_two};
const extension_entry overlapping{extension_magic, ALDER_EXTENSION_MADE_FOR, offer_one_of_them};
const extension_entry throwing{extension_magic, ALDER_EXTENSION_MADE_FOR, offer_nothing_but_trouble};
const extension_entry old{extension_magic, "extensions 0", never_called};
const extension_entry foreign{"something else", ALDER_EXTENSION_MADE_FOR, never_called};

class Extensions : public ::testing::Test {
protected:
  /// Of what is said, "message: label (help)".
  std::vector<std::string> take_up(const std::vector<std::string>& paths,
                                   const std::map<std::string, std::map<std::string, std::string>>& wanted = {}) {
    config::loaded loaded;
    for (const auto& path : paths)
      loaded.extensions.push_back(
          {path, {config::diagnostic::level::error, "E034", "", "", "/alder.yaml", 1, 2, 3, "", {}}});
    for (const auto& [name, options] : wanted)
      loaded.actors.push_back(
          {name, options, {config::diagnostic::level::error, "E034", "", "", "/alder.yaml", 7, 2, 3, "", {}}});
    std::vector<std::string> said;
    for (const auto& d : known.take_up(loaded)) {
      EXPECT_EQ(d.code, "E034");
      EXPECT_GT(d.line, 0U);
      EXPECT_FALSE(d.help.empty());
      said.push_back(d.message + ": " + d.label);
    }
    return said;
  }

  std::vector<std::string> asked; ///< paths that were loaded
  std::map<std::string, const extension_entry*> files{{"/good.so", &good},
                                                      {"/overlapping.so", &overlapping},
                                                      {"/throwing.so", &throwing},
                                                      {"/old.so", &old},
                                                      {"/foreign.so", &foreign}};
  extensions known{[this](const std::string& path, const std::string& symbol) -> result<const void*> {
    EXPECT_EQ(symbol, "alder_extension");
    asked.push_back(path);
    const auto found = files.find("/" + path.substr(path.rfind('/') + 1));
    if (found == files.end()) return error{error_kind::not_found, "there is no such file"};
    return static_cast<const void*>(found->second);
  }};
};

TEST_F(Extensions, OfferWhatTheySay) {
  EXPECT_EQ(take_up({"/good.so"}, {{"ship", {{"port", "1"}}}, {"sink", {}}}), std::vector<std::string>{});
  ASSERT_NE(known.find("ship"), nullptr);
  EXPECT_EQ(known.find("ship")->options, std::vector<std::string>{"port"});
  EXPECT_EQ(known.find("nobody"), nullptr);
}

TEST_F(Extensions, AreLoadedOnce) {
  (void)take_up({"/good.so"});
  (void)take_up({"/good.so"});
  EXPECT_EQ(asked.size(), 1U);
  EXPECT_EQ(take_up({"/elsewhere/good.so"}), std::vector<std::string>{}) << "the same library by another path";
}

TEST_F(Extensions, OfAnotherVersionAreRefusedUncalled) {
  const auto said = take_up({"/old.so"});
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0], "the extension /old.so cannot be used: it was built for \"extensions 0\", but this daemon is \"" +
                         std::string{ALDER_EXTENSION_MADE_FOR} + "\"");
  EXPECT_NE(take_up({"/foreign.so"}).at(0).find("is not what ALDER_EXTENSION makes"), std::string::npos);
}

TEST_F(Extensions, ThatWereRefusedAreLookedAtAgain) {
  (void)take_up({"/old.so"});
  files["/old.so"] = &good; // it was built anew
  EXPECT_EQ(take_up({"/old.so"}), std::vector<std::string>{});
  EXPECT_NE(asked.at(0), asked.at(1)) << "the loader would give the old one for the same path";
}

TEST_F(Extensions, ThatAreNotThereOrThrowAreRefused) {
  EXPECT_EQ(take_up({"/missing.so", "/throwing.so"}),
            (std::vector<std::string>{"the extension /missing.so cannot be used: there is no such file",
                                      "the extension /throwing.so cannot be used: no licence"}));
}

TEST_F(Extensions, WithANameThatIsTakenAreRefusedAsAWhole) {
  (void)take_up({"/good.so"});
  EXPECT_EQ(take_up({"/overlapping.so"}),
            std::vector<std::string>{"the extension /overlapping.so cannot be used: 'sink' is already provided"});
  EXPECT_EQ(known.find("other"), nullptr);
}

TEST_F(Extensions, AreAskedAboutOptions) {
  EXPECT_EQ(take_up({"/good.so"}, {{"shop", {}}}),
            std::vector<std::string>{"no extension provides the actor 'shop': did you mean 'ship'?"});
  EXPECT_EQ(take_up({"/good.so"}, {{"ship", {{"prot", "1"}}}}),
            std::vector<std::string>{"the actor 'ship' has no option 'prot': did you mean 'port'?"});
  EXPECT_EQ(take_up({"/good.so"}, {{"ship", {}}}),
            std::vector<std::string>{"the actor 'ship' does not accept its options: 'port' is missing"});
}

TEST_F(Extensions, OfAnotherTreeDoNotCount) {
  (void)take_up({"/good.so"});
  EXPECT_EQ(take_up({}, {{"sink", {}}}), std::vector<std::string>{"no extension provides the actor 'sink': "});
}

} // namespace
} // namespace alder::actors
