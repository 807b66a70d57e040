// The words of the command line, exit code 2, and where text goes.
#include <boost/test/unit_test.hpp>

#include "house.hpp"

namespace sluice::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(usage, House)

BOOST_AUTO_TEST_CASE(help_prints_the_exit_codes_and_an_example) {
  const Outcome help = sluice({"--help"});
  BOOST_TEST(help.exit_code == 0);
  BOOST_TEST(help.err == "");
  for (const char* part : {"Exit codes:", "  0  ",   "  1  ",     "  2  ",    "  3  ",  "  4  ",   "  5  ",
                           "  6  ",       "  7  ",   "128+",      "Example:", "run",    "check",   "units",
                           "preview",     "plugins", "endpoints", "validate", "doctor", "version", "bench"})
    BOOST_TEST(holds(help.out, part), part);
}

BOOST_AUTO_TEST_CASE(every_command_has_help_with_an_example) {
  const std::vector<std::vector<std::string>> commands{{"run"},
                                                       {"check"},
                                                       {"units"},
                                                       {"preview"},
                                                       {"plugins"},
                                                       {"plugins", "list"},
                                                       {"plugins", "inspect"},
                                                       {"plugins", "retry"},
                                                       {"endpoints"},
                                                       {"endpoints", "list"},
                                                       {"endpoints", "describe"},
                                                       {"staging"},
                                                       {"staging", "list"},
                                                       {"staging", "check"},
                                                       {"staging", "repair"},
                                                       {"staging", "cat"},
                                                       {"staging", "gc"},
                                                       {"validate"},
                                                       {"bench"},
                                                       {"doctor"},
                                                       {"version"}};
  for (std::vector<std::string> words : commands) {
    const std::string usage = "Usage: sluice " + words.front();
    words.emplace_back("--help");
    const Outcome help = sluice(words);
    BOOST_TEST(help.exit_code == 0, words.front());
    BOOST_TEST(holds(help.out, "Example:\n  sluice "), help.out);
    BOOST_TEST(holds(help.out, usage), help.out);
  }
}

BOOST_AUTO_TEST_CASE(unknown_words_are_refused_with_the_nearest_known_one) {
  struct Case {
    std::vector<std::string> words;
    const char *message, *hint;
  };
  const std::vector<Case> cases{{{"rum"}, "unknown command \"rum\"", "\"run\""},
                                {{"plugins", "lst"}, "unknown command \"lst\"", "\"list\""},
                                {{"staging", "chek"}, "unknown command \"chek\"", "\"check\""},
                                {{"staging", "cat"}, "STAGEREF", "--help"},
                                {{"run", "r.json", "--strickt"}, "unknown option --strickt", "\"--strict\""},
                                {{"--jsn", "version"}, "unknown option --jsn", "\"--json\""},
                                {{"units", "events", "--confg=x"}, "unknown option --confg", "\"--config\""},
                                {{"units", "events", "more"}, "\"more\" is one argument too many", "--help"},
                                {{"units"}, "ENDPOINT", "--help"},
                                {{"preview", "events", "a.ndjson", "-n", "0"}, "--records", "--help"},
                                {{}, "needs a command", "run"},
                                {{"endpoints"}, "needs a command", "describe"},
                                {{"run"}, "no request", "--endpoint"}};
  for (const Case& one : cases) {
    const Outcome outcome = sluice(one.words);
    BOOST_TEST(outcome.exit_code == 2, one.message);
    BOOST_TEST(outcome.out == "", one.message);
    BOOST_TEST(outcome.err.starts_with("error: "), outcome.err);
    BOOST_TEST(holds(outcome.err, one.message), outcome.err);
    BOOST_TEST(holds(outcome.err, one.hint), outcome.err);
    BOOST_TEST(holds(outcome.err, "  code: E_USAGE"), outcome.err);
  }
}

BOOST_AUTO_TEST_CASE(usage_errors_are_an_object_with_json) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--json", "rum"}, {"rum", "--json"}}) {
    const Outcome outcome = sluice(words);
    BOOST_TEST(outcome.exit_code == 2);
    const auto object = only_object(outcome);
    BOOST_TEST(member(object, "error.code") == "E_USAGE");
    BOOST_TEST(member(object, "error.class") == "config");
    BOOST_TEST(member(object, "error.retryable") == "false");
    BOOST_TEST(outcome.err == "");
  }
}

BOOST_AUTO_TEST_CASE(global_options_stand_before_or_after_the_command) {
  const Outcome before = sluice({"--json", "--config", "sluice.yaml", "endpoints", "list"});
  const Outcome after = sluice({"endpoints", "list", "--config", "sluice.yaml", "--json"});
  BOOST_TEST(before.exit_code == 0);
  BOOST_TEST(before.out == after.out);
  BOOST_TEST(member(only_object(before), "endpoints.0.endpointId") != "(missing)");
}

BOOST_AUTO_TEST_CASE(an_endpoint_may_be_called_like_a_command) {
  write("sluice.yaml", "version: 1\nendpoints:\n  run: { template: generator }\n");
  const Outcome outcome = sluice({"units", "run", "--json"});
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(member(only_object(outcome), "endpoint") == "run");
}

BOOST_AUTO_TEST_CASE(version_needs_nothing) {
  const Outcome outcome = sluice({"version", "--json"});
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(member(only_object(outcome), "version") != "(missing)");
  BOOST_TEST(member(only_object(outcome), "abi.newest") != "(missing)");
  BOOST_TEST(sluice({"--version"}).out == sluice({"version"}).out);
  BOOST_TEST(sluice({"--version"}).out.starts_with("sluice "));
}

BOOST_AUTO_TEST_CASE(a_wrong_environment_is_refused) {
  Spawn spawn = command({"version"});
  spawn.environment = {{"SLUICE_LOG", "warnin"}};
  const Outcome outcome = run_child(spawn);
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(holds(outcome.err, "\"warning\""), outcome.err);
}

BOOST_AUTO_TEST_CASE(errors_are_json_lines_when_the_log_is) {
  Spawn spawn = command({"units", "evnts"});
  spawn.environment = {{"SLUICE_LOG", "json"}};
  const Outcome outcome = run_child(spawn);
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(outcome.err.starts_with("{\"ts\":"), outcome.err);
  BOOST_TEST(holds(outcome.err, "\"level\":\"error\""), outcome.err);
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_is_an_environment_error) {
  Spawn closed = command({"version"});
  closed.stdout_is_closed = true;
  const Outcome outcome = run_child(closed);
  BOOST_TEST(outcome.exit_code == 3);
  BOOST_TEST(holds(outcome.err, "standard output"), outcome.err);
}

BOOST_AUTO_TEST_CASE(a_closed_output_never_becomes_a_data_file) {
  Spawn closed = command({"run", "--json", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "copy"});
  closed.stdout_is_closed = true;
  BOOST_TEST(run_child(closed).exit_code == 3);
  BOOST_TEST(read("out/a.ndjson") == read("events/a.ndjson"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
