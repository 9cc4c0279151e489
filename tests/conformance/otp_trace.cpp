// otp_trace FILE…: plays scenarios of the OTP conformance corpus with Alder's supervisors and prints their traces, one
// JSON object a line: a header with the name for each file, then the start of its tree and one line a step.
#include "tests/conformance/otp_player.hpp"

#include <exception>
#include <fstream>
#include <iostream>

namespace {

bool play(const char* path) {
  std::ifstream in(path);
  if (!in) {
    std::cerr << "otp_trace: cannot read " << path << "\n";
    return false;
  }
  try {
    const auto file = nlohmann::json::parse(in);
    std::cout << nlohmann::json{{"name", file.value("name", path)}} << "\n";
    for (const auto& step : alder::testing::trace_of(file))
      std::cout << step << "\n";
  } catch (const std::exception& wrong) {
    std::cout << std::flush;
    std::cerr << "otp_trace: " << path << " is not a scenario: " << wrong.what() << "\n";
    return false;
  }
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: otp_trace FILE...\n";
    return 2;
  }
  bool all = true;
  for (int i = 1; i < argc; ++i)
    all = play(argv[i]) && all;
  return all ? 0 : 1;
}
