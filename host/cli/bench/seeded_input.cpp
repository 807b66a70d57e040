#include "host/cli/bench/seeded_input.hpp"

#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>

namespace sluice::bench {

namespace {

using host::Result;

constexpr std::array<const char*, 8> words{"river", "lock", "gate",  "weir",
                                           "basin", "mill", "canal", "stream"};

Error cannot_write(const std::string& path) {
  return {ErrorClass::system, "E_FILE_WRITE", "cannot write " + path, path, "free some space there"};
}

// Lines from `make_line` until there are so many bytes.
Result<InputFile> write_lines(const std::string& path, uint64_t bytes, const std::string& heading,
                              const std::function<void(uint64_t, std::string&)>& make_line) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) return cannot_write(path);
  InputFile input{path, 0, 0};
  const auto put = [&](const std::string& line) {
    input.bytes += line.size();
    return std::fwrite(line.data(), 1, line.size(), file.get()) == line.size();
  };
  if (!put(heading)) return cannot_write(path);
  std::string line;
  for (; input.bytes < bytes; ++input.records) {
    make_line(input.records, line);
    if (!put(line)) return cannot_write(path);
  }
  if (std::fflush(file.get()) != 0) return cannot_write(path);
  return input;
}

}  // namespace

Result<InputFile> write_ndjson(const std::string& path, uint64_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  return write_lines(path, bytes, {}, [&](uint64_t record, std::string& line) {
    const uint64_t bits = random();
    line = "{\"id\":" + std::to_string(record) + ",\"user\":\"user-" + std::to_string(bits % 100'000) +
           "\",\"active\":" + (bits & 1 ? "true" : "false") +
           ",\"score\":" + std::to_string(bits % 1'000'000) + "." + std::to_string(bits % 97) +
           ",\"tags\":[\"" + words[bits >> 61] + "\",\"" + words[(bits >> 58) & 7] +
           "\"],\"geo\":{\"lat\":" + std::to_string(bits % 90) + ".25,\"lon\":-" +
           std::to_string(bits % 180) + ".5},\"text\":\"";
    while (line.size() < 236) line.append(words[random() & 7]).append(" ");
    line += "\"}\n";
  });
}

Result<InputFile> write_csv(const std::string& path, uint64_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  return write_lines(path, bytes, "id,user,active,score,day,text\n", [&](uint64_t record, std::string& line) {
    const uint64_t bits = random(), month = 1 + bits % 12, day = 1 + bits % 28;
    line = std::to_string(record) + ",user-" + std::to_string(bits % 100'000) + "," +
           (bits & 1 ? "1," : "0,") + std::to_string(bits % 1'000'000) + ".5,2026-" +
           (month < 10 ? "0" : "") + std::to_string(month) + (day < 10 ? "-0" : "-") + std::to_string(day) +
           ",\"" + words[bits >> 61] + ", " + words[(bits >> 58) & 7] + " and " + words[(bits >> 55) & 7] +
           "\"\n";
  });
}

}  // namespace sluice::bench
