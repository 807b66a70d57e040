// What isolation must not change: results, bytes, counts, cancellation.
#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "plain_host.hpp"

namespace data = boost::unit_test::data;

namespace sluice::test {

namespace {

std::string lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "line " + std::to_string(i) + " of some length\n";
  return text;
}

std::string path_config(const std::string& path) {
  return R"({"path":")" + path + R"("})";
}

// Errors and all that differs from run to run.
boost::json::object counts(const boost::json::object& result) {
  const auto& stats = result.at("stats").as_object();
  boost::json::object out;
  for (const char* key : {"recordsRead", "recordsWritten", "recordsRejected", "bytesRead", "bytesWritten"})
    out[key] = stats.at(key);
  out["newCheckpoint"] = result.at("newCheckpoint");
  return out;
}

constexpr const char* apart[] = {R"({"isolation":"process"})",
                                 R"({"isolation":{"source":"process","sink":"in-process"}})",
                                 R"({"isolation":{"source":"in-process","sink":"process"}})"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(isolated_run, PlainHost)

BOOST_DATA_TEST_CASE_F(PlainHost, bytes_and_counts_are_those_of_a_run_in_process,
                       data::make(apart) * data::make({"memory", "mmap"}), policy, staging) {
  const std::string text = lines(200'000);
  const std::string in = path_config(write("in.txt", text));
  const auto plain =
      run_well("file.lines", in, "in.txt", "file.lines", path_config(path("plain.txt")), "{}", staging);
  const auto isolated =
      run_well("file.lines", in, "in.txt", "file.lines", path_config(path("out.txt")), policy, staging);
  BOOST_TEST((read("out.txt") == text));
  BOOST_TEST(boost::json::serialize(counts(isolated)) == boost::json::serialize(counts(plain)));
  BOOST_TEST(children().empty());
}

BOOST_AUTO_TEST_CASE(staging_on_the_disk_is_copied_once_and_comes_out_the_same) {
  const std::string text = lines(50'000);
  run_well("file.lines", path_config(write("in.txt", text)), "in.txt", "file.lines",
           path_config(path("out.txt")), R"({"isolation":"process","staging":{"durability":"disk"}})",
           "mmap");
  BOOST_TEST((read("out.txt") == text));
}

BOOST_AUTO_TEST_CASE(slices_are_read_by_instances_in_one_worker) {
  const std::string text = lines(300'000);
  const auto result =
      run_well("file.lines", path_config(write("in.txt", text)), "in.txt", "file.lines",
               path_config(path("out.txt")), R"({"isolation":"process","parallelism":{"slices":4}})");
  BOOST_TEST((read("out.txt") == text));
  BOOST_TEST(result.at("stats").at("recordsWritten").as_int64() == 300'000);
}

BOOST_AUTO_TEST_CASE(tables_reach_a_sink_of_documents_through_a_copy) {
  std::string csv = "id,name\n";
  for (int i = 0; i < 5000; ++i) csv += std::to_string(i) + ",name " + std::to_string(i) + "\n";
  const std::string in = path_config(write("in.csv", csv));
  run_well("file.csv", in, "in.csv", "file.ndjson", path_config(path("plain.ndjson")));
  run_well("file.csv", in, "in.csv", "file.ndjson", path_config(path("out.ndjson")),
           R"({"isolation":"process"})");
  BOOST_TEST(!read("out.ndjson").empty());
  BOOST_TEST((read("out.ndjson") == read("plain.ndjson")));
}

BOOST_AUTO_TEST_CASE(rejected_records_are_counted_and_kept_with_their_bytes) {
  const std::string in = path_config(write("in.ndjson", "{\"a\":1}\nnot json\n{\"a\":2}\n"));
  const std::string policy =
      R"({"errors":{"maxRejected":5,"deadLetterPath":")" + path("dead.ndjson") + R"("},)";
  const auto result = run("file.ndjson", in, "in.ndjson", "file.ndjson", path_config(path("out.ndjson")),
                          policy + R"("isolation":"process"})");
  BOOST_TEST(result.at("stats").at("recordsRejected").as_int64() == 1);
  BOOST_TEST(read("out.ndjson") == "{\"a\":1}\n{\"a\":2}\n");
  BOOST_TEST(read("dead.ndjson").find("not json") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_incremental_run_goes_on_from_the_checkpoint_of_the_other_kind) {
  const std::string in = path_config(write("in.txt", "one\n"));
  const std::string out = path_config(path("out.txt"));
  const auto first = run_well("file.lines", in, "in.txt", "file.lines", out,
                              R"({"mode":"INCREMENTAL","isolation":"process"})");
  write("in.txt", "one\ntwo\n");
  const std::string request =
      R"({"endpointId":"from","unitId":"in.txt","sinkEndpointId":"to","checkpoint":)" +
      boost::json::serialize(first.at("newCheckpoint")) +
      R"(,"policy":{"mode":"INCREMENTAL","templateId":"file.lines","parameters":)" + in +
      R"(,"sink":{"templateId":"file.lines","parameters":)" + out + "}}}";
  BOOST_TEST(host->run(request).exit_code == 0);
  BOOST_TEST(read("out.txt") == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(a_drain_reaches_the_source_in_its_process) {
  host::RunOptions options;
  options.progress_interval = std::chrono::milliseconds(5);
  options.on_progress = [&options](const host::Progress& at) {
    if (at.records_read > 1000) options.cancellation.drain();
  };
  const auto result = run("generator", R"({"rate":20000,"count":10000000})", "records", "null", "{}",
                          R"({"isolation":"process"})", "memory", options);
  BOOST_TEST(result.at("status").as_string() == "cancelled");
  const auto& stats = result.at("stats").as_object();
  BOOST_TEST(stats.at("recordsWritten").as_int64() == stats.at("recordsRead").as_int64());
  BOOST_TEST(!result.at("newCheckpoint").is_null());
  BOOST_TEST(children().empty());
}

BOOST_AUTO_TEST_CASE(a_stop_ends_a_sink_that_waits_in_its_process) {
  host::RunOptions options;
  options.progress_interval = std::chrono::milliseconds(5);
  options.on_progress = [&options](const host::Progress& at) {
    if (at.elapsed > std::chrono::milliseconds(100)) options.cancellation.stop();
  };
  const auto result = run("chaos", "{}", "records", "chaos", R"({"action":"hang"})",
                          R"({"isolation":"process"})", "memory", options);
  BOOST_TEST(result.at("status").as_string() == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_limit_that_the_policy_cannot_have_is_refused_by_name) {
  const auto result =
      run("generator", "{}", "records", "null", "{}", R"({"isolation":{"budget":{"memory":"1KiB"}}})");
  BOOST_TEST(code_of(result) == "E_REQUEST_INVALID");
  BOOST_TEST(boost::json::serialize(result.at("errors")).find("policy.isolation.budget.memory") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(runs_of_many_threads_do_not_disturb_each_other) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      // Every fourth one crashes in its worker. Each is a pipeline of its own.
      const bool crash = i % 4 == 0;
      const std::string number = std::to_string(5000 + i);
      const auto result = run(
          crash ? "chaos" : "generator",
          crash ? R"({"action":"crash","at":10,"records":)" + number + "}" : R"({"count":)" + number + "}",
          "records", "null", "{}", R"({"isolation":"process"})");
      if (has_crashed(result) == crash &&
          (crash || result.at("stats").at("recordsWritten").as_int64() == 5000 + i))
        ++good;
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(good == 16);
  BOOST_TEST(children().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::test
