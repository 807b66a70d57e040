// Units in slices, through stages.
#include "staged.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr const char* four =
    R"({"policy":{"parallelism":{"slices":4},"commit":{"everyBytes":"1B"},"staging":{"maxBytes":"1MiB"}}})";

struct StagedSlices : Staged {
  StagedSlices() {
    source->plan = [](const ReadRequest&, uint32_t most) {
      std::vector<Json> slices;
      for (uint32_t i = 0; i < most; ++i)
        slices.push_back(Json::object({{"from", int64_t{i} * 100}, {"to", int64_t{i + 1} * 100}}));
      return slices;
    };
    source->read = [this](const ReadRequest& request, SourceWriter& out, const HostServices&) {
      const int64_t to = request.slice->at("to").as_integer();
      int64_t next = request.checkpoint ? request.checkpoint->at("next").as_integer()
                                        : request.slice->at("from").as_integer();
      {
        const std::lock_guard lock(mutex);
        began.push_back(next);
      }
      DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
      for (; next < to; ++next) {
        if (next == fail_at) {
          batch.flush();
          throw Error(ErrorClass::system, "E_LOST", "gone");
        }
        batch.append(std::to_string(next));
        ++given;
      }
      batch.flush();
    };
  }
  void use_sink(const std::string& template_id) { sink = add("dst", template_id); }
  static std::vector<std::string> all() {
    std::vector<std::string> list;
    for (int n = 0; n < 400; ++n) list.push_back(std::to_string(n));
    std::sort(list.begin(), list.end());
    return list;
  }
  std::vector<std::string> found() const {
    std::vector<std::string> list = sink->committed;
    std::sort(list.begin(), list.end());
    return list;
  }
};

constexpr std::array<const char*, 3> sinks{"fake.sink", "fake.json",
                                           "fake.parallel"};  // any, ordered, parallel

}  // namespace

BOOST_AUTO_TEST_SUITE(staged_slices)

BOOST_FIXTURE_TEST_CASE(an_import_delivers_all_slices_and_merges_their_checkpoints, StagedSlices) {
  for (const char* template_id : sinks) {
    BOOST_TEST_CONTEXT(template_id) {
      use_sink(template_id);
      const host::RunResult out = export_(four);
      BOOST_TEST(out.exit_code == 0, first_message(out));
      BOOST_TEST(out.new_checkpoint.is_null());
      const host::RunResult in = import_(out.stage_ref);
      BOOST_TEST(in.exit_code == 0, first_message(in));
      BOOST_TEST(found() == all(), boost::test_tools::per_element());
      BOOST_TEST(in.new_checkpoint.at("merged").as_int64() == 4);
      BOOST_TEST(in.counts.reconciled());
      BOOST_TEST(sessions().empty());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(without_its_source_an_import_gives_a_checkpoint_that_the_next_run_understands,
                        StagedSlices) {
  const std::string stage = export_(four).stage_ref;
  const auto config = catalog.config.endpoints.at("src");
  catalog.config.endpoints.erase("src");
  const host::RunResult in = import_(stage);
  BOOST_TEST(in.exit_code == 0, first_message(in));
  BOOST_TEST(found() == all(), boost::test_tools::per_element());
  catalog.config.endpoints["src"] = config;
  began.clear();
  const host::RunResult next = run(from_checkpoint(in));
  BOOST_TEST(next.exit_code == 0, first_message(next));
  BOOST_TEST(began.empty());
  BOOST_TEST(next.new_checkpoint.at("merged").as_int64() == 4);
}

BOOST_FIXTURE_TEST_CASE(a_resume_reads_only_the_slice_that_was_cut_off, StagedSlices) {
  for (const char* template_id : sinks) {
    BOOST_TEST_CONTEXT(template_id) {
      use_sink(template_id);
      fail_at = 250;
      began.clear();
      given = 0;
      const host::RunResult failed = export_(four);
      BOOST_TEST(failed.exit_code == 4);
      BOOST_REQUIRE(failed.stage_ref != "");
      fail_at = -1;
      const host::RunResult resumed = resume(failed.stage_ref);
      BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
      BOOST_TEST(found() == all(), boost::test_tools::per_element());
      BOOST_TEST(given == 400);
      BOOST_TEST(resumed.new_checkpoint.at("merged").as_int64() == 4);
      BOOST_TEST(resumed.counts.reconciled());
      BOOST_TEST(sessions().empty());
    }
  }
}

BOOST_FIXTURE_TEST_CASE(an_import_of_cut_off_slices_delivers_and_tells_how_far_each_came, StagedSlices) {
  for (const char* template_id : sinks) {
    BOOST_TEST_CONTEXT(template_id) {
      use_sink(template_id);
      fail_at = 250;
      const std::string stage = export_(four).stage_ref;
      const host::RunResult in = import_(stage);
      BOOST_TEST(first_code(in) == "E_STAGE_INCOMPLETE");
      BOOST_TEST(in.stage_ref == stage);
      BOOST_TEST(in.new_checkpoint.is_object());
      fail_at = -1;
      const host::RunResult resumed = resume(stage);
      BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
      BOOST_TEST(found() == all(), boost::test_tools::per_element());
      BOOST_TEST(resumed.new_checkpoint.at("merged").as_int64() == 4);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_run_in_slices_whose_sink_failed_is_finished_by_resume, StagedSlices) {
  for (const char* template_id : sinks) {
    BOOST_TEST_CONTEXT(template_id) {
      use_sink(template_id);
      std::atomic<int> writes = 0;
      sink->on_write = [&](const BatchView&, Rejects&, const HostServices&) {
        if (++writes == 13) throw Error(ErrorClass::system, "E_BROKEN", "broken");
      };
      const host::RunResult failed = run(four);
      BOOST_TEST(failed.exit_code == 4);
      BOOST_REQUIRE(failed.stage_ref != "");
      sink->on_write = nullptr;
      const host::RunResult resumed = resume(failed.stage_ref);
      BOOST_TEST(resumed.exit_code == 0, first_message(resumed));
      BOOST_TEST(found() == all(), boost::test_tools::per_element());
      BOOST_TEST(resumed.new_checkpoint.at("merged").as_int64() == 4);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_stage_some_of_whose_slices_are_whole_is_still_busy, StagedSlices) {
  std::atomic<bool> released = false, whole = false;
  auto plain = source->read;
  source->read = [&, plain](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    plain(request, out, services);
    if (request.slice->at("from").as_integer() == 0) return;
    whole = true;
    while (!released && !services.wait(std::chrono::milliseconds(1))) {
    }
  };
  std::thread exporter([&] {
    BOOST_TEST(export_(R"({"stageRef":"mmap:nightly","policy":)" +
                       boost::json::serialize(boost::json::parse(four).at("policy")) + "}")
                   .exit_code == 0);
  });
  while (!whole) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the first slice is sealed meanwhile
  const host::RunResult busy = import_("mmap:nightly");
  BOOST_TEST(first_code(busy) == "E_STAGE_BUSY");
  released = true;
  exporter.join();
  BOOST_TEST(import_("mmap:nightly").exit_code == 0);
  BOOST_TEST(found() == all(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
