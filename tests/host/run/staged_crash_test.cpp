// What a process that died left in staging, ahead of or behind what the sink holds; damage; fencing.
#include "host/run/stage_plan.hpp"
#include "staged.hpp"
#include "tests/staging/mmap/scratch.hpp"
#include "tests/staging/sealed_frames.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr const char* each_batch = R"({"policy":{"commit":{"everyBytes":"1B"}}})";
constexpr const char* each_batch_once =
    R"({"policy":{"commit":{"everyBytes":"1B"},"delivery":"exactly-once"}})";

// Ends with the staging folder as it was when the sink was about to make its commit number `at`; what the
// sink committed later it has kept.
struct Crashed : Staged {
  // A copy takes one file after another: only when the source is done is it of one moment.
  void image_at_commit(int at) {
    sink->on_commit = [this, at, ended = reads_ended.load(),
                       commits = std::make_shared<int>(0)](const CommitToken&) {
      if ((*commits)++ != at) return;
      while (reads_ended == ended) std::this_thread::yield();
      take_image();
    };
  }
  std::string cut_off_at_commit(int at, const std::string& more) {
    image_at_commit(at);
    run(more);
    sink->on_commit = nullptr;
    put_image_back();
    BOOST_REQUIRE(sessions().size() == 1u);
    return "mmap:" + sessions().front();
  }
  // The sink's content and tokens as they were after that many commits.
  void take_sink_back(size_t commits, size_t records) {
    sink->tokens.resize(commits);
    sink->committed.resize(records);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(staged_crash)

// A stage that is full of what the sink has committed already, when the process died before it could say so.
BOOST_AUTO_TEST_CASE(what_the_sink_holds_of_a_full_stage_is_room_when_it_is_opened_again) {
  staging::Scratch scratch;
  staging::MmapProvider provider(scratch.settings(), staging::posix_files());
  StagingRequest request;
  request.durability = Durability::os;
  request.max_bytes = 256 << 10;
  request.max_batch_bytes = 16 << 10;
  request.fail_when_full = true;
  std::unique_ptr<StagingSession> session;
  BOOST_REQUIRE(provider.open(request, session).ok());
  uint64_t next = 0;
  std::span<std::byte> room;
  for (; session->writer(0).claim(16 << 10, room).ok(); ++next) {
    staging::write_frame(room, 0, next, 16 << 10);
    BOOST_REQUIRE(session->writer(0).publish(16 << 10).ok());
  }
  request.stage_id = session->id();
  session->keep();
  session.reset();
  BOOST_REQUIRE(provider.open(request, session).ok());
  host::StagePlan plan;
  host::StreamPlan& stream = plan.streams.emplace_back();
  stream.read_from = stream.write_from = next;
  BOOST_REQUIRE(host::apply_plan(plan, *session, false).ok());
  BOOST_TEST(session->writer(0).claim(16 << 10, room).ok());
}

BOOST_FIXTURE_TEST_CASE(a_commit_whose_acknowledgement_was_lost_is_not_repeated, Crashed) {
  for (const char* mode : {"INCREMENTAL", "FULL"}) {
    for (const int at : {0, 1, 5, 9}) {
      BOOST_TEST_CONTEXT(mode << ", commit " << at) {
        take_sink_back(0, 0);
        const std::string stage = cut_off_at_commit(
            at, R"({"policy":{"commit":{"everyBytes":"1B"},"delivery":"exactly-once","mode":")" +
                    std::string(mode) + R"("}})");
        // The sink is one commit ahead of staging's cursor.
        const auto commits = static_cast<size_t>(at) + 1;
        take_sink_back(commits, commits * 10);
        const host::RunResult resumed = resume(stage);
        BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
        BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
        BOOST_TEST(next_of(resumed) == 100);
        BOOST_TEST(sessions().empty());
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_sink_that_lost_commits_is_given_them_from_the_source_again, Crashed) {
  sink->on_commit = nullptr;
  run(R"({"policy":{"commit":{"everyBytes":"1B"},"delivery":"exactly-once",
          "staging":{"maxBytes":"256KiB","keep":"always"}}})");
  BOOST_REQUIRE(sessions().size() == 1u);
  // All is acknowledged, and the sink comes back from a backup of an earlier time.
  take_sink_back(3, 30);
  const host::RunResult resumed = resume("mmap:" + sessions().front());
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_stage_that_began_anew_does_not_trust_the_sinks_old_numbers, Crashed) {
  run(R"({"policy":{"commit":{"everyBytes":"1B"},"delivery":"exactly-once",
          "staging":{"maxBytes":"256KiB","keep":"always"}}})");
  const std::string stage = "mmap:" + sessions().front();
  take_sink_back(3, 30);
  // The resume begins its stage anew, and dies before its first commit.
  image_at_commit(0);
  BOOST_TEST(resume(stage).exit_code == 0);
  sink->on_commit = nullptr;
  put_image_back();
  take_sink_back(3, 30);
  const host::RunResult resumed = resume(stage);
  BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_name_that_is_used_every_night_is_another_session_every_night, Staged) {
  serve(50);
  export_(R"({"stageRef":"mmap:nightly"})");
  const host::RunResult first = import_("mmap:nightly");
  BOOST_TEST(first.exit_code == 0, first_message(first));
  serve(150);
  boost::json::object next{{"stageRef", "mmap:nightly"}, {"checkpoint", first.new_checkpoint}};
  BOOST_TEST(export_(boost::json::serialize(next)).exit_code == 0);
  const host::RunResult second = import_("mmap:nightly");
  BOOST_TEST(second.exit_code == 0, first_message(second));
  BOOST_TEST(second.counts.written == 100u);
  BOOST_TEST(sink->committed == numbers(150), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_full_attempt_that_committed_without_a_checkpoint_is_begun_anew, Staged) {
  source->read = [this](const ReadRequest& request, SourceWriter& out, const HostServices&) {
    BOOST_TEST(!request.checkpoint.has_value());
    DocumentBuilder batch(out);
    for (int64_t n = 0; n < 100; ++n) {
      if (n == 50 && failures-- > 0) {
        batch.flush();
        while (sink->committed_now().size() < 30) std::this_thread::yield();
        throw Error(ErrorClass::transient, "E_LOST", "gone");
      }
      batch.append("{\"n\":" + std::to_string(n) + "}");
    }
    batch.flush();
  };
  for (const char* provider_id : {"memory", "mmap"}) {
    BOOST_TEST_CONTEXT(provider_id) {
      failures = 1;
      sink->committed.clear();
      const host::RunResult result =
          run(R"({"policy":{"mode":"FULL","commit":{"everyBytes":"1B"}},"stagingProviderId":")" +
              std::string(provider_id) + R"("})");
      BOOST_TEST(result.exit_code == 0, first_message(result));
      BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
      BOOST_TEST(result.counts.written == 100u);
      BOOST_TEST(result.counts.reconciled());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_session_whose_unit_was_committed_by_another_run_is_fenced, Staged) {
  for (const char* mode : {"INCREMENTAL", "FULL"}) {
    BOOST_TEST_CONTEXT(mode) {
      const std::string rules =
          R"({"policy":{"delivery":"exactly-once","commit":{"everyBytes":"1B"},"mode":")" +
          std::string(mode) + R"("}})";
      sink->tokens.clear();
      sink->committed.clear();
      break_sink(3);
      const host::RunResult given_up = run(rules);
      BOOST_REQUIRE(given_up.stage_ref != "");
      mend_sink();
      BOOST_TEST(run(rules).exit_code == 0);
      BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
      const host::RunResult late = resume(given_up.stage_ref);
      BOOST_TEST(late.exit_code == 2);
      BOOST_TEST(first_code(late) == "E_FENCED");
      BOOST_TEST(late.stage_ref == given_up.stage_ref);
      BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(exactly_once_an_export_that_the_sink_is_ahead_of_is_fenced, Staged) {
  const std::string once = R"("policy":{"delivery":"exactly-once"})";
  serve(40);
  run("{" + once + "}");
  serve(100);
  const std::string stage = export_(R"({"checkpoint":{"next":40},)" + once + "}").stage_ref;
  run(R"({"checkpoint":{"next":40},)" + once + "}");
  const host::RunResult late = import_(stage);
  BOOST_TEST(late.exit_code == 2);
  BOOST_TEST(first_code(late) == "E_FENCED");
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(damage_at_least_once_loses_a_batch_and_says_so, Staged) {
  const std::string other = export_(R"({"stageRef":"mmap:other"})").stage_ref;
  std::filesystem::rename(folder / "staging/other", folder / "aside");
  const std::string stage = export_(each_batch).stage_ref;
  damage(R"({"n":45})");
  std::filesystem::rename(folder / "aside", folder / "staging/other");
  const host::RunResult in = import_(stage);
  BOOST_TEST(in.exit_code == 7);
  BOOST_TEST(first_code(in) == "E_STAGING_DAMAGED");
  std::vector<std::string> whole = numbers(100);
  whole.erase(whole.begin() + 40, whole.begin() + 50);
  BOOST_TEST(sink->committed == whole, boost::test_tools::per_element());
  BOOST_TEST(next_of(in) == 40);
  BOOST_TEST(import_(other).exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(damage_exactly_once_ends_before_it_and_a_run_from_there_is_exact, Staged) {
  const std::string stage = export_(each_batch_once).stage_ref;
  damage(R"({"n":45})");
  const host::RunResult in = import_(stage);
  BOOST_TEST(in.exit_code == 7);
  BOOST_TEST(first_code(in) == "E_STAGING_DAMAGED");
  BOOST_TEST(sink->committed == numbers(40), boost::test_tools::per_element());
  BOOST_TEST(next_of(in) == 40);
  BOOST_TEST(in.stage_ref == stage);
  boost::json::object again = boost::json::parse(each_batch_once).as_object();
  again["checkpoint"] = in.new_checkpoint;
  BOOST_TEST(run(boost::json::serialize(again)).exit_code == 0);
  BOOST_TEST(sink->committed == numbers(100), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(damage_at_the_end_is_found_too, Staged) {
  for (const char* delivery : {"exactly-once", "at-least-once"}) {
    BOOST_TEST_CONTEXT(delivery) {
      sink->tokens.clear();
      sink->committed.clear();
      const std::string stage =
          export_(R"({"policy":{"delivery":")" + std::string(delivery) + R"("}})").stage_ref;
      damage(R"({"n":99})");
      const host::RunResult in = import_(stage);
      BOOST_TEST(in.exit_code == 7);
      BOOST_TEST(first_code(in) == "E_STAGING_DAMAGED");
      BOOST_TEST(sink->committed == numbers(90), boost::test_tools::per_element());
      BOOST_TEST(next_of(in) == 90);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
