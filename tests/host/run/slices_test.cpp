// A unit read in parallel slices.
#include <atomic>
#include <mutex>

#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Sliced : Engine {
  Sliced() {
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
      DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
      for (; next < to; ++next) {
        if (next == fail_at) {
          batch.flush();
          throw Error(ErrorClass::system, "E_LOST", "gone");
        }
        batch.append(std::to_string(next));
      }
      batch.flush();
    };
  }
  static std::vector<std::string> sorted(std::vector<std::string> list) {
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); });
    return list;
  }
  static std::vector<std::string> plain(int count) {
    std::vector<std::string> list;
    for (int n = 0; n < count; ++n) list.push_back(std::to_string(n));
    return list;
  }
  int64_t fail_at = -1;
};

constexpr const char* four = R"({"policy":{"parallelism":{"slices":4},"batch":{"maxRecords":7}}})";

}  // namespace

BOOST_AUTO_TEST_SUITE(slices)

BOOST_FIXTURE_TEST_CASE(every_record_comes_once_and_the_source_merges_the_checkpoints, Sliced) {
  const host::RunResult result = run(four);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(sorted(sink->committed) == plain(400), boost::test_tools::per_element());
  BOOST_TEST(result.new_checkpoint.at("merged").as_int64() == 4);
  BOOST_TEST(sink->opens == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_ordered_sink_gets_one_slice_after_another, Sliced) {
  sink = add("dst", "fake.json");
  BOOST_TEST(run(four).exit_code == 0);
  BOOST_TEST(sink->committed == plain(400), boost::test_tools::per_element());
}

// What each read was granted, and the planner was told. Slices are read at once, and Boost.Test checks one
// thread.
struct Granted : Sliced {
  Granted() {
    source->plan = [this, plan = source->plan](const ReadRequest& request, uint32_t most) {
      planned_for = request.threads;
      return plan(request, most);
    };
    source->read = [this, read = source->read](const ReadRequest& request, SourceWriter& out,
                                               const HostServices& services) {
      {
        std::lock_guard lock(mutex);
        threads.push_back(request.threads);
      }
      read(request, out, services);
    };
  }
  std::atomic<uint32_t> planned_for{0};
  std::mutex mutex;
  std::vector<uint32_t> threads;
};

BOOST_FIXTURE_TEST_CASE(a_source_may_work_with_threads_where_slices_would_wait_for_each_other, Granted) {
  sink = add("dst", "fake.json");
  source->plan = [this](const ReadRequest& request, uint32_t) {
    planned_for = request.threads;
    return std::vector<Json>();
  };
  source->read = [this, count = counting(20)](const ReadRequest& request, SourceWriter& out,
                                              const HostServices& services) {
    threads.push_back(request.threads);
    count(request, out, services);
  };
  const host::RunResult result = run(four);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(planned_for == 4u);
  BOOST_TEST(threads == (std::vector<uint32_t>{4}), boost::test_tools::per_element());
  BOOST_TEST(result.counts.written == 20u);
  // The unit's own checkpoint, not one of slices.
  BOOST_TEST(!result.new_checkpoint.get_object().contains("merged"));
}

BOOST_FIXTURE_TEST_CASE(slices_that_need_not_wait_have_a_thread_each, Granted) {
  for (const char* sinks : {"fake.sink", "fake.parallel"}) {
    sink = add("dst", sinks);
    threads.clear();
    BOOST_TEST(run(four).exit_code == 0);
    BOOST_TEST(planned_for == 1u);
    BOOST_TEST(threads == (std::vector<uint32_t>(4, 1)), boost::test_tools::per_element());
  }
}

BOOST_FIXTURE_TEST_CASE(a_unit_with_fewer_slices_than_were_asked_for_has_more_threads_for_each, Granted) {
  source->plan = [](const ReadRequest&, uint32_t) {
    return std::vector<Json>{Json::object({{"from", 0}, {"to", 100}}),
                             Json::object({{"from", 100}, {"to", 200}})};
  };
  BOOST_TEST(run(four).exit_code == 0);
  BOOST_TEST(threads == (std::vector<uint32_t>(2, 2)), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_parallel_sink_has_an_instance_per_slice, Sliced) {
  sink = add("dst", "fake.parallel");
  BOOST_TEST(run(four).exit_code == 0);
  BOOST_TEST(sorted(sink->committed) == plain(400), boost::test_tools::per_element());
  BOOST_TEST(sink->opens == 4u);
}

BOOST_FIXTURE_TEST_CASE(a_run_cut_off_between_slices_goes_on_with_the_same_slices, Sliced) {
  fail_at = 250;
  const host::RunResult failed = run(four);
  BOOST_TEST(failed.exit_code == 4);
  BOOST_REQUIRE(failed.new_checkpoint.is_object());
  fail_at = -1;
  // The policy asks for other slices now; the ones that began are finished first.
  source->plan = [](const ReadRequest&, uint32_t) -> std::vector<Json> {
    BOOST_ERROR("planned again");
    return {};
  };
  const host::RunResult resumed =
      run(R"({"checkpoint":)" + boost::json::serialize(failed.new_checkpoint) + "}");
  BOOST_TEST(resumed.exit_code == 0);
  BOOST_TEST(sorted(sink->committed) == plain(400), boost::test_tools::per_element());
  BOOST_TEST(resumed.new_checkpoint.at("merged").as_int64() == 4);
}

BOOST_FIXTURE_TEST_CASE(a_sink_is_told_that_a_run_goes_on_between_slices, Sliced) {
  fail_at = 250;
  const host::RunResult failed = run(four);
  fail_at = -1;
  bool goes_on = false;
  sink->on_open = [&](const WriteRequest& request) { goes_on = request.incremental && request.checkpoint; };
  BOOST_TEST(run(R"({"checkpoint":)" + boost::json::serialize(failed.new_checkpoint) + "}").exit_code == 0);
  BOOST_TEST(goes_on);
}

BOOST_FIXTURE_TEST_CASE(a_limit_ends_slices_early_and_the_next_runs_take_the_rest, Sliced) {
  boost::json::value checkpoint;
  int runs = 0;
  do {
    const host::RunResult result =
        run(R"({"checkpoint":)" + boost::json::serialize(checkpoint) +
            R"(,"policy":{"parallelism":{"slices":4},"batch":{"maxRecords":7},"limits":{"maxRecords":90}}})");
    BOOST_REQUIRE(result.exit_code == 0);
    BOOST_TEST(result.counts.written <= 90u);
    checkpoint = result.new_checkpoint;
  } while (!checkpoint.get_object().contains("merged") && ++runs < 20);
  BOOST_TEST(sorted(sink->committed) == plain(400), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_plan_of_one_slice_is_merged_like_any_other, Sliced) {
  source->plan = [](const ReadRequest&, uint32_t) {
    return std::vector<Json>{Json::object({{"from", 0}, {"to", 100}})};
  };
  const host::RunResult result = run(four);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.new_checkpoint.at("merged").as_int64() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_source_that_cannot_divide_is_read_whole_with_a_warning, Engine) {
  source->read = counting(10);
  const host::RunResult result = run(four);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.counts.written == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
