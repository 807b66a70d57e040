// Seeded lines of JSON, good ones and such that are wrong in a way or two.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace sluice::file::seeded {

using Random = std::mt19937_64;

template <size_t size>
std::string one_of(Random& random, const char* const (&choices)[size]) {
  return choices[random() % size];
}

inline const char* const scalars[] = {"0",
                                      "-0",
                                      "17",
                                      "-3.25",
                                      "1e5",
                                      "2E-7",
                                      "123456789012345678",
                                      "1e999",
                                      "0.5",
                                      "true",
                                      "false",
                                      "null",
                                      "\"\"",
                                      "\"river lock\"",
                                      "\"\\n\"",
                                      "\"\\u00e9\"",
                                      "\"a\\\"b\"",
                                      "\"\\\\\"",
                                      "\"\xc3\xa9\"",
                                      "\"{[,:]}\"",
                                      "99999999999999999999999999",
                                      "123456789012345.25",
                                      "1234567890.12345678"};
// Each is refused, or taken, by simdjson for reasons of its own.
inline const char* const odd[] = {"01",
                                  "1.",
                                  "-",
                                  "1e",
                                  ".5",
                                  "+1",
                                  "1e+",
                                  "00",
                                  "-01",
                                  "0x1",
                                  "1.e5",
                                  "1a",
                                  "truex",
                                  "nul",
                                  "tru e",
                                  "\"\\ud800\"",
                                  "\"\\ud83d\\ude00\"",
                                  "\"\\udc00\"",
                                  "\"\\ud800\\u0041\"",
                                  "\"\\uDBFF\\uDFFF\"",
                                  "\"\\u12g4\"",
                                  "\"\\x\"",
                                  "\"\\",
                                  "\"a",
                                  "\"\t\"",
                                  "\"\x01\"",
                                  "\"\xff\"",
                                  "\"\xed\xa0\x80\"",
                                  "\\\"a\"",
                                  "1\"a\"",
                                  "true\"x\"",
                                  "\"a\"b",
                                  "\"a\"\"b\"",
                                  "\x0c",
                                  "\x1a",
                                  "{",
                                  "}",
                                  "[",
                                  "]",
                                  ",",
                                  ":",
                                  "{}{}",
                                  "[] []",
                                  "{\"a\"}",
                                  "{1:2}",
                                  "{\"a\":1,}",
                                  "[1,]",
                                  "[,1]",
                                  "[1 2]",
                                  "{\"a\":1 \"b\":2}",
                                  "{,}",
                                  "[}",
                                  "{]",
                                  "{\"a\"::1}",
                                  "{\"a\":,}",
                                  "\xef\xbb\xbf{}",
                                  "'a'",
                                  "NaN",
                                  "// x",
                                  "-\"a\"",
                                  "1,2",
                                  "\xe2\x80\xa8"};
// Where a value may stand, or seem to: what comes before it and behind it.
inline const std::pair<const char*, const char*> places[] = {
    {"", ""},      {"[", "]"},       {"[1,", "]"},
    {"[", ",1]"},  {"{\"a\":", "}"}, {"{\"a\":1,\"b\":", ",\"c\":2}"},
    {"{", ":1}"},  {"{\"a\"", "1}"}, {"{}", ""},
    {"[1.5", "]"}, {"[-", "]"},      {"[", "e1]"}};
inline const char* const blanks[] = {"", "", "", "", "", "", " ", "\t", "\r", "  "};

inline std::string value(Random& random, int depth) {
  const uint64_t kind = random() % 6;
  if (depth <= 0 || kind > 3) return one_of(random, scalars);
  const bool object = kind < 2;
  std::string out(1, object ? '{' : '[');
  for (uint64_t i = 0, count = random() % 4; i < count; ++i) {
    if (i > 0) out += "," + one_of(random, blanks);
    if (object) out += "\"k" + std::to_string(random() % 3) + "\"" + one_of(random, blanks) + ":";
    out += one_of(random, blanks) + value(random, depth - 1) + one_of(random, blanks);
  }
  return out + (object ? '}' : ']');
}

inline std::string nested(size_t depth, bool objects) {
  std::string out;
  for (size_t i = 0; i < depth; ++i) out += objects ? "{\"a\":" : "[";
  return out + "1" + std::string(depth, objects ? '}' : ']');
}

// Wrong in one way, or in a few.
inline std::string spoilt(Random& random, std::string line) {
  static constexpr char bytes[] = "{}[]:,\"\\ 0-.eEtu\x01\x7f\xc3\xff\t/";
  for (uint64_t left = 1 + random() % 2; left > 0 && !line.empty(); --left) {
    const size_t at = random() % line.size();
    switch (random() % 7) {
      case 0:
        line.resize(at);
        break;
      case 1:
        line.erase(at, 1 + random() % 3);
        break;
      case 2:
        line[at] = static_cast<char>(line[at] ^ (1 << random() % 8));
        break;
      case 3:
        line.insert(at, 1, bytes[random() % (sizeof bytes - 1)]);
        break;
      case 4:
        line[at] = bytes[random() % (sizeof bytes - 1)];
        break;
      case 5:
        line.insert(at, one_of(random, odd));
        break;
      default:
        line += one_of(random, odd);
    }
  }
  return line;
}

inline std::string any_line(Random& random, uint64_t badness) {
  const uint64_t kind = random() % 100;
  if (kind < badness) return spoilt(random, value(random, 4));
  if (kind < badness + badness / 4) return one_of(random, odd);
  if (kind > 97) return one_of(random, blanks);
  if (kind == 97) return nested(60 + random() % 10, random() % 2 == 0);
  return value(random, 4);
}

}  // namespace sluice::file::seeded
