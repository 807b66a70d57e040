#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "host/worker/worker_death.hpp"

namespace sluice::host {

namespace {

WorkerDeath by_status(int status) {
  WorkerDeath death;
  death.status_known = true;
  death.status = status;
  return death;
}

std::string says(const WorkerDeath& death, const WorkerBudget& budget = {},
                 const std::string& during = "read") {
  const Error error = describe(death, budget, during, "/plugins/x.so");
  BOOST_TEST(error.where() == "/plugins/x.so");
  BOOST_TEST(error.transient());
  BOOST_TEST(is_worker_loss(error));
  return error.code() + " " + error.message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_death)

BOOST_AUTO_TEST_CASE(a_signal_is_named_with_the_call) {
  BOOST_TEST(says(by_status(SIGSEGV)) ==
             "E_PLUGIN_CRASHED the plugin crashed with signal 11 (SIGSEGV), in read()");
}

BOOST_AUTO_TEST_CASE(an_exit_tells_its_status) {
  BOOST_TEST(says(by_status(7 << 8)) ==
             "E_PLUGIN_EXITED the plugin ended its process with exit status 7, in read()");
}

BOOST_AUTO_TEST_CASE(the_cpu_limit_is_told_from_a_crash_by_the_signal_or_by_the_time_used) {
  WorkerBudget budget;
  budget.cpu_seconds = 2;
  BOOST_TEST(says(by_status(SIGXCPU), budget).starts_with("E_PLUGIN_CPU "));
  WorkerDeath killed = by_status(SIGKILL);
  BOOST_TEST(says(killed, budget).starts_with("E_PLUGIN_CRASHED "));
  killed.usage.ru_utime.tv_sec = 2;
  BOOST_TEST(says(killed, budget).starts_with("E_PLUGIN_CPU the plugin used up its budget of 2 CPU seconds"));
}

BOOST_AUTO_TEST_CASE(what_the_host_ended_it_for_comes_before_the_signal) {
  WorkerBudget budget;
  budget.memory_bytes = uint64_t{64} << 20;
  budget.stop_timeout = std::chrono::milliseconds(1500);
  WorkerDeath death = by_status(SIGKILL);
  death.end = WorkerEnd::memory;
  BOOST_TEST(
      says(death, budget).starts_with("E_PLUGIN_MEMORY the plugin used up its memory budget of 64 MiB"));
  death.end = WorkerEnd::deaf;
  BOOST_TEST(says(death, budget).starts_with("E_PLUGIN_HUNG the plugin did not stop, 1500 ms after"));
}

BOOST_AUTO_TEST_CASE(a_crash_near_the_memory_budget_says_so) {
  WorkerBudget budget;
  budget.memory_bytes = 100;
  WorkerDeath death = by_status(SIGABRT);
  death.memory_seen = 95;
  BOOST_TEST(says(death, budget).find("nearly used up") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_the_end_of_long_output_is_told) {
  WorkerDeath death = by_status(SIGABRT);
  death.output = std::string(5000, 'a') + " the last words";
  const std::string text = says(death);
  BOOST_TEST(text.size() < 1000u);
  BOOST_TEST(text.ends_with(" the last words"));
}

BOOST_AUTO_TEST_CASE(an_end_before_the_plugin_was_touched_blames_the_worker_and_tells_its_last_words) {
  WorkerDeath death = by_status(127 << 8);
  death.output = std::string(5000, 'a') + " no such library";
  const Error error = describe_failed_start(death, "/lib/sluice-worker", "/plugins/x.so");
  BOOST_TEST(error.code() == "E_WORKER_START");
  BOOST_TEST(error.transient());
  BOOST_TEST(!is_worker_loss(error));
  BOOST_TEST(error.message().starts_with(
      "the worker process /lib/sluice-worker ended before it touched the plugin: exit status 127; "));
  BOOST_TEST(error.message().ends_with(" no such library"));
  BOOST_TEST(describe_failed_start(by_status(SIGKILL), "w", "").message().ends_with("signal 9 (SIGKILL)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
