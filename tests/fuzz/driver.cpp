// Runs a fuzz target without libFuzzer: mutates its seeds with a fixed generator for at most 200000 rounds or 3
// seconds. ALDER_FUZZ_SECONDS=600 ALDER_FUZZ_SEED=7 goes on for as long as that, with another generator.
#include "tests/fuzz/driver.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

constexpr std::size_t max_rounds = 200'000;
constexpr std::chrono::seconds max_time{3};

/// The number in a variable of the environment; nothing when it is not set.
unsigned long asked(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}

/// One small change: a byte set, a range removed, doubled or overwritten by part of another seed.
void mutate(std::string& input, const std::vector<std::string>& seeds, std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return limit == 0 ? std::size_t{0} : random() % limit; };
  const auto at = below(input.size() + 1);
  switch (random() % 5) {
  case 0:
    if (at < input.size()) input[at] = static_cast<char>(random());
    break;
  case 1: input.erase(at, below(16)); break;
  case 2: input.insert(at, input.substr(at, below(32))); break;
  case 3: input.insert(at, 1 + below(4), static_cast<char>(random())); break;
  default: {
    const auto& other = seeds[below(seeds.size())];
    const auto from = below(other.size());
    input.replace(at, below(16), other.substr(from, below(32)));
  }
  }
}

void feed(const std::string& input) {
  std::vector<std::uint8_t> bytes(input.begin(),
                                  input.end());             // exact size, so that AddressSanitizer sees every overrun
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); // its value is 0 by convention
}

} // namespace

int main() {
  const auto seeds = fuzz_seeds();
  if (seeds.empty()) return 1;
  for (const auto& seed : seeds)
    feed(seed);
  const auto seed = asked("ALDER_FUZZ_SEED");
  std::mt19937 random{seed == 0 ? 20240229U : static_cast<std::mt19937::result_type>(seed)};
  const std::chrono::seconds longer{asked("ALDER_FUZZ_SECONDS")};
  const auto end = std::chrono::steady_clock::now() + std::max(max_time, longer);
  std::size_t rounds = 0;
  for (; (rounds < max_rounds || longer > max_time) && std::chrono::steady_clock::now() < end; ++rounds) {
    std::string input = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % 6; changes > 0; --changes)
      mutate(input, seeds, random);
    feed(input);
  }
  std::printf("%zu inputs\n", rounds + seeds.size());
  return 0;
}
