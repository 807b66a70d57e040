// What JsonLines vouches for, JsonValidator accepts: compared on seeded lines, good and spoilt, and on blocks
// that are mended from them.
#include "json_lines.hpp"

#include <boost/test/unit_test.hpp>

#include "json_validator.hpp"
#include "line_ends.hpp"
#include "seeded_json.hpp"
#include "text_source.hpp"

#include "temp_folder.hpp"

namespace sluice::file {

using namespace seeded;

namespace {

using Found = JsonLines::Found;
struct Tally {
  size_t documents = 0, blanks = 0, unsure = 0, wrong_doubts = 0;
};

// Holds every answer against JsonValidator's.
void compare(const std::string& lines, Tally& tally) {
  // What lies behind the block must not matter.
  const std::string padded = "]}" + lines + std::string(JsonValidator::padding, "}1]\""[lines.size() % 4]);
  std::vector<uint32_t> ends(lines.size() + 2);
  ends.resize(find_line_ends(padded.data(), 2, static_cast<uint32_t>(lines.size() + 2), ends));
  JsonLines fast;
  JsonValidator validator;
  fast.take(padded.data(), 2, ends.back());
  uint32_t begin = 2;
  for (const uint32_t end : ends) {
    const std::string_view line(padded.data() + begin, end - begin);
    const bool valid = !validator.reason_against(line).has_value();
    const Found found = fast.next(end);
    if (found == Found::document) BOOST_REQUIRE_MESSAGE(valid, "vouched for: " << line);
    if (found == Found::blank) BOOST_REQUIRE_MESSAGE(is_blank(line), "not blank: " << line);
    tally.documents += found == Found::document ? 1 : 0;
    tally.blanks += found == Found::blank ? 1 : 0;
    tally.unsure += found == Found::unsure ? 1 : 0;
    tally.wrong_doubts += found == Found::unsure && valid ? 1 : 0;
    begin = end;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_lines)

BOOST_AUTO_TEST_CASE(what_it_vouches_for_the_validator_accepts) {
  Random random(20);
  Tally tally;
  for (int round = 0; round < 6000; ++round) {
    std::string block;
    const uint64_t badness = round % 3 == 0 ? 60 : 8;
    for (uint64_t lines = 1 + random() % 30; lines > 0; --lines) {
      std::string line = any_line(random, badness);
      // Two lines that are one document, or the other way round.
      if (random() % 200 == 0) line.insert(random() % (line.size() + 1), "\n");
      block += line + "\n";
    }
    compare(block, tally);
  }
  BOOST_TEST(tally.documents > 10000u);
  BOOST_TEST(tally.unsure > 10000u);
  BOOST_TEST(tally.blanks > 100u);
}

BOOST_AUTO_TEST_CASE(ordinary_lines_are_never_in_doubt) {
  Random random(21);
  Tally tally;
  for (int round = 0; round < 300; ++round) {
    std::string block;
    while (block.size() < 20000) block += value(random, 4) + "\n";
    compare(block, tally);
  }
  BOOST_TEST(tally.wrong_doubts == 0u);
  BOOST_TEST(tally.documents > 100000u);
}

BOOST_AUTO_TEST_CASE(each_odd_value_in_each_place) {
  Tally tally;
  for (const std::string what : odd)
    for (const auto& [before, behind] : places) compare("{}\n" + (before + what + behind) + "\n[1]\n", tally);
  BOOST_TEST(tally.documents > 500u);
}

BOOST_AUTO_TEST_CASE(depth_costs_no_more_than_the_quick_way) {
  Tally tally;
  for (const size_t depth : {63u, 64u, 65u, 1000u, 1023u, 1024u, 1025u, 5000u})
    for (const bool objects : {false, true}) compare(nested(depth, objects) + "\n{}\n", tally);
  // Brackets that never close, line after line.
  std::string open;
  for (int i = 0; i < 5000; ++i) open += "[1,\n";
  compare(open, tally);
  compare(std::string(30000, '[') + "\n" + std::string(30000, ']') + "\n", tally);
}

// Through the source: the same lines are records, whatever the batches.
BOOST_AUTO_TEST_CASE(the_source_takes_the_lines_that_the_validator_accepts) {
  Random random(22);
  testing::FakeHost host;
  const TempFolder folder;
  for (int round = 0; round < 60; ++round) {
    std::string content;
    for (int lines = 0; lines < 400; ++lines) content += any_line(random, round % 2 ? 3 : 40) + "\n";
    if (round % 10 == 0) content += "[\"" + std::string(150000, 'x') + "\"]\n{\"a\":1}\n";
    std::vector<std::string> wanted;
    size_t refused = 0;
    JsonValidator validator;
    std::string padded = content + std::string(JsonValidator::padding, ' ');
    for (size_t begin = 0, end; begin < content.size(); begin = end) {
      end = content.find('\n', begin) + 1;
      const std::string_view line(padded.data() + begin, end - begin);
      if (is_blank(line)) continue;
      if (validator.reason_against(line))
        ++refused;
      else
        wanted.emplace_back(line.substr(0, line.size() - 1));
    }
    testing::ReadOptions options;
    options.limits.max_batch_records = static_cast<uint32_t>(1 + random() % 500);
    options.limits.max_batch_bytes = 64 + random() % 100000;
    const auto run = testing::read_source<NdjsonSource>(
        host, config_with_path(folder.write("in.ndjson", content)), options);
    BOOST_REQUIRE(run.ok());
    BOOST_REQUIRE(run.rejections().size() == refused);
    // Blank lines go with the records beside them.
    std::vector<std::string> got = run.documents();
    BOOST_REQUIRE(got.size() == wanted.size());
    for (size_t i = 0; i < got.size(); ++i) BOOST_REQUIRE(got[i].find(wanted[i]) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
