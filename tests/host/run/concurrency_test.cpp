// Many runs in one host.
#include <thread>

#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;

BOOST_AUTO_TEST_SUITE(concurrency)

BOOST_FIXTURE_TEST_CASE(sixty_four_runs_at_once_do_not_touch_each_other, Engine) {
  constexpr int runs = 64;
  std::vector<std::shared_ptr<Script>> sinks;
  for (int i = 0; i < runs; ++i) {
    add("src" + std::to_string(i), "fake.source")->read = counting(500 + i);
    sinks.push_back(add("dst" + std::to_string(i), "fake.sink"));
  }
  std::vector<host::RunResult> results(runs);
  std::vector<std::thread> threads;
  for (int i = 0; i < runs; ++i)
    threads.emplace_back([&, i] {
      results[i] =
          run(R"({"endpointId":"src)" + std::to_string(i) + R"(","sinkEndpointId":"dst)" + std::to_string(i) +
              R"(","policy":{"staging":{"maxBytes":"1MiB"},"batch":{"maxBytes":"64KiB","maxRecords":50}}})");
    });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < runs; ++i) {
    BOOST_TEST_CONTEXT(i) {
      BOOST_TEST(results[i].exit_code == 0);
      BOOST_TEST(sinks[i]->committed == numbers(500 + i), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
