// bench: that it measures, says what, and leaves nothing behind. Not how fast anything is.
#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "house.hpp"

namespace sluice::test {
namespace {

class BenchHouse : public House {
 public:
  BenchHouse() { std::filesystem::create_directory(folder() / "tmp"); }

  Spawn bench(std::vector<std::string> options) const {
    options.insert(options.begin(), "bench");
    Spawn spawn = command(std::move(options));
    spawn.environment.emplace_back("TMPDIR", (folder() / "tmp").string());
    return spawn;
  }
  bool nothing_is_left() const { return std::filesystem::is_empty(folder() / "tmp"); }
};

BOOST_FIXTURE_TEST_SUITE(bench, BenchHouse)

BOOST_AUTO_TEST_CASE(every_way_is_measured_and_nothing_is_left) {
  const Outcome outcome = run_child(bench({"--size", "1MiB", "--rounds", "1", "--json"}));
  BOOST_TEST_REQUIRE(outcome.exit_code == 0, outcome.err);
  const boost::json::object answer = only_object(outcome);
  BOOST_TEST(member(answer, "machine.cores") != "(missing)");
  const boost::json::array& workloads = answer.at("workloads").as_array();
  BOOST_TEST_REQUIRE(workloads.size() == 3u);
  for (const boost::json::value& workload : workloads) {
    BOOST_TEST(member(workload.as_object(), "meaning") != "(missing)");
    for (const boost::json::value& way : workload.at("ways").as_array())
      BOOST_TEST(way.at("figure").at("median").as_double() > 0, member(way.as_object(), "name"));
  }
  // What a way is compared with is in the same answer.
  BOOST_TEST(member(answer, "workloads.0.ways.0.name") == "cp");
  BOOST_TEST(member(answer, "workloads.0.ways.3.name") == "lines-memory");
  BOOST_TEST(member(answer, "workloads.0.ways.3.ratios.0.to") == "cp");
  BOOST_TEST(holds(outcome.err, "file-to-file: round 1 of 1, file.lines, memory"), outcome.err);
  BOOST_TEST(nothing_is_left());
}

BOOST_AUTO_TEST_CASE(one_workload_as_a_table) {
  const Outcome outcome = run_child(bench({"--workload", "empty-run", "--rounds", "1"}));
  BOOST_TEST_REQUIRE(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(holds(outcome.out, "empty run, memory, isolated"), outcome.out);
  BOOST_TEST(holds(outcome.out, "The least that a run costs"), outcome.out);
  BOOST_TEST(!holds(outcome.out, "file.lines"), outcome.out);
}

BOOST_AUTO_TEST_CASE(what_it_does_not_know_is_refused) {
  const Outcome outcome = run_child(bench({"--workload", "files", "--json"}));
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(member(only_object(outcome), "error.code") == "E_BENCH");
  BOOST_TEST(run_child(bench({"--rounds", "0"})).exit_code == 2);
  BOOST_TEST(run_child(bench({"--size", "much"})).exit_code == 2);
  BOOST_TEST(nothing_is_left());
}

BOOST_AUTO_TEST_CASE(a_signal_ends_it_and_nothing_is_left) {
  Child child(bench({"--size", "1MiB", "--rounds", "1000", "--workload", "file-to-file"}));
  child.await_stderr("round 1 of 1000");
  child.signal(SIGINT);
  const Outcome outcome = child.wait();
  BOOST_TEST(outcome.exit_code == 6);
  BOOST_TEST(outcome.out == "");
  BOOST_TEST(nothing_is_left());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
