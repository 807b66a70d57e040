// What a run with workers takes, it gives back: good runs and crashing ones.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "plain_host.hpp"

namespace sluice::test {

BOOST_FIXTURE_TEST_CASE(nothing_is_left_after_many_runs, PlainHost) {
  const char* wanted = std::getenv("SLUICE_LEAK_RUNS");
  const int runs = wanted ? std::atoi(wanted) : 60;
  const auto one = [&](int i) {
    const bool crash = i % 5 == 4;
    const auto result = run(
        crash ? "chaos" : "generator", crash ? R"({"action":"crash","at":3})" : R"({"count":100})", "records",
        "null", "{}", R"({"isolation":"process","retry":{"maxAttempts":1}})", i % 2 ? "mmap" : "memory");
    BOOST_REQUIRE(crash ? has_crashed(result) : code_of(result).empty());
  };
  for (int i = 0; i < 10; ++i) one(i);  // what is made once is made now
  const size_t descriptors = open_descriptors(), running = threads(), mapped = mappings();
  for (int i = 0; i < runs; ++i) one(i);
  BOOST_TEST(open_descriptors() == descriptors);
  BOOST_TEST(threads() == running);
  BOOST_TEST(mappings() == mapped);
  BOOST_TEST(children().empty());
  BOOST_TEST(std::filesystem::is_empty(folder / "staging"));
}

}  // namespace sluice::test
