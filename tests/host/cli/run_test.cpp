// `run`: requests, results, rejected records and exit codes.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "house.hpp"

namespace sluice::test {
namespace {

constexpr const char* request =
    R"({"runId":"r-1","endpointId":"events","unitId":"a.ndjson","sinkEndpointId":"copy"})";

BOOST_FIXTURE_TEST_SUITE(run, House)

BOOST_AUTO_TEST_CASE(a_request_from_a_file_moves_every_byte) {
  write("request.json", request);
  const Outcome outcome = sluice({"run", "request.json", "--json"});
  BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
  const auto result = only_object(outcome);
  BOOST_TEST(member(result, "runId") == "r-1");
  BOOST_TEST(member(result, "status") == "succeeded");
  BOOST_TEST(member(result, "stats.recordsRead") == "3");
  BOOST_TEST(member(result, "stats.recordsWritten") == "3");
  BOOST_TEST(member(result, "newCheckpoint").starts_with("{"));
  BOOST_TEST(member(result, "errors") == "[]");
  BOOST_TEST(read("out/a.ndjson") == read("events/a.ndjson"));
}

BOOST_AUTO_TEST_CASE(a_request_from_standard_input_is_the_same) {
  Spawn spawn = command({"run", "-", "--json"});
  spawn.input = request;
  const Outcome outcome = run_child(spawn);
  BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
  BOOST_TEST(member(only_object(outcome), "runId") == "r-1");
}

BOOST_AUTO_TEST_CASE(flags_make_a_request_and_go_before_a_file) {
  BOOST_TEST(sluice({"run", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "copy"}).exit_code == 0);
  BOOST_TEST(read("out/a.ndjson") == read("events/a.ndjson"));
  write("request.json", request);
  const Outcome outcome =
      sluice({"run", "request.json", "--endpoint", "numbers", "--unit", "records", "--sink", "sink", "--mode",
              "FULL", "--checkpoint", R"({"next":990})", "--staging", "memory", "--json"});
  BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
  BOOST_TEST(member(only_object(outcome), "stats.recordsRead") == "1000");  // FULL ignores the checkpoint
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_json_or_a_file) {
  write("at.json", R"({"next":990})");
  for (const char* checkpoint : {R"({"next":990})", "@at.json"}) {
    const Outcome outcome = sluice({"run", "--endpoint", "numbers", "--unit", "records", "--sink", "sink",
                                    "--mode", "INCREMENTAL", "--checkpoint", checkpoint, "--json"});
    BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
    BOOST_TEST(member(only_object(outcome), "stats.recordsRead") == "10");
  }
  BOOST_TEST(sluice({"run", "--endpoint", "numbers", "--checkpoint", "{next"}).exit_code == 2);
  BOOST_TEST(sluice({"run", "--endpoint", "numbers", "--checkpoint", "@missing"}).exit_code == 3);
}

BOOST_AUTO_TEST_CASE(people_get_a_summary_on_standard_output_alone) {
  write("request.json", request);
  const Outcome outcome = sluice({"run", "request.json", "-q"});
  BOOST_TEST(outcome.exit_code == 0);
  for (const char* part : {"status      succeeded\n", "3 read, 3 written, 0 rejected", "duration", "verdict",
                           "checkpoint", "receipt     read 3 = written 3 + rejected 0 + filtered 0\n"})
    BOOST_TEST(holds(outcome.out, part), outcome.out);
  BOOST_TEST(outcome.err == "");
}

BOOST_AUTO_TEST_CASE(no_progress_is_drawn_into_a_pipe) {
  const Outcome outcome = sluice({"run", "--endpoint", "numbers", "--unit", "records", "--sink", "sink"});
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(!holds(outcome.err, "\r"));
  BOOST_TEST(!holds(outcome.err, "\x1b"));
  BOOST_TEST(!holds(outcome.out, "\x1b"));
}

BOOST_AUTO_TEST_CASE(unknown_names_in_a_request_exit_2_with_the_nearest_one) {
  struct Case {
    const char *text, *wrong, *nearest;
  };
  const std::vector<Case> cases{
      {R"({"endpointId":"evnts","unitId":"a.ndjson","sinkEndpointId":"copy"})", "evnts", "events"},
      {R"({"endpointId":"events","unitId":"a.ndjsn","sinkEndpointId":"copy"})", "a.ndjsn", "a.ndjson"},
      {R"({"endpointId":"events","unitId":"a.ndjson","sinkEndpointId":"cop"})", "cop", "copy"},
      {R"({"endpointId":"events","unitId":"a.ndjson","sinkEndpointId":"copy","stagingProviderId":"memry"})",
       "memry", "memory"},
      {R"({"unitId":"records","sinkEndpointId":"sink","policy":{"templateId":"genrator","parameters":{}}})",
       "genrator", "generator"}};
  for (const Case& one : cases) {
    Spawn spawn = command({"run", "-", "--json"});
    spawn.input = one.text;
    const Outcome outcome = run_child(spawn);
    BOOST_TEST(outcome.exit_code == 2, outcome.out);
    const auto result = only_object(outcome);
    BOOST_TEST(member(result, "status") == "failed");
    BOOST_TEST(member(result, "errors.0.class") == "config");
    BOOST_TEST(holds(member(result, "errors.0.message"), one.wrong), outcome.out);
    BOOST_TEST(holds(member(result, "errors.0.hint"), one.nearest), outcome.out);
    spawn.arguments = {"run", "-"};
    const Outcome text = run_child(spawn);
    BOOST_TEST(text.exit_code == 2);
    BOOST_TEST(text.out == "");
    BOOST_TEST(holds(text.err, one.nearest), text.err);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_a_warning_and_with_strict_an_error) {
  Spawn spawn = command({"run", "-", "--json"});
  spawn.input =
      R"({"endpointId":"numbers","unitId":"records","sinkEndpointId":"sink","policy":{"comit":{"every":"1s"}}})";
  const Outcome warned = run_child(spawn);
  BOOST_TEST(warned.exit_code == 0, warned.out);
  BOOST_TEST(holds(member(only_object(warned), "warnings.0"), "comit"), warned.out);
  BOOST_TEST(holds(member(only_object(warned), "warnings.0"), "commit"), warned.out);
  spawn.arguments = {"run", "-"};
  BOOST_TEST(holds(run_child(spawn).err, "warning: "));
  spawn.arguments = {"run", "-", "-q"};
  BOOST_TEST(run_child(spawn).err == "");
  spawn.arguments = {"run", "-", "--json", "--strict"};
  const Outcome strict = run_child(spawn);
  BOOST_TEST(strict.exit_code == 2);
  BOOST_TEST(holds(member(only_object(strict), "errors.0"), "comit"), strict.out);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_no_json_is_refused_with_a_result) {
  for (const char* text : {"", "{", "[]", "{\"endpointId\":1}", "\xff"}) {
    Spawn spawn = command({"run", "-", "--json"});
    spawn.input = text;
    const Outcome outcome = run_child(spawn);
    BOOST_TEST(outcome.exit_code == 2, text);
    BOOST_TEST(member(only_object(outcome), "status") == "failed");
  }
}

BOOST_AUTO_TEST_CASE(what_is_missing_on_this_machine_exits_3_with_the_path) {
  const Outcome no_request = sluice({"run", "no-request.json"});
  BOOST_TEST(no_request.exit_code == 3);
  BOOST_TEST(holds(no_request.err, "no-request.json"), no_request.err);
  const Outcome no_folder = sluice({"run", "--endpoint", "gone", "--unit", "a", "--sink", "sink", "--json"});
  BOOST_TEST(no_folder.exit_code == 3, no_folder.out);
  BOOST_TEST(holds(member(only_object(no_folder), "errors.0"), "no-such-folder"), no_folder.out);
}

BOOST_AUTO_TEST_CASE(a_failing_plugin_exits_4_and_is_named) {
  const Outcome outcome =
      sluice({"run", "--endpoint", "broken", "--unit", "records", "--sink", "sink", "--json"});
  BOOST_TEST(outcome.exit_code == 4, outcome.out);
  const auto result = only_object(outcome);
  BOOST_TEST(member(result, "status") == "failed");
  BOOST_TEST(holds(member(result, "errors.0"), "chaos"), outcome.out);
  const Outcome text = sluice({"run", "--endpoint", "broken", "--unit", "records", "--sink", "sink"});
  BOOST_TEST(text.exit_code == 4);
  BOOST_TEST(holds(text.out, "status      failed"), text.out);
  BOOST_TEST(holds(text.err, "error: "), text.err);
  BOOST_TEST(holds(text.err, "  code: E_CHAOS"), text.err);
  const Outcome quiet = sluice({"run", "--endpoint", "broken", "--unit", "records", "--sink", "sink", "-q"});
  BOOST_TEST(quiet.err.starts_with("error: "), quiet.err);
  BOOST_TEST(quiet.err.find("error", 6) == std::string::npos, "said once: " << quiet.err);
}

BOOST_AUTO_TEST_CASE(bad_lines_are_rejected_counted_and_kept) {
  write("events/bad.ndjson", "{\"id\":1}\nnot json\n{\"id\":2}\n{\"id\":\n{\"id\":3}\n");
  Spawn spawn = command({"run", "-", "--json"});
  spawn.input = R"({"endpointId":"events","unitId":"bad.ndjson","sinkEndpointId":"copy",
                    "policy":{"errors":{"maxRejected":10,"deadLetterPath":"dead.ndjson"}}})";
  const Outcome outcome = run_child(spawn);
  BOOST_TEST(outcome.exit_code == 0, outcome.out);
  const auto result = only_object(outcome);
  BOOST_TEST(member(result, "stats.recordsRead") == "5");
  BOOST_TEST(member(result, "stats.recordsWritten") == "3");
  BOOST_TEST(member(result, "stats.recordsRejected") == "2");
  BOOST_TEST(read("out/bad.ndjson") == "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
  const std::string dead = read("dead.ndjson");
  BOOST_TEST(std::count(dead.begin(), dead.end(), '\n') == 2);
  BOOST_TEST(holds(dead, "not json"), dead);
  BOOST_TEST(holds(dead, "bad.ndjson"), dead);
}

BOOST_AUTO_TEST_CASE(too_many_rejected_records_exit_5_with_a_valid_checkpoint) {
  write("events/bad.ndjson", "{\"id\":1}\nnot json\n{\"id\":2}\n");
  const Outcome outcome =
      sluice({"run", "--endpoint", "events", "--unit", "bad.ndjson", "--sink", "copy", "--json"});
  BOOST_TEST(outcome.exit_code == 5, outcome.out);
  const auto result = only_object(outcome);
  BOOST_TEST(member(result, "status") == "failed");
  BOOST_TEST(member(result, "stats.recordsRejected") == "1");
  const std::string checkpoint = member(result, "newCheckpoint");
  BOOST_TEST((checkpoint == "null" || checkpoint.starts_with("{")), checkpoint);
}

BOOST_AUTO_TEST_CASE(documents_become_rows) {
  const Outcome outcome =
      sluice({"run", "--endpoint", "events", "--unit", "a.ndjson", "--sink", "lake", "--json"});
  BOOST_TEST(outcome.exit_code == 0, outcome.out << outcome.err);
  BOOST_TEST(member(only_object(outcome), "stats.recordsWritten") == "3");
  BOOST_TEST(read("lake.db").starts_with("SQLite format 3"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
