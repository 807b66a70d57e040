// Import beside an export, draining, and stages that are smaller than the unit.
#include <future>

#include "staged.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

host::RunOptions following() {
  host::RunOptions options;
  options.follow = true;
  return options;
}

// A source that gives half of its records, waits for release(), and gives the rest.
struct HeldExport : Staged {
  HeldExport() {
    source->read = [this](const ReadRequest&, SourceWriter& out, const HostServices& services) {
      int64_t next = 0;
      DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
      for (; next < 50; ++next) batch.append("{\"n\":" + std::to_string(next) + "}");
      batch.flush();
      half = true;
      while (!released && !services.wait(std::chrono::milliseconds(1))) {
      }
      if (dies) throw Error(ErrorClass::system, "E_LOST", "gone");
      for (; next < 100; ++next) batch.append("{\"n\":" + std::to_string(next) + "}");
      batch.flush();
    };
  }
  void begin(const std::string& more = R"({"stageRef":"mmap:nightly"})") {
    exported = std::async(std::launch::async, [this, more] { return export_(more); });
  }
  void await_half() const {
    while (!half) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~HeldExport() { released = true; }

  std::atomic<bool> half{false}, released{false}, dies{false};
  std::future<host::RunResult> exported;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(staged_flow)

BOOST_FIXTURE_TEST_CASE(an_import_waits_for_the_end_of_the_export_or_follows_it, HeldExport) {
  begin();
  await_half();
  const host::RunResult busy = import_("mmap:nightly");
  BOOST_TEST(busy.exit_code == 2);
  BOOST_TEST(first_code(busy) == "E_STAGE_BUSY");
  BOOST_TEST(first_code(resume("mmap:nightly")) == "E_STAGE_BUSY");
  // It reads what is there while the export still runs.
  sink->on_commit = [this](const CommitToken&) { released = true; };
  const host::RunResult in =
      import_("mmap:nightly", R"({"policy":{"commit":{"everyBytes":"1B"}}})", following());
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(exported.get().exit_code == 0);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
  BOOST_TEST(next_of(in) == 100);
  BOOST_TEST(in.counts.reconciled());
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(an_import_that_follows_may_begin_before_its_export, HeldExport) {
  auto imported = std::async(std::launch::async, [&] { return import_("mmap:nightly", "{}", following()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  released = true;
  begin();
  BOOST_TEST(exported.get().exit_code == 0);
  const host::RunResult in = imported.get();
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_import_that_follows_an_export_that_fails_delivers_what_is_whole, HeldExport) {
  begin();
  await_half();
  auto imported = std::async(std::launch::async, [&] { return import_("mmap:nightly", "{}", following()); });
  dies = released = true;
  BOOST_TEST(exported.get().exit_code == 4);
  const host::RunResult in = imported.get();
  BOOST_TEST(first_code(in) == "E_STAGE_INCOMPLETE");
  BOOST_TEST(sink->committed == numbers(50), boost::test_tools::per_element());
  BOOST_TEST(next_of(in) == 50);
  BOOST_TEST(in.stage_ref == "mmap:nightly");
  dies = false;
  serve(100);
  BOOST_TEST(resume("mmap:nightly").exit_code == 0);
  BOOST_TEST(list_of(began) == "50");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_export_larger_than_its_stage_passes_through_it_beside_an_import, Staged) {
  serve(20'000);
  padding = 40;
  auto imported = std::async(std::launch::async, [&] {
    return import_("mmap:nightly", R"({"policy":{"commit":{"everyBytes":"16KiB"}}})", following());
  });
  const host::RunResult out = export_(R"({"stageRef":"mmap:nightly"})");
  BOOST_TEST(out.exit_code == 0, first_message(out));
  const host::RunResult in = imported.get();
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST((sink->committed == padded(20'000)));
}

BOOST_FIXTURE_TEST_CASE(an_export_that_fills_its_stage_can_fail_and_be_gone_on_with, Staged) {
  serve(20'000);
  padding = 40;
  const host::RunResult out = export_(R"({"policy":{"staging":{"maxBytes":"256KiB","whenFull":"fail"}}})");
  BOOST_TEST(first_code(out) == "E_STAGING_FULL", first_message(out));
  BOOST_TEST(out.exit_code == 3);
  BOOST_REQUIRE(out.stage_ref != "");
  const host::RunResult resumed = resume(out.stage_ref, R"({"policy":{"staging":{"whenFull":"block"}}})");
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST((sink->committed == padded(20'000)));
  BOOST_TEST(given <= 20'000 + 200);
}

BOOST_FIXTURE_TEST_CASE(a_full_stage_does_not_stop_a_resume_into_a_sink_that_defers, Staged) {
  serve(20'000);
  padding = 40;
  const host::RunResult out =
      export_(R"({"policy":{"mode":"FULL","staging":{"maxBytes":"256KiB","whenFull":"fail"}}})");
  BOOST_TEST(first_code(out) == "E_STAGING_FULL", first_message(out));
  sink->defer_commits = true;
  // The sink has taken all that is staged before the source asks for room.
  auto plain = source->read;
  source->read = [plain](const ReadRequest& request, SourceWriter& writer, const HostServices& services) {
    services.wait(std::chrono::milliseconds(200));
    plain(request, writer, services);
  };
  const host::RunResult resumed = resume(out.stage_ref, R"({"policy":{"staging":{"whenFull":"block"}}})");
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST((sink->committed == padded(20'000)));
}

BOOST_FIXTURE_TEST_CASE(draining_an_import_ends_at_a_commit_and_a_resume_goes_on, Staged) {
  for (const char* delivery : {"at-least-once", "exactly-once"}) {
    BOOST_TEST_CONTEXT(delivery) {
      sink->committed.clear();
      sink->tokens.clear();
      const std::string stage =
          export_(R"({"policy":{"delivery":")" + std::string(delivery) + R"("}})").stage_ref;
      host::RunOptions options;
      sink->on_write = [&, writes = std::make_shared<int>(0)](const BatchView&, Rejects&,
                                                              const HostServices& services) {
        if (++*writes < 4) return;
        options.cancellation.drain();
        services.wait(std::chrono::milliseconds(100));  // the word must get around
      };
      const host::RunResult drained = import_(stage, "{}", options);
      sink->on_write = nullptr;
      BOOST_TEST(drained.exit_code == 6);
      BOOST_TEST(first_code(drained) == "E_CANCELLED");
      BOOST_TEST(drained.stage_ref == stage);
      BOOST_TEST(sink->committed.size() >= 40u);
      BOOST_TEST(sink->committed.size() < 100u);
      BOOST_TEST(next_of(drained) == static_cast<int64_t>(sink->committed.size()));
      BOOST_TEST(drained.counts.reconciled());
      const host::RunResult resumed = resume(stage);
      BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
      BOOST_TEST(resumed.counts.written == 100u - drained.counts.written);
      BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(draining_a_run_keeps_nothing_that_is_committed, Staged) {
  serve(INT64_MAX);
  host::RunOptions options;
  sink->on_write = [&](const BatchView&, Rejects&, const HostServices&) { options.cancellation.drain(); };
  const host::RunResult drained = run("{}", options);
  BOOST_TEST(drained.exit_code == 6);
  BOOST_TEST(next_of(drained) == static_cast<int64_t>(sink->committed.size()));
  BOOST_TEST(drained.stage_ref == "");
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(a_full_unit_larger_than_its_stage_reaches_a_sink_that_defers, Staged) {
  sink->defer_commits = true;
  serve(20'000);
  padding = 40;
  const host::RunResult result = run(R"({"policy":{"mode":"FULL"}})");
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST((sink->committed == padded(20'000)));
  BOOST_TEST(result.peak_staging <= 256u * 1024);
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(what_was_forgotten_is_read_again_by_a_resume, Staged) {
  sink->defer_commits = true;
  serve(20'000);
  padding = 40;
  std::atomic<int> writes = 0;
  sink->on_write = [&](const BatchView&, Rejects&, const HostServices&) {
    if (++writes == 1500) throw Error(ErrorClass::system, "E_BROKEN", "the sink is broken");
  };
  const host::RunResult failed = run(R"({"policy":{"mode":"FULL"}})");
  BOOST_TEST(failed.exit_code == 4);
  BOOST_REQUIRE(failed.stage_ref != "");
  BOOST_TEST(failed.new_checkpoint.is_null());
  BOOST_TEST(first_code(import_(failed.stage_ref)) == "E_STAGE_INCOMPLETE");
  BOOST_TEST(sink->committed.empty());
  began.clear();
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(list_of(began) == "0");
  BOOST_TEST((sink->committed == padded(20'000)));
  BOOST_TEST(resumed.counts.reconciled());
  BOOST_TEST(sessions().empty());
}

BOOST_FIXTURE_TEST_CASE(rare_checkpoints_and_a_small_stage_do_not_stop_exactly_once, Staged) {
  serve(20'000);
  padding = 40;
  checkpoint_every = 9'990;  // more than the stage holds
  const host::RunResult result = run(R"({"policy":{"delivery":"exactly-once"}})");
  BOOST_TEST(result.exit_code == 0, first_message(result));
  BOOST_TEST((sink->committed == padded(20'000)));

  // Cut off between two checkpoints, after frames went that nobody committed.
  sink->committed.clear();
  sink->tokens.clear();
  fail_source(15'000);
  const host::RunResult failed = run(R"({"policy":{"delivery":"exactly-once"}})");
  BOOST_TEST(failed.exit_code == 4);
  BOOST_TEST((next_of(failed) == 9'990 || next_of(failed) == -1));
  BOOST_REQUIRE(failed.stage_ref != "");
  const host::RunResult resumed = resume(failed.stage_ref);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST((sink->committed == padded(20'000)));
}

BOOST_FIXTURE_TEST_CASE(a_timeout_ends_an_import_that_waits_for_an_export_that_never_comes, Staged) {
  const host::RunResult result =
      import_("mmap:never", R"({"policy":{"limits":{"timeout":"50ms"}}})", following());
  BOOST_TEST(result.exit_code == 6);
  BOOST_TEST(first_code(result) == "E_TIMEOUT");
  host::RunOptions options = following();
  options.cancellation.drain();
  BOOST_TEST(import_("mmap:never", "{}", options).exit_code == 6);
}

BOOST_AUTO_TEST_SUITE_END()
