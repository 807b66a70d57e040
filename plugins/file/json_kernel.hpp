// Validation of a block of NDJSON by the instructions of wide processors (AVX-512 with VBMI2: Intel since Ice
// Lake, AMD since Zen 4): 64 bytes a step, no branch a token. Elsewhere JsonLines does the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sluice::file {

// [one thread] Quick to say yes to a whole block, and never says no: what it does not vouch for is for
// JsonLines, which goes line by line. What it vouches for, JsonValidator accepts.
class JsonKernel {
 public:
  static constexpr uint32_t largest_block = uint32_t{64} << 10;

  JsonKernel();
  ~JsonKernel();
  JsonKernel(const JsonKernel&) = delete;
  JsonKernel& operator=(const JsonKernel&) = delete;

  // This processor has what it takes.
  static bool usable();

  // Looks at the whole lines of [begin, end) of `data`, at most largest_block bytes. When each of them is one
  // document, an object or an array: writes where they end (behind the newline) to `ends`, which has room for
  // one more than there are bytes, and returns how many they are. Else 0. Only when usable().
  size_t vouch(const char* data, uint32_t begin, uint32_t end, std::span<uint32_t> ends);

 private:
  size_t lines_of(const char* text, uint32_t size, uint32_t begin, uint32_t* ends);

  // What lies outside strings, a byte a token, behind a line's end that stands for the one before the block.
  const std::unique_ptr<uint8_t[]> tokens_;
  // Numbers and words, with the byte behind each.
  const std::unique_ptr<char[]> scalars_;
  // Where in them words begin, and what is neither digit nor point in a number.
  const std::unique_ptr<uint32_t[]> words_;
  // Text that the kernel does not vouch for is rarely alone: the next blocks are passed over, more each time.
  uint32_t passed_over_ = 0, pass_over_ = 0;
};

}  // namespace sluice::file
