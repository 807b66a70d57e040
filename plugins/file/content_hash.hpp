// FNV-1a, 64 bits: tells contents apart, protects nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::file {

class ContentHash {
 public:
  void add(std::string_view bytes) {
    for (char c : bytes) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  std::string hex() const {
    std::string out(16, '0');
    uint64_t rest = state_;
    for (size_t i = 16; i-- > 0; rest >>= 4) out[i] = "0123456789abcdef"[rest & 15u];
    return out;
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325u;
};

inline std::string content_hash(std::string_view bytes) {
  ContentHash hash;
  hash.add(bytes);
  return hash.hex();
}

}  // namespace sluice::file
