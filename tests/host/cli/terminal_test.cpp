// Under a terminal: progress, colours and signals. The bar also tells these tests that the run is under way.
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "house.hpp"

namespace sluice::test {
namespace {

Spawn on_terminal(const House& house, std::vector<std::string> arguments) {
  Spawn spawn = house.command(std::move(arguments));
  spawn.stderr_is_terminal = true;
  return spawn;
}

const std::vector<std::string> slow_run{"run",     "--endpoint", "slow", "--unit",
                                        "records", "--sink",     "sink", "--json"};
const std::vector<std::string> stuck_run{"run",     "--endpoint", "stuck", "--unit",
                                         "records", "--sink",     "sink",  "--json"};

BOOST_FIXTURE_TEST_SUITE(terminal, House)

BOOST_AUTO_TEST_CASE(a_bar_shows_the_run_and_the_first_signal_drains_it) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Child child(on_terminal(*this, slow_run));
    child.await_stderr(" records  ");
    child.signal(signal);
    const Outcome outcome = child.wait();
    BOOST_TEST(outcome.exit_code == 6, outcome.out << outcome.err);
    const auto result = only_object(outcome);
    BOOST_TEST(member(result, "status") == "cancelled");
    // Everything that was read is written, and the checkpoint stands behind it.
    BOOST_TEST(member(result, "stats.recordsRead") == member(result, "stats.recordsWritten"));
    BOOST_TEST(member(result, "newCheckpoint.next") == member(result, "stats.recordsWritten"));
    for (const char* part : {"\r", "] 0 %", "staging ", "ETA ", "draining"})
      BOOST_TEST(holds(outcome.err, part), part);
    BOOST_TEST(outcome.err.ends_with("\r\x1b[K"), "the bar is taken away at the end");
  }
}

BOOST_AUTO_TEST_CASE(what_was_drained_is_gone_on_from) {
  Child child(on_terminal(*this, slow_run));
  child.await_stderr(" records  ");
  child.signal(SIGINT);
  const auto drained = only_object(child.wait());
  const std::string checkpoint = member(drained, "newCheckpoint");
  write(
      "fast.yaml",
      "version: 1\nendpoints:\n  fast: { template: generator, config: { count: 60000, recordBytes: 100 } }\n"
      "  sink: { template: \"null\" }\n");
  const auto rest =
      only_object(sluice({"run", "--config", "fast.yaml", "--endpoint", "fast", "--unit", "records", "--sink",
                          "sink", "--mode", "INCREMENTAL", "--checkpoint", checkpoint, "--json"}));
  BOOST_TEST(std::stoi(member(drained, "stats.recordsWritten")) +
                 std::stoi(member(rest, "stats.recordsWritten")) ==
             60000);
}

BOOST_AUTO_TEST_CASE(the_second_signal_ends_even_a_plugin_that_hears_nothing) {
  Child child(on_terminal(*this, stuck_run));
  child.await_stderr(" records  ");
  child.signal(SIGINT);
  child.await_stderr("a second one stops at once");
  child.signal(SIGTERM);
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = child.wait();
  BOOST_TEST(outcome.exit_code == 128 + SIGTERM, outcome.out << outcome.err);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_CASE(quiet_draws_nothing) {
  std::vector<std::string> words{"run", "--endpoint", "numbers", "--unit", "records", "--sink", "sink", "-q"};
  const Outcome outcome = run_child(on_terminal(*this, words));
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(outcome.err == "");
}

BOOST_AUTO_TEST_CASE(colour_is_for_terminals_that_want_it) {
  const std::vector<std::string> wrong{"units", "evnts"};
  BOOST_TEST(holds(run_child(on_terminal(*this, wrong)).err, "\x1b[31merror:"));

  BOOST_TEST(!holds(sluice(wrong).err, "\x1b"));
  BOOST_TEST(!holds(run_child(on_terminal(*this, {"units", "evnts", "--no-color"})).err, "\x1b"));
  Spawn refused = on_terminal(*this, wrong);
  refused.environment = {{"NO_COLOR", "1"}};
  BOOST_TEST(!holds(run_child(refused).err, "\x1b"));
  Spawn dumb = on_terminal(*this, wrong);
  dumb.environment = {{"TERM", "dumb"}};
  BOOST_TEST(!holds(run_child(dumb).err, "\x1b"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
