// What arrives, in which order, with which counts and checkpoints.
#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;
using host::RunStatus;

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_FIXTURE_TEST_CASE(records_arrive_in_order_and_the_receipt_adds_up, Engine) {
  source->read = counting(25'000);
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST((result.status == RunStatus::succeeded));
  BOOST_TEST(sink->committed == numbers(25'000), boost::test_tools::per_element());
  BOOST_TEST(result.counts.read() == 25'000u);
  BOOST_TEST(result.counts.written == 25'000u);
  BOOST_TEST(result.counts.batches == 3u);
  BOOST_TEST(result.counts.reconciled());
  BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":25000})");
  BOOST_TEST(sink->final_commits == 1u);
}

BOOST_FIXTURE_TEST_CASE(no_new_data_is_a_success_that_keeps_the_checkpoint, Engine) {
  source->read = counting(10);
  const host::RunResult result = run(R"({"checkpoint":{"next":10}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.read() == 0u);
  BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":10})");
  BOOST_TEST(host::verdict(result) == "no data");
}

BOOST_FIXTURE_TEST_CASE(an_incremental_run_takes_exactly_what_is_new, Engine) {
  source->read = counting(10);
  BOOST_TEST(run(R"({"checkpoint":{"next":7}})").counts.written == 3u);
  BOOST_TEST(sink->committed.front() == R"({"n":7})");
}

BOOST_FIXTURE_TEST_CASE(full_mode_ignores_the_checkpoint, Engine) {
  source->read = counting(10);
  const host::RunResult result = run(R"({"checkpoint":{"next":7},"policy":{"mode":"FULL"}})");
  BOOST_TEST(result.counts.written == 10u);
  BOOST_TEST(boost::json::serialize(result.checkpoint_before) == R"({"next":7})");
}

BOOST_FIXTURE_TEST_CASE(commits_follow_the_policys_pace, Engine) {
  source->read = counting(1000);
  const host::RunResult result =
      run(R"({"policy":{"batch":{"maxRecords":10},"commit":{"everyBytes":"500B"}}})");
  // 1000 records of about 9 bytes: a commit about every 6 batches.
  BOOST_TEST(result.commits > 10u);
  BOOST_TEST(result.commits < 30u);
  BOOST_TEST(sink->commits == result.commits);
}

BOOST_FIXTURE_TEST_CASE(a_token_names_run_checkpoint_and_sequence, Engine) {
  source->read = counting(5);
  run(R"({"runId":"run-1"})");
  BOOST_TEST(sink->tokens.back().at("runId").as_string() == "run-1");
  BOOST_TEST(sink->tokens.back().at("checkpoint").at("next").as_integer() == 5);
  BOOST_TEST(sink->tokens.back().at("slices").as_array().at(0).at("sequence").as_integer() == 1);
}

BOOST_FIXTURE_TEST_CASE(tables_reach_a_sink_of_documents_as_json, Engine) {
  source = add("src", "fake.tables");
  sink = add("dst", "fake.json");
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    TableBuilder rows(out, {{"id", Type::int64}, {"name", Type::utf8}});
    for (int64_t id = 0; id < 3; ++id) {
      rows.begin_row();
      rows.set_int64(0, id);
      if (id != 1) rows.set_text(1, "x\"y");
      rows.end_row();
    }
    rows.flush();
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(sink->committed.size() == 3u);
  BOOST_TEST(sink->committed.at(1) == R"({"id":1,"name":null})");
  BOOST_TEST(sink->committed.at(2) == R"({"id":2,"name":"x\"y"})");
}

BOOST_FIXTURE_TEST_CASE(a_limit_of_records_ends_the_run_in_success_and_the_next_goes_on, Engine) {
  source->read = counting(100);
  const host::RunResult first = run(R"({"policy":{"limits":{"maxRecords":30}}})");
  BOOST_TEST(first.exit_code == 0);
  BOOST_TEST(first.counts.written == 30u);
  BOOST_TEST(warned(first, "W_LIMIT_REACHED"));
  BOOST_TEST(boost::json::serialize(first.new_checkpoint) == R"({"next":30})");
  BOOST_TEST(run(R"({"checkpoint":{"next":30}})").counts.written == 70u);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_slow_sink_slows_the_source_within_the_staging_bound, Engine) {
  source->read = counting(50'000);
  sink->on_write = [](const BatchView&, Rejects&, const HostServices& services) {
    services.wait(std::chrono::milliseconds(1));
  };
  const host::RunResult result =
      run(R"({"policy":{"staging":{"maxBytes":"128KiB"},"batch":{"maxBytes":"16KiB","maxRecords":500}}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 50'000u);
  BOOST_TEST(result.peak_staging <= 128u * 1024);
  BOOST_TEST(result.source_blocked.count() > 0);
  BOOST_TEST(mentions(host::verdict(result), "sink-bound"));
}

BOOST_FIXTURE_TEST_CASE(a_sink_that_defers_gives_no_checkpoint_before_its_final_commit, Engine) {
  sink->defer_commits = true;
  source->read = [](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    counting(100)(request, out, services);
    throw Error(ErrorClass::system, "E_LOST", "the connection is gone");
  };
  const host::RunResult failed = run(R"({"policy":{"mode":"FULL","commit":{"everyBytes":"1B"}}})");
  BOOST_TEST(failed.exit_code == 4);
  BOOST_TEST(failed.new_checkpoint.is_null());
  BOOST_TEST(failed.counts.read() == 100u);
  BOOST_TEST(failed.counts.written == 0u);
  BOOST_TEST(sink->committed.empty());

  source->read = counting(100);
  const host::RunResult good = run(R"({"policy":{"mode":"FULL"}})");
  BOOST_TEST(boost::json::serialize(good.new_checkpoint) == R"({"next":100})");
  BOOST_TEST(sink->committed.size() == 100u);
}

BOOST_FIXTURE_TEST_CASE(exactly_once_commits_only_where_a_checkpoint_covers_all, Engine) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    // The second half has no checkpoint, and then the source fails.
    bool tell = true;
    int64_t n = 0;
    DocumentBuilder batch(out, [&] { return tell ? Json::object({{"next", n}}) : Json(); });
    for (; n < 10; ++n) batch.append(std::to_string(n));
    batch.flush();
    tell = false;
    for (; n < 20; ++n) batch.append(std::to_string(n));
    batch.flush();
    throw Error(ErrorClass::system, "E_LOST", "gone");
  };
  const host::RunResult result =
      run(R"({"policy":{"delivery":"exactly-once","commit":{"everyBytes":"1B"}}})");
  BOOST_TEST(result.exit_code == 4);
  BOOST_TEST(sink->committed.size() == 10u);
  BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":10})");
}

BOOST_FIXTURE_TEST_CASE(exactly_once_goes_on_from_what_the_sink_holds_when_the_caller_lost_its_checkpoint,
                        Engine) {
  source->read = counting(10);
  run();
  source->read = counting(15);
  const host::RunResult result = run(R"({"policy":{"delivery":"exactly-once"}})");
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(warned(result, "W_RESUMED_FROM_SINK"));
  BOOST_TEST(sink->committed == numbers(15), boost::test_tools::per_element());
}

// The sink's process dies between its commit and its answer, at each commit in turn.
BOOST_FIXTURE_TEST_CASE(exactly_once_a_commit_without_an_answer_is_counted_once, Engine) {
  for (int lost = 1; lost <= 4; ++lost) {
    sink->committed.clear();
    sink->tokens.clear();
    source->read = counting(30);
    int commits = 0;
    sink->after_commit = [&](const CommitToken&) {
      if (++commits == lost) throw Error(ErrorClass::transient, "E_PLUGIN_CRASHED", "gone after its commit");
    };
    const host::RunResult result =
        run(R"({"policy":{"delivery":"exactly-once","batch":{"maxRecords":10},"commit":{"everyBytes":"1B"},)"
            R"("retry":{"maxAttempts":2,"initialBackoff":"1ms"}}})");
    sink->after_commit = nullptr;
    BOOST_TEST(result.exit_code == 0, "commit " << lost << ": " << first_code(result));
    BOOST_TEST(result.counts.read() == 30u);
    BOOST_TEST(result.counts.written == 30u);
    BOOST_TEST(!warned(result, "W_RESUMED_FROM_SINK"));
    BOOST_TEST(boost::json::serialize(result.new_checkpoint) == R"({"next":30})");
    BOOST_TEST(sink->committed == numbers(30), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()
