#include "tests/conformance/otp_player.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace alder::testing {
namespace {

using nlohmann::json;

constexpr std::size_t recordings = 246;

std::filesystem::path corpus() { return std::filesystem::path{ALDER_SOURCE_DIR} / "tests/conformance/otp"; }

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(corpus()))
    all.push_back(entry.path().stem().string());
  std::sort(all.begin(), all.end());
  return all;
}

class OtpScenario : public ::testing::TestWithParam<std::string> {};

TEST_P(OtpScenario, AgreesWithTheRecording) {
  std::ifstream in(corpus() / (GetParam() + ".json"));
  const json file = json::parse(in);
  const auto& recorded = file.at("trace");
  const auto played = trace_of(file);
  for (std::size_t i = 0; i < std::max(played.size(), recorded.size()); ++i) {
    json expected = i < recorded.size() ? recorded.at(i) : json();
    if (expected.is_object()) expected.erase("op");
    const json seen = i < played.size() ? played.at(i) : json();
    ASSERT_EQ(seen, expected) << "step " << i << ": "
                              << (i == 0 ? "the start" : file.at("scenario").at("steps").at(i - 1).dump());
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, OtpScenario, ::testing::ValuesIn(names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(OtpCorpus, IsComplete) { EXPECT_EQ(names().size(), recordings); }

} // namespace
} // namespace alder::testing
