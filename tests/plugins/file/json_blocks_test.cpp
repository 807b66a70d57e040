// Blocks of lines with any number of helpers: the same lines, each taken for what it is.
#include "json_blocks.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "json_validator.hpp"
#include "seeded_json.hpp"

namespace sluice::file {

using namespace seeded;

namespace {

// `text` as a chunk that is filled `piece` bytes at a time: the lines that blocks had, and how many lines in
// a row were found without one.
struct Asked {
  std::vector<uint32_t> ends;
  std::vector<JsonLines::Found> are;
  size_t whole_blocks = 0, beside = 0;
};

Asked ask(JsonBlocks& blocks, const std::string& text, uint32_t piece) {
  std::string chunk;
  chunk.reserve(text.size() + JsonValidator::padding);
  blocks.begin(chunk.data());
  while (chunk.size() < text.size()) {
    chunk.append(text, chunk.size(), piece);
    blocks.filled(static_cast<uint32_t>(chunk.size()));
  }
  chunk.append(JsonValidator::padding, '}');
  Asked out;
  for (uint32_t begin = 0; begin < text.size();) {
    const JsonBlocks::Lines lines = blocks.from(begin);
    if (lines.ends.empty()) {
      const size_t end = text.find('\n', begin);
      if (end == std::string::npos) break;
      out.ends.push_back(begin = static_cast<uint32_t>(end) + 1);
      out.are.push_back(JsonLines::Found::unsure);
      ++out.beside;
      continue;
    }
    begin = lines.ends.back();
    out.ends.insert(out.ends.end(), lines.ends.begin(), lines.ends.end());
    out.whole_blocks += lines.are.empty() ? 1 : 0;
    for (size_t i = 0; i < lines.ends.size(); ++i)
      out.are.push_back(lines.are.empty() ? JsonLines::Found::document : lines.are[i]);
  }
  blocks.finish();
  return out;
}

std::string many_lines(uint64_t seed, size_t bytes, uint64_t badness) {
  Random random(seed);
  std::string text;
  while (text.size() < bytes) {
    std::string line = badness ? any_line(random, badness) : "{\"v\":" + value(random, 3) + "}";
    std::replace(line.begin(), line.end(), '\n', ' ');
    text += line + '\n';
  }
  return text;
}

void every_line_is_what_it_is_taken_for(const std::string& text, const Asked& asked) {
  JsonValidator validator;
  uint32_t begin = 0;
  for (size_t i = 0; i < asked.ends.size(); ++i) {
    const std::string line = text.substr(begin, asked.ends[i] - begin);
    BOOST_REQUIRE(line.find('\n') == line.size() - 1);
    const std::string padded = line + std::string(JsonValidator::padding, ' ');
    if (asked.are[i] == JsonLines::Found::document)
      BOOST_REQUIRE_MESSAGE(!validator.reason_against(std::string_view(padded).substr(0, line.size())),
                            "taken for a document: " << line);
    if (asked.are[i] == JsonLines::Found::blank) BOOST_REQUIRE(is_blank(line));
    begin = asked.ends[i];
  }
  BOOST_TEST((text.find('\n', begin) == std::string::npos));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_blocks)

BOOST_AUTO_TEST_CASE(good_and_bad_lines_are_the_same_with_any_number_of_threads) {
  for (uint64_t badness : {0u, 1u, 20u})
    for (uint32_t threads : {1u, 2u, 4u}) {
      JsonBlocks blocks(threads, true);
      for (uint64_t round = 0; round < 4; ++round) {
        const std::string text = many_lines(round, size_t{1} << 20, badness) + "{\"no\":\"end";
        const Asked asked = ask(blocks, text, round % 2 ? uint32_t{256} << 10 : uint32_t{30000});
        every_line_is_what_it_is_taken_for(text, asked);
        BOOST_TEST(asked.beside == 0u);
        if (badness == 0 && JsonKernel::usable()) BOOST_TEST(asked.whole_blocks > 10u);
      }
    }
}

BOOST_AUTO_TEST_CASE(a_line_longer_than_a_block_is_left_to_the_caller) {
  const std::string text =
      many_lines(1, 400000, 0) + "[\"" + std::string(200000, 'x') + "\"]\n" + many_lines(2, 400000, 0);
  for (uint32_t threads : {1u, 3u}) {
    JsonBlocks blocks(threads, true);
    const Asked asked = ask(blocks, text, 100000);
    every_line_is_what_it_is_taken_for(text, asked);
    BOOST_TEST(asked.beside == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_chunk_of_more_blocks_than_may_be_ahead_comes_whole) {
  const std::string text = many_lines(3, size_t{6} << 20, 0);
  JsonBlocks blocks(3, true);
  every_line_is_what_it_is_taken_for(text, ask(blocks, text, uint32_t{1} << 20));
}

BOOST_AUTO_TEST_CASE(helpers_start_with_the_first_chunk_that_is_worth_it_and_end_with_the_blocks) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  const auto before = threads();
  const std::string text = many_lines(5, size_t{1} << 20, 0) + std::string(JsonValidator::padding, ' ');
  {
    JsonBlocks blocks(3, true);
    blocks.begin(text.data());
    blocks.filled(10000);
    BOOST_TEST(threads() == before);
    blocks.filled(static_cast<uint32_t>(text.size() - JsonValidator::padding));
    BOOST_TEST(threads() == before + 2);
  }
  // The kernel shows a thread a little longer than it can be joined.
  for (int i = 0; i < 1000 && threads() != before; ++i) std::this_thread::yield();
  BOOST_TEST(threads() == before);
}

BOOST_AUTO_TEST_CASE(a_chunk_may_be_left_before_its_end) {
  const std::string text = many_lines(4, size_t{1} << 20, 0) + std::string(JsonValidator::padding, ' ');
  JsonBlocks blocks(3, true);
  for (int round = 0; round < 50; ++round) {
    // The next chunk overwrites this one: a helper that still looked at it would be caught by the sanitizers.
    std::string chunk = text;
    blocks.begin(chunk.data());
    blocks.filled(static_cast<uint32_t>(chunk.size() - JsonValidator::padding));
    if (round % 2) BOOST_TEST(!blocks.from(0).ends.empty());
    blocks.finish();
    std::fill(chunk.begin(), chunk.end(), '\0');
  }
}

BOOST_AUTO_TEST_CASE(without_validation_lines_are_found_and_unsure) {
  JsonBlocks blocks(4, false);
  BOOST_TEST(!blocks.works_ahead());
  const Asked asked = ask(blocks, "{}\n[1\n\n", 7);
  BOOST_TEST(asked.ends == (std::vector<uint32_t>{3, 6, 7}), boost::test_tools::per_element());
  BOOST_TEST((asked.are == std::vector<JsonLines::Found>(3, JsonLines::Found::unsure)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
