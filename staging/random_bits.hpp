// Random bits for names and keys. Not std::random_device: making one asks the processor what it is, which a
// virtual machine answers slowly (15 of an empty run's 230 microseconds).
#pragma once

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>

namespace sluice::staging {

inline uint64_t random_bits() {
  uint64_t bits = 0;
  while (getrandom(&bits, sizeof bits, 0) != sizeof bits)
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  return bits;
}

// Sixteen hexadecimal digits.
inline std::string random_hex() {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random_bits()));
  return text.data();
}

}  // namespace sluice::staging
