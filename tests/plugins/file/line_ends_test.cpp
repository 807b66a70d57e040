#include "line_ends.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

namespace sluice::file {

BOOST_AUTO_TEST_SUITE(line_ends)

BOOST_AUTO_TEST_CASE(they_are_found_wherever_they_are) {
  std::mt19937 random(23);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 700, 'x');
    const uint64_t rarity = 1 + random() % 100;
    for (char& c : text)
      if (random() % rarity == 0) c = '\n';
    const auto begin = static_cast<uint32_t>(random() % (text.size() + 1));
    std::vector<uint32_t> wanted;
    for (size_t i = begin; i < text.size(); ++i)
      if (text[i] == '\n') wanted.push_back(static_cast<uint32_t>(i + 1));
    std::vector<uint32_t> got(random() % (text.size() + 2), 77u);
    const size_t count = find_line_ends(text.data(), begin, static_cast<uint32_t>(text.size()), got);
    wanted.resize(std::min(wanted.size(), got.size()));
    got.resize(count);
    BOOST_REQUIRE(got == wanted);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
