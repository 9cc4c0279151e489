// What a fuzz target offers: LLVMFuzzerTestOneInput for libFuzzer, and seeds for the stand-alone driver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Valid inputs to start mutating from; at least one.
std::vector<std::string> fuzz_seeds();
