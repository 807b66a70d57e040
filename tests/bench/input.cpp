#include "input.hpp"

#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>

namespace sluice::bench {

uint64_t write_ndjson(const std::string& path, uint64_t bytes, uint64_t seed) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) throw std::runtime_error("cannot write " + path);
  std::mt19937_64 random(seed);
  static constexpr const char* words[] = {"river", "lock", "gate",  "weir",
                                          "basin", "mill", "canal", "stream"};
  uint64_t written = 0, records = 0;
  std::string line;
  while (written < bytes) {
    const uint64_t bits = random();
    line = "{\"id\":" + std::to_string(records) + ",\"user\":\"user-" + std::to_string(bits % 100'000) +
           "\",\"active\":" + (bits & 1 ? "true" : "false") +
           ",\"score\":" + std::to_string(bits % 1'000'000) + "." + std::to_string(bits % 97) +
           ",\"tags\":[\"" + words[bits >> 61] + "\",\"" + words[(bits >> 58) & 7] +
           "\"],\"geo\":{\"lat\":" + std::to_string(bits % 90) + ".25,\"lon\":-" +
           std::to_string(bits % 180) + ".5},\"text\":\"";
    while (line.size() < 236) line.append(words[random() & 7]).append(" ");
    line += "\"}\n";
    if (std::fwrite(line.data(), 1, line.size(), file.get()) != line.size())
      throw std::runtime_error("cannot write " + path);
    written += line.size();
    ++records;
  }
  return records;
}

}  // namespace sluice::bench
