// What makes record i of a seed: a number that depends on nothing else.
#pragma once

#include <cstdint>

namespace sluice::generator {

// A bijection that spreads every input bit over the whole word.
constexpr uint64_t scramble(uint64_t x) {
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ull;
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ull;
  return x ^ (x >> 32);
}

class RecordHash {
 public:
  // Scrambled, so that neighbouring seeds do not give shifted copies of one sequence.
  explicit constexpr RecordHash(uint64_t seed) : origin_(scramble(seed + 1)) {}
  constexpr uint64_t operator()(uint64_t index) const {
    return scramble(origin_ + index * 0x9e3779b97f4a7c15ull);
  }

 private:
  uint64_t origin_;
};

}  // namespace sluice::generator
