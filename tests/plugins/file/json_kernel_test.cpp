// What JsonKernel vouches for, JsonValidator accepts line by line: compared on seeded blocks, good and
// spoilt.
#include "json_kernel.hpp"

#include <boost/test/unit_test.hpp>

#include "json_validator.hpp"
#include "line_ends.hpp"
#include "seeded_json.hpp"

namespace sluice::file {

using namespace seeded;

namespace {

struct Tally {
  size_t vouched = 0, doubted = 0, wrong_doubts = 0;
};

boost::test_tools::assertion_result wide_processor(boost::unit_test::test_unit_id) {
  return JsonKernel::usable();
}

// Of every line: whether it is one object or array, nested no deeper than the kernel looks.
bool all_documents(std::string_view lines) {
  JsonValidator validator;
  while (!lines.empty()) {
    const size_t size = lines.find('\n') + 1;
    const std::string_view line = lines.substr(0, size);
    const size_t first = line.find_first_not_of(" \t\r");
    if (validator.reason_against(line) || (line[first] != '{' && line[first] != '[')) return false;
    lines.remove_prefix(size);
  }
  return true;
}

// Holds the answer to [begin, size) of `text` against JsonValidator's. A new kernel, so that none is passed
// over.
void compare(const std::string& text, Tally& tally) {
  // What lies around the block must not matter.
  const std::string before = "]}\"",
                    padded = before + text + std::string(JsonValidator::padding, "}1]\""[text.size() % 4]);
  const auto begin = static_cast<uint32_t>(before.size()), end = begin + static_cast<uint32_t>(text.size());
  std::vector<uint32_t> ends(text.size() + 1), wanted(text.size() + 1);
  wanted.resize(find_line_ends(padded.data(), begin, end, wanted));
  const size_t whole = wanted.empty() ? 0 : wanted.back() - begin;
  ends.resize(JsonKernel().vouch(padded.data(), begin, end, ends));
  const bool good = whole > 0 && all_documents(std::string_view(text).substr(0, whole));
  if (ends.empty()) {
    ++tally.doubted;
    tally.wrong_doubts += good ? 1 : 0;
    return;
  }
  ++tally.vouched;
  BOOST_REQUIRE_MESSAGE(good, "vouched for: " << text);
  BOOST_REQUIRE(ends == wanted);
}

std::string document(Random& random) {
  for (;;)
    if (std::string text = value(random, 4); text[0] == '{' || text[0] == '[') return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_kernel, *boost::unit_test::precondition(wide_processor))

BOOST_AUTO_TEST_CASE(what_it_vouches_for_the_validator_accepts) {
  Random random(30);
  Tally tally;
  for (int round = 0; round < 40000; ++round) {
    std::string block;
    // One line of each block is spoilt, so that the block's answer hangs on it.
    const uint64_t lines = 1 + random() % 6, bad = random() % (lines + 1);
    for (uint64_t i = 0; i < lines; ++i) {
      std::string line = i == bad ? any_line(random, 70) : document(random);
      if (i == bad && random() % 8 == 0) line.insert(random() % (line.size() + 1), "\n");
      block += line + "\n";
    }
    if (random() % 4 == 0) block += document(random).substr(0, 3);  // a line that is not whole yet
    compare(block, tally);
  }
  BOOST_TEST(tally.vouched > 5000u);
  BOOST_TEST(tally.doubted > 10000u);
}

BOOST_AUTO_TEST_CASE(ordinary_blocks_are_never_in_doubt) {
  Random random(31);
  Tally tally;
  for (int round = 0; round < 300; ++round) {
    std::string block;
    while (block.size() < 20000) block += document(random) + "\n";
    compare(block, tally);
  }
  BOOST_TEST(tally.wrong_doubts == 0u);
  BOOST_TEST(tally.vouched == 300u);
}

// Every place of a step of 64 bytes, and the steps around it.
BOOST_AUTO_TEST_CASE(each_odd_value_in_each_place) {
  Tally tally;
  for (const std::string what : odd)
    for (const auto& [before, behind] : places)
      for (size_t shift = 0; shift < 70; shift += 3)
        compare("[\"" + std::string(shift, 'x') + "\"]\n" + (before + what + behind) + "\n[1]\n", tally);
  BOOST_TEST(tally.vouched > 100u);
  BOOST_TEST(tally.doubted > 5000u);
}

BOOST_AUTO_TEST_CASE(numbers_that_cross_a_step) {
  Tally tally;
  for (const std::string number :
       {"1.5", "-0.25", "0", "-7", "1e5", "2.5E-7", "10", "123456789012345678901234567890"})
    for (const char* wrong : {"", "0", ".", "-", "e", "1.", "x"})
      for (size_t shift = 50; shift < 70; ++shift) {
        const std::string space(shift, ' ');
        compare("[" + space + number + "]\n", tally);
        compare("[" + space + wrong + number + "]\n", tally);
        compare("[" + space + number + wrong + "]\n", tally);
      }
  BOOST_TEST(tally.wrong_doubts == 0u);
}

// Numbers and words are looked at without what lies between them: there a step ends elsewhere.
BOOST_AUTO_TEST_CASE(numbers_and_words_that_cross_a_step_of_their_own) {
  Tally tally;
  for (const std::string what : {"1.5", "-0.25", "0", "-7", "1e-05", "2.5E-7", "10", "true", "false", "null",
                                 "123456789012345678901234567890.5"})
    for (const char* wrong : {"", "0", ".", "-", "e", "1.", "x", "\"", "\xc3\xa9"})
      for (size_t shift = 25; shift < 65; ++shift) {
        std::string before = shift % 2 ? "10," : "";
        for (size_t i = 0; i < shift / 2; ++i) before += "1, ";
        compare("[" + before + what + "]\n", tally);
        compare("[" + before + wrong + what + "]\n", tally);
        compare("[" + before + what + wrong + ",2]\n", tally);
      }
  BOOST_TEST(tally.wrong_doubts == 0u);
  BOOST_TEST(tally.vouched > 1000u);
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
  Tally tally;
  for (const bool objects : {false, true}) {
    compare(nested(64, objects) + "\n{}\n", tally);
    BOOST_TEST(tally.doubted == 0u);
  }
  for (const size_t depth : {65u, 1000u, 1025u, 5000u})
    for (const bool objects : {false, true}) compare(nested(depth, objects) + "\n{}\n", tally);
  BOOST_TEST(tally.vouched == 2u);
  compare(std::string(30000, '[') + "\n" + std::string(30000, ']') + "\n", tally);
  compare(std::string(40000, '\n'), tally);
  compare(std::string(40000, '\\') + "\n", tally);
  BOOST_TEST(tally.vouched == 2u);
}

// A file of which it vouches for nothing costs it little: it looks at fewer and fewer blocks.
BOOST_AUTO_TEST_CASE(doubt_makes_it_pass_over_blocks_and_come_back) {
  const std::string padding(JsonValidator::padding, ' '), bad = "[\"\\ud83d\\ude00\"]\n" + padding,
                                                          good = "[1]\n" + padding;
  std::vector<uint32_t> ends(32);
  JsonKernel kernel;
  for (int i = 0; i < 100; ++i) BOOST_TEST(kernel.vouch(bad.data(), 0, 17, ends) == 0u);
  int passed_over = 0;
  while (kernel.vouch(good.data(), 0, 4, ends) == 0 && passed_over < 100) ++passed_over;
  BOOST_TEST(passed_over > 10);
  BOOST_TEST(passed_over <= 64);
  BOOST_TEST(kernel.vouch(good.data(), 0, 4, ends) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
