// Text output compared with a file under tests/golden.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace alder::test {

/// Compares with tests/golden/`name`; ALDER_UPDATE_GOLDEN=1 writes it instead.
inline void expect_golden(const std::string& name, const std::string& text) {
  const auto path = ALDER_SOURCE_DIR "/tests/golden/" + name;
  const char* update = std::getenv("ALDER_UPDATE_GOLDEN");
  if (update != nullptr && std::string{update} == "1") std::ofstream{path, std::ios::binary} << text;
  std::ostringstream expected;
  expected << std::ifstream{path, std::ios::binary}.rdbuf();
  EXPECT_EQ(text, expected.str()) << "in " << path << "; ALDER_UPDATE_GOLDEN=1 rewrites it";
}

} // namespace alder::test
