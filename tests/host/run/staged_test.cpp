// Runs in two halves, and runs that go on: what is read, what is delivered, what the results say.
#include "staged.hpp"

using namespace sluice;
using namespace sluice::test;

BOOST_AUTO_TEST_SUITE(staged)

BOOST_FIXTURE_TEST_CASE(a_run_over_mmap_leaves_nothing_behind, Staged) {
  serve(5'000);
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST(sink->committed == numbers(5'000), boost::test_tools::per_element());
  BOOST_TEST(result.stage_ref == "");
  BOOST_TEST(result.staging_durability == "os");
  BOOST_TEST(sessions().empty());
  BOOST_TEST(result.counts.reconciled());
}

BOOST_FIXTURE_TEST_CASE(an_export_keeps_its_stage_and_an_import_needs_no_source, Staged) {
  const host::RunResult out = export_(R"({"runId":"night-1","checkpoint":{"next":10}})");
  BOOST_TEST(out.exit_code == 0, first_message(out));
  BOOST_TEST(out.counts.staged == 90u);
  BOOST_TEST(out.counts.written == 0u);
  BOOST_TEST(next_of(out) == 10);
  BOOST_TEST(sink->opens == 0u);
  BOOST_REQUIRE(sessions().size() == 1u);
  BOOST_TEST(out.stage_ref == "mmap:" + sessions().front());

  catalog.config.endpoints.erase("src");
  const host::RunResult in = import_(out.stage_ref, R"({"runId":"another"})");
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(in.run_id == "night-1");
  BOOST_TEST(sink->committed.size() == 90u);
  BOOST_TEST(sink->committed.front() == R"({"n":10})");
  BOOST_TEST(next_of(in) == 100);
  BOOST_TEST(in.checkpoint_before == out.new_checkpoint);
  BOOST_TEST(in.counts.read() == 90u);
  BOOST_TEST(in.counts.written == 90u);
  BOOST_TEST(in.stage_ref == "");
  BOOST_TEST(sessions().empty());
  BOOST_TEST(list_of(began) == "10");
  BOOST_TEST(first_code(import_(out.stage_ref)) == "E_STAGE_UNKNOWN");
}

BOOST_FIXTURE_TEST_CASE(what_the_source_rejected_and_filtered_is_accounted_for_by_the_import, Staged) {
  source->read = [](const ReadRequest&, SourceWriter& out, const HostServices&) {
    int64_t next = 0;
    DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
    for (; next < 30; ++next) {
      if (next % 10 == 3) {
        out.reject("E_BAD", "is bad", "line " + std::to_string(next), "x");
      } else if (next % 10 == 4) {
        out.filter(2);
      } else {
        batch.append(std::to_string(next));
      }
    }
    batch.flush();
  };
  const host::RunResult out = export_(R"({"policy":{"errors":{"maxRejected":10}}})");
  BOOST_TEST(out.exit_code == 0, first_message(out));
  BOOST_TEST(out.counts.rejected() == 3u);
  BOOST_TEST(out.counts.filtered() == 6u);
  const host::RunResult in = import_(out.stage_ref);
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(in.counts.read() == 33u);
  BOOST_TEST(in.counts.written == 24u);
  BOOST_TEST(in.counts.rejected() == 3u);
  BOOST_TEST(in.counts.filtered() == 6u);
  BOOST_TEST(in.counts.reconciled());
  for (const Error& warning : in.warnings) BOOST_TEST(!warning.message().ends_with(": "), warning.message());
}

BOOST_FIXTURE_TEST_CASE(an_export_that_ended_at_a_limit_is_imported_as_one, Staged) {
  const host::RunResult out = export_(R"({"policy":{"limits":{"maxRecords":35}}})");
  BOOST_TEST(out.exit_code == 0);
  BOOST_TEST(warned(out, "W_LIMIT_REACHED"));
  const host::RunResult in = import_(out.stage_ref);
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(warned(in, "W_LIMIT_REACHED"));
  BOOST_TEST(next_of(in) == 35);
  BOOST_TEST(run(from_checkpoint(in)).exit_code == 0);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_limit_holds_over_the_attempts_of_a_run, Staged) {
  fail_source(60, ErrorClass::transient);
  // Nothing is committed before the end: all that the first attempt staged waits for the second.
  const host::RunResult result = run(R"({"policy":{"limits":{"maxRecords":80}}})");
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST(sink->committed == numbers(80), boost::test_tools::per_element());
  BOOST_TEST(warned(result, "W_LIMIT_REACHED"));
}

BOOST_FIXTURE_TEST_CASE(a_limit_counts_what_waits_in_the_stage, Staged) {
  checkpoint_every = 30;
  fail_source(55, ErrorClass::transient);
  // Nothing is committed when the source fails: the sink is in the middle between two checkpoints.
  const host::RunResult result = run(R"({"policy":{"limits":{"maxRecords":80},"delivery":"exactly-once"}})");
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST(list_of(began) == "0 30");
  BOOST_TEST(sink->committed == numbers(80), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_export_counts_over_its_attempts, Staged) {
  checkpoint_every = 30;
  fail_source(55, ErrorClass::transient);
  const host::RunResult out = export_(R"({"policy":{"limits":{"maxRecords":80}}})");
  BOOST_TEST(out.exit_code == 0, first_message(out));
  BOOST_TEST(list_of(began) == "0 30");
  BOOST_TEST(out.counts.staged == 80u);
  BOOST_TEST(out.counts.read() == 80u);
  BOOST_TEST(out.retries == 1u);
  BOOST_TEST(import_(out.stage_ref).exit_code == 0);
  BOOST_TEST(sink->committed == numbers(80), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_source_that_fails_for_a_moment_goes_on_from_what_is_staged, Staged) {
  fail_source(57, ErrorClass::transient);
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST(list_of(began) == "0 57");
  BOOST_TEST(given == 100);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(result.counts.read() == 100u);
  BOOST_TEST(result.retries == 1u);
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(a_source_is_not_read_again_when_the_sink_fails, Staged) {
  break_sink(3);
  const host::RunResult failed = run(R"({"policy":{"commit":{"everyBytes":"1B"}}})");
  BOOST_TEST(failed.exit_code == 4);
  BOOST_TEST(first_code(failed) == "E_BROKEN");
  BOOST_REQUIRE(failed.stage_ref != "");
  BOOST_TEST(next_of(failed) == 30);
  mend_sink();
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(resumed.run_id == failed.run_id);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(given == 100);
  BOOST_TEST(next_of(resumed) == 100);
  BOOST_TEST(resumed.counts.reconciled());
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(a_sink_that_cannot_be_opened_for_a_moment_costs_no_reading, Staged) {
  fail_source(50, ErrorClass::transient);
  std::atomic<int> opens = 0;
  sink->on_open = [&](const WriteRequest&) {
    if (++opens == 2) throw Error(ErrorClass::transient, "E_UNREACHABLE", "not now");
  };
  const host::RunResult result = run();
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST(list_of(began) == "0 50");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_resume_reads_on_from_the_last_staged_checkpoint_and_drops_what_is_behind, Staged) {
  checkpoint_every = 30;  // of the batches up to 10, 20, 30, ... only each third has one
  fail_source(55);
  break_sink(1);
  const host::RunResult failed = run();
  BOOST_TEST(failed.exit_code == 4);
  BOOST_REQUIRE(failed.stage_ref != "");
  mend_sink();
  began.clear();
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(resumed.counts.read() == 100u);
  BOOST_REQUIRE(began.size() <= 1u);
  if (!began.empty()) BOOST_TEST(began.front() % 30 == 0);
}

BOOST_FIXTURE_TEST_CASE(an_export_that_was_cut_off_is_finished_by_resume, Staged) {
  checkpoint_every = 30;
  fail_source(55);
  const host::RunResult failed = export_();
  BOOST_TEST(failed.exit_code == 4);
  BOOST_REQUIRE(failed.stage_ref != "");
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(list_of(began) == "0 30");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(next_of(resumed) == 90);  // the last batch has none
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(an_import_of_what_was_cut_off_delivers_what_is_whole_and_keeps_the_rest, Staged) {
  checkpoint_every = 30;
  fail_source(55);
  const std::string stage = export_().stage_ref;
  const host::RunResult in = import_(stage);
  BOOST_TEST(in.exit_code == 4);
  BOOST_TEST(first_code(in) == "E_STAGE_INCOMPLETE");
  BOOST_TEST(in.errors.front().transient());
  BOOST_TEST(sink->committed == numbers(30), boost::test_tools::per_element());
  BOOST_TEST(next_of(in) == 30);
  BOOST_TEST(in.stage_ref == stage);
  // Once more tells the same and delivers nothing again.
  BOOST_TEST(first_code(import_(stage)) == "E_STAGE_INCOMPLETE");
  BOOST_TEST(sink->committed.size() == 30u);
  const host::RunResult resumed = resume(stage);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(list_of(began) == "0 30");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_full_export_that_was_cut_off_is_not_imported_and_is_resumed, Staged) {
  fail_source(55);
  const std::string stage = export_(R"({"policy":{"mode":"FULL"}})").stage_ref;
  const host::RunResult in = import_(stage);
  BOOST_TEST(first_code(in) == "E_STAGE_INCOMPLETE");
  BOOST_TEST(!in.errors.front().transient());
  BOOST_TEST(in.stage_ref == stage);
  BOOST_TEST(sink->committed.empty());
  const host::RunResult resumed = resume(stage);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(list_of(began) == "0 55");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(two_exports_of_the_whole_unit_are_imported_like_two_runs_of_it, Staged) {
  // A run without a checkpoint reads the unit from its beginning, and the sink is told so: by an import only
  // once the sink has said that it holds nothing of the stage.
  std::vector<bool> had_checkpoint;
  sink->on_open = [&](const WriteRequest& request) {
    had_checkpoint.push_back(request.checkpoint.has_value());
  };
  run();
  BOOST_TEST(import_(export_().stage_ref).exit_code == 0);
  BOOST_TEST(import_(export_(R"({"checkpoint":{"next":90}})").stage_ref).exit_code == 0);
  BOOST_TEST(had_checkpoint == (std::vector<bool>{false, true, false, true}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
