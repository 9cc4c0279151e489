#include "tests/conformance/otp_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace alder::testing {
namespace {

/// How many scenarios of the corpus can be played; the others are about pools, upgrades and the validation of
/// specifications.
constexpr std::size_t least_played = 136;

std::filesystem::path corpus() { return std::filesystem::path{ALDER_SOURCE_DIR} / "tests/conformance/otp"; }

class OtpScenario : public ::testing::TestWithParam<std::string> {};

TEST_P(OtpScenario, AgreesWithTheRecording) {
  const auto difference = first_disagreement(corpus() / (GetParam() + ".json"));
  if (!difference) return;
  FAIL() << difference->where << "\n  otp   " << difference->expected << "\n  alder " << difference->seen;
}

INSTANTIATE_TEST_SUITE_P(Corpus, OtpScenario, ::testing::ValuesIn(playable_scenarios(corpus())), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(OtpCorpus, NoneOfTheScenariosWePlayIsLost) { EXPECT_GE(playable_scenarios(corpus()).size(), least_played); }

} // namespace
} // namespace alder::testing
