// Cancellation, deadlines and progress.
#include <future>

#include "engine.hpp"

using namespace sluice;
using namespace sluice::test;
using host::RunStatus;

namespace {

// Gives records for ever, and calls `after` once so many are out.
auto endless(int64_t so_many, std::function<void()> after) {
  return [so_many, after = std::move(after)](const ReadRequest&, SourceWriter& out,
                                             const HostServices& services) {
    int64_t next = 0;
    DocumentBuilder batch(out, [&] { return Json::object({{"next", next}}); });
    while (!services.cancelled()) {
      batch.append(std::to_string(next));
      if (++next == so_many) after();
    }
    batch.flush();
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stop)

BOOST_FIXTURE_TEST_CASE(draining_commits_what_was_read_and_gives_a_valid_checkpoint, Engine) {
  host::RunOptions options;
  source->read = endless(30'000, [&] { options.cancellation.drain(); });
  const host::RunResult result = run("{}", options);
  BOOST_TEST(result.exit_code == 6);
  BOOST_TEST((result.status == RunStatus::cancelled));
  BOOST_TEST(sink->committed.size() >= 10'000u);
  BOOST_TEST(result.new_checkpoint.at("next").as_int64() == static_cast<int64_t>(sink->committed.size()));
  BOOST_TEST(result.counts.reconciled());
  BOOST_TEST(sink->final_commits == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_source_that_waits_is_woken_by_draining, Engine) {
  host::RunOptions options;
  source->read = [&](const ReadRequest&, SourceWriter&, const HostServices& services) {
    options.cancellation.drain();
    BOOST_TEST(services.wait(std::chrono::hours(1)));
  };
  BOOST_TEST(run("{}", options).exit_code == 6);
}

BOOST_FIXTURE_TEST_CASE(stopping_at_once_ends_a_sink_that_waits_and_gives_up_what_is_not_committed, Engine) {
  host::RunOptions options;
  source->read = endless(1'000'000'000, [] {});
  sink->on_write = [&](const BatchView&, Rejects&, const HostServices& services) {
    options.cancellation.stop();
    services.wait(std::chrono::hours(1));
    services.throw_if_cancelled();
  };
  const host::RunResult result = run("{}", options);
  BOOST_TEST(result.exit_code == 6);
  BOOST_TEST(sink->committed.empty());
  BOOST_TEST(sink->aborts == 1u);
  BOOST_TEST(result.new_checkpoint.is_null());
}

BOOST_FIXTURE_TEST_CASE(a_failed_sink_ends_a_source_that_waits, Engine) {
  source->read = [](const ReadRequest& request, SourceWriter& out, const HostServices& services) {
    counting(10)(request, out, services);
    services.wait(std::chrono::hours(1));
    services.throw_if_cancelled();
  };
  sink->on_write = [](const BatchView&, Rejects&, const HostServices&) {
    throw Error(ErrorClass::system, "E_BROKEN", "no");
  };
  BOOST_TEST(first_code(run()) == "E_BROKEN");
}

BOOST_FIXTURE_TEST_CASE(a_run_that_is_cancelled_before_it_begins_moves_nothing, Engine) {
  host::RunOptions options;
  options.cancellation.drain();
  source->read = counting(10);
  const host::RunResult result = run("{}", options);
  BOOST_TEST(result.exit_code == 6);
  BOOST_TEST(result.counts.written == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_backoff_ends_with_the_run, Engine) {
  host::RunOptions options;
  source->read = [&](const ReadRequest&, SourceWriter&, const HostServices&) {
    options.cancellation.drain();
    throw Error(ErrorClass::transient, "E_LOST", "gone");
  };
  run(R"({"policy":{"retry":{"initialBackoff":"1h","maxBackoff":"1h"}}})", options);
}

BOOST_FIXTURE_TEST_CASE(a_timeout_drains_to_a_durable_point, Engine) {
  source->read = endless(INT64_MAX, [] {});
  const host::RunResult result = run(R"({"policy":{"limits":{"timeout":"20ms"}}})");
  BOOST_TEST(result.exit_code == 6);
  BOOST_TEST(first_code(result) == "E_TIMEOUT");
  BOOST_TEST(result.counts.reconciled());
  // On a busy machine the time may be over before the first batch is.
  const int64_t next = result.new_checkpoint.is_null() ? 0 : result.new_checkpoint.at("next").as_int64();
  BOOST_TEST(next == static_cast<int64_t>(sink->committed.size()));
}

BOOST_FIXTURE_TEST_CASE(progress_comes_on_the_callers_thread_and_ends_with_done, Engine) {
  source->read = counting(50'000);
  std::vector<host::Progress> seen;
  const auto caller = std::this_thread::get_id();
  host::RunOptions options;
  options.progress_interval = std::chrono::milliseconds(1);
  options.on_progress = [&](const host::Progress& progress) {
    BOOST_TEST((std::this_thread::get_id() == caller));
    seen.push_back(progress);
  };
  run("{}", options);
  BOOST_REQUIRE(!seen.empty());
  BOOST_TEST(seen.back().done);
  BOOST_TEST(seen.back().records_written == 50'000u);
  BOOST_TEST(seen.back().checkpoint == R"({"next":50000})");
}

BOOST_FIXTURE_TEST_CASE(a_progress_callback_that_throws_is_not_called_again_and_the_run_goes_on, Engine) {
  source->read = counting(50'000);
  int calls = 0;
  host::RunOptions options;
  options.progress_interval = std::chrono::milliseconds(1);
  options.on_progress = [&](const host::Progress&) {
    ++calls;
    throw std::runtime_error("the callback's bug");
  };
  BOOST_TEST(run("{}", options).exit_code == 0);
  BOOST_TEST(calls == 1);
  BOOST_TEST(sink->committed.size() == 50'000u);
  BOOST_TEST(mentions(log->text, "the callback's bug"));
}

BOOST_AUTO_TEST_SUITE_END()
