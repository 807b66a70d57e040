#include "tests/staging/conformance.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>
#include <vector>

#include "tests/staging/sealed_frames.hpp"

namespace sluice::staging {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Next = StagingReader::Next;

// One provider with one session; what each test begins with.
struct Bench {
  explicit Bench(const ConformanceSubject& subject) : provider(subject.make()) {
    request.durability = subject.durability;
    request.max_bytes = subject.max_bytes;
    request.max_batch_bytes = subject.max_batch_bytes;
    request.run_id = "conformance";
    request.unit_key = "conformance/unit";
  }
  Bench& with_streams(uint32_t count) {
    request.slice_count = count;
    return *this;
  }
  Bench& failing_when_full() {
    request.fail_when_full = true;
    return *this;
  }
  StagingSession& open() {
    Status status = provider->open(request, session);
    BOOST_REQUIRE_MESSAGE(status.ok(), (status.ok() ? "" : status.error().message()));
    return *session;
  }
  uint64_t largest() const { return provider->max_frame_bytes(request) / 64 * 64; }
  uint64_t usual() const { return request.max_batch_bytes / 64 * 64; }

  std::unique_ptr<StagingProvider> provider;
  StagingRequest request;
  std::unique_ptr<StagingSession> session;
};

// Boost.Test is used by the main thread only; others return what they found.
Status write_one(StagingSession& session, uint32_t stream, uint64_t sequence, uint64_t bytes) {
  std::span<std::byte> room;
  if (Status status = session.writer(stream).claim(bytes, room); !status.ok()) return status;
  if (room.size() < bytes || reinterpret_cast<uintptr_t>(room.data()) % 64 != 0)
    return Error(ErrorClass::system, "E_TEST", "the room is too small or not aligned");
  write_frame(room, stream, sequence, bytes);
  return session.writer(stream).publish(bytes);
}

Status read_one(StagingSession& session, uint32_t stream, uint64_t sequence, uint64_t bytes) {
  Next kind{};
  std::span<const std::byte> frame;
  for (;;) {
    if (Status status = session.reader(stream).next(1000ms, kind, frame); !status.ok()) return status;
    if (kind == Next::end) return Error(ErrorClass::system, "E_TEST", "the stream ends too early");
    if (kind == Next::frame) break;
  }
  if (!is_frame(frame, stream, sequence, bytes))
    return Error(ErrorClass::system, "E_TEST",
                 "frame " + std::to_string(sequence) + " of stream " + std::to_string(stream) +
                     " is not what was published");
  Status status = session.reader(stream).acknowledge(sequence, {});
  session.reader(stream).release();
  return status;
}

Status expect_end(StagingSession& session, uint32_t stream) {
  Next kind{};
  std::span<const std::byte> frame;
  do {
    if (Status status = session.reader(stream).next(1000ms, kind, frame); !status.ok()) return status;
  } while (kind == Next::nothing_yet);
  if (kind == Next::end) return {};
  return Error(ErrorClass::system, "E_TEST", "the stream goes on after its last frame");
}

void require_ok(const Status& status) {
  BOOST_REQUIRE_MESSAGE(status.ok(),
                        (status.ok() ? "" : status.error().code() + ": " + status.error().message()));
}
void require_error(const Status& status, ErrorClass cls, std::string_view code) {
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST(status.error().code() == code);
  BOOST_TEST(to_string(status.error().error_class()) == to_string(cls));
}

// Waits until a counter of another thread has stood still for a while: the thread is then most likely
// blocked. Tests pass whether it is or not.
void let_settle(const std::atomic<uint64_t>& counter, Clock::duration still = 5ms) {
  uint64_t seen = counter;
  auto since = Clock::now();
  while (Clock::now() - since < still) {
    std::this_thread::yield();
    if (counter != seen) {
      seen = counter;
      since = Clock::now();
    }
  }
}

void spin(uint64_t rounds) {
  static std::atomic<uint64_t> idle;
  for (uint64_t i = 0; i < rounds; ++i) idle.store(i, std::memory_order_relaxed);
}

// A thread that is joined, and whose status is looked at, before the test goes on.
class Side {
 public:
  template <class Work>
  explicit Side(Work work) : thread_([this, work] { status_ = work(); }) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() {
    if (thread_.joinable()) thread_.join();
  }
  Status join() {
    thread_.join();
    return std::move(status_);
  }

 private:
  Status status_;
  std::thread thread_;
};

void gives_back_exactly_what_was_published_in_order(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  for (uint64_t i = 0; i < 500; ++i) {
    const uint64_t bytes = smallest_frame + i % 7 * 64;
    require_ok(write_one(session, 0, i, bytes));
    require_ok(read_one(session, 0, i, bytes));
  }
  require_ok(session.writer(0).seal(SealedAs::finished));
  require_ok(expect_end(session, 0));
}

void several_frames_can_be_held_and_released_later(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  for (uint64_t round = 0; round < 20; ++round) {
    std::span<const std::byte> frames[3];
    for (uint64_t i = 0; i < 3; ++i) require_ok(write_one(session, 0, round * 3 + i, 640));
    for (auto& frame : frames) {
      Next kind{};
      require_ok(session.reader(0).next(1000ms, kind, frame));
      BOOST_REQUIRE(kind == Next::frame);
    }
    for (uint64_t i = 0; i < 3; ++i) BOOST_REQUIRE(is_frame(frames[i], 0, round * 3 + i, 640));
    require_ok(session.reader(0).acknowledge(round * 3 + 2, {}));
    for (int i = 0; i < 3; ++i) session.reader(0).release();
  }
}

void a_full_stage_blocks_the_writer_until_the_reader_releases(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  const uint64_t bytes = bench.usual(), count = bench.request.max_bytes / bytes * 2 + 2;
  std::atomic<uint64_t> published{0};
  Side writer([&]() -> Status {
    for (uint64_t i = 0; i < count; ++i) {
      if (Status status = write_one(session, 0, i, bytes); !status.ok()) return status;
      ++published;
    }
    return session.writer(0).seal(SealedAs::finished);
  });
  // The first batch may be slow: a file is made for it, and a disk waited for.
  for (const auto until = Clock::now() + 10s; published == 0 && Clock::now() < until;)
    std::this_thread::yield();
  // Long enough that the writer has filled the stage, also on a machine that has other things to do.
  let_settle(published, 200ms);
  const uint64_t before_reading = published;
  BOOST_TEST(before_reading >= 1u);
  BOOST_TEST(before_reading * bytes <= bench.request.max_bytes);
  for (uint64_t i = 0; i < count; ++i) {
    if (i < 10) let_settle(published);
    require_ok(read_one(session, 0, i, bytes));
  }
  require_ok(writer.join());
  require_ok(expect_end(session, 0));
  BOOST_TEST(published == count);
  BOOST_TEST(session.stats().blocked.count() > 0);
}

void a_full_stage_fails_at_once_when_asked_to(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.failing_when_full().open();
  const uint64_t bytes = bench.usual();
  uint64_t written = 0, read = 0;
  for (int round = 0; round < 3; ++round) {
    Status status;
    do {
      status = write_one(session, 0, written, bytes);
      if (status.ok()) ++written;
      BOOST_REQUIRE((written - read) * bytes <= bench.request.max_bytes);
    } while (status.ok());
    require_error(status, ErrorClass::transient, "E_STAGING_FULL");
    BOOST_TEST(status.error().message().find(std::to_string(session.stats().capacity_bytes)) !=
               std::string::npos);
    BOOST_TEST(written > read);
    while (read + 1 < written) {
      require_ok(read_one(session, 0, read, bytes));
      ++read;
    }
  }
}

void cancellation_wakes_a_blocked_writer(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  std::atomic<uint64_t> published{0};
  Side writer([&]() -> Status {
    for (uint64_t i = 0;; ++i) {
      if (Status status = write_one(session, 0, i, bench.usual()); !status.ok()) return status;
      ++published;
    }
  });
  let_settle(published);
  session.cancel();
  require_error(writer.join(), ErrorClass::cancelled, "E_CANCELLED");
  require_error(write_one(session, 0, published, bench.usual()), ErrorClass::cancelled, "E_CANCELLED");
  require_error(read_one(session, 0, 0, bench.usual()), ErrorClass::cancelled, "E_CANCELLED");
}

void cancellation_wakes_a_blocked_reader(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  std::atomic<uint64_t> started{0};
  Side reader([&]() -> Status {
    Next kind{};
    std::span<const std::byte> frame;
    ++started;
    return session.reader(0).next(std::chrono::hours(1), kind, frame);
  });
  let_settle(started);
  session.cancel();
  require_error(reader.join(), ErrorClass::cancelled, "E_CANCELLED");
  require_error(read_one(session, 0, 0, 640), ErrorClass::cancelled, "E_CANCELLED");
  require_error(write_one(session, 0, 0, 640), ErrorClass::cancelled, "E_CANCELLED");
}

void the_end_comes_after_the_last_frame_and_stays(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.with_streams(2).open();
  for (uint64_t i = 0; i < 3; ++i) require_ok(write_one(session, 0, i, 640));
  require_ok(session.writer(0).seal(SealedAs::finished));
  for (uint64_t i = 0; i < 3; ++i) require_ok(read_one(session, 0, i, 640));
  for (int i = 0; i < 3; ++i) require_ok(expect_end(session, 0));
  // The other stream is open still, and its end wakes a reader that waits for it.
  Next kind{};
  std::span<const std::byte> frame;
  require_ok(session.reader(1).next(0ms, kind, frame));
  BOOST_TEST((kind == Next::nothing_yet));
  Side reader([&] { return expect_end(session, 1); });
  require_ok(session.writer(1).seal(SealedAs::finished));
  require_ok(reader.join());
}

void waiting_for_a_frame_ends_in_time(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  Next kind = Next::end;
  std::span<const std::byte> frame;
  const auto begin = Clock::now();
  require_ok(session.reader(0).next(20ms, kind, frame));
  BOOST_TEST((kind == Next::nothing_yet));
  BOOST_TEST((Clock::now() - begin >= 20ms));
  BOOST_TEST(session.stats().starved.count() > 0);
  require_ok(session.reader(0).next(0ms, kind, frame));
  BOOST_TEST((kind == Next::nothing_yet));
  require_ok(write_one(session, 0, 0, 640));
  require_ok(session.reader(0).next(10s, kind, frame));
  BOOST_TEST((kind == Next::frame));
}

void an_abandoned_claim_leaves_nothing_behind(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  std::span<std::byte> room;
  for (uint64_t i = 0; i < 200; ++i) {
    require_ok(session.writer(0).claim(i % 3 == 0 ? bench.largest() : bench.usual(), room));
    session.writer(0).abandon();
    if (i % 50 == 0) require_ok(write_one(session, 0, i / 50, 640));
    if (i % 50 == 0) require_ok(read_one(session, 0, i / 50, 640));
  }
  session.writer(0).abandon();  // without a claim: nothing happens
  require_ok(session.writer(0).seal(SealedAs::finished));
  require_ok(expect_end(session, 0));
  BOOST_TEST(session.stats().used_bytes <= session.stats().capacity_bytes);
}

void the_largest_frame_passes_between_small_ones(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  const auto size = [&](uint64_t i) {
    return i % 3 == 1 ? bench.largest() : i % 3 == 2 ? bench.usual() : 640;
  };
  Side writer([&]() -> Status {
    for (uint64_t i = 0; i < 60; ++i)
      if (Status status = write_one(session, 0, i, size(i)); !status.ok()) return status;
    return session.writer(0).seal(SealedAs::finished);
  });
  for (uint64_t i = 0; i < 60; ++i) require_ok(read_one(session, 0, i, size(i)));
  require_ok(writer.join());
  require_ok(expect_end(session, 0));
  BOOST_TEST(session.stats().peak_bytes <= session.stats().capacity_bytes);
}

void a_frame_that_can_never_fit_is_refused(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  std::span<std::byte> room;
  require_error(session.writer(0).claim(bench.provider->max_frame_bytes(bench.request) + 1, room),
                ErrorClass::config, "E_BATCH_TOO_LARGE");
  require_error(session.writer(0).claim(UINT64_MAX, room), ErrorClass::config, "E_BATCH_TOO_LARGE");
  require_ok(write_one(session, 0, 0, bench.largest()));
  require_ok(read_one(session, 0, 0, bench.largest()));
}

void streams_run_side_by_side(const ConformanceSubject& subject) {
  constexpr uint32_t streams = 3;
  constexpr uint64_t count = 300;
  Bench bench(subject);
  StagingSession& session = bench.with_streams(streams).open();
  std::vector<std::unique_ptr<Side>> sides;
  for (uint32_t stream = 0; stream < streams; ++stream) {
    sides.push_back(std::make_unique<Side>([&, stream]() -> Status {
      FrameSizes sizes(stream, bench.usual(), bench.largest());
      for (uint64_t i = 0; i < count; ++i)
        if (Status status = write_one(session, stream, i, sizes.next()); !status.ok()) return status;
      return session.writer(stream).seal(SealedAs::finished);
    }));
    sides.push_back(std::make_unique<Side>([&, stream]() -> Status {
      FrameSizes sizes(stream, bench.usual(), bench.largest());
      for (uint64_t i = 0; i < count; ++i)
        if (Status status = read_one(session, stream, i, sizes.next()); !status.ok()) return status;
      return expect_end(session, stream);
    }));
  }
  for (auto& side : sides) require_ok(side->join());
  BOOST_TEST(session.stats().peak_bytes <= session.stats().capacity_bytes);
}

// A sink that takes one slice after another must never be kept from the first by the others.
void streams_can_be_read_one_after_another(const ConformanceSubject& subject) {
  constexpr uint32_t streams = 3;
  constexpr uint64_t count = 100;
  Bench bench(subject);
  StagingSession& session = bench.with_streams(streams).open();
  std::vector<std::unique_ptr<Side>> writers;
  for (uint32_t stream = 0; stream < streams; ++stream)
    writers.push_back(std::make_unique<Side>([&, stream]() -> Status {
      FrameSizes sizes(stream + 10, bench.usual(), bench.largest());
      for (uint64_t i = 0; i < count; ++i)
        if (Status status = write_one(session, stream, i, sizes.next()); !status.ok()) return status;
      return session.writer(stream).seal(SealedAs::finished);
    }));
  for (uint32_t stream = 0; stream < streams; ++stream) {
    FrameSizes sizes(stream + 10, bench.usual(), bench.largest());
    for (uint64_t i = 0; i < count; ++i) require_ok(read_one(session, stream, i, sizes.next()));
    require_ok(expect_end(session, stream));
  }
  for (auto& writer : writers) require_ok(writer->join());
}

// `writer_work` and `reader_work` are the most rounds that a side idles after a frame.
void race(const ConformanceSubject& subject, uint32_t writer_work, uint32_t reader_work, uint32_t seed) {
  constexpr uint64_t count = 400;
  Bench bench(subject);
  StagingSession& session = bench.open();
  std::atomic<bool> over{false};
  Side writer([&]() -> Status {
    FrameSizes sizes(seed, bench.usual(), bench.largest());
    std::mt19937 random(seed + 1);
    for (uint64_t i = 0; i < count; ++i) {
      if (Status status = write_one(session, 0, i, sizes.next()); !status.ok()) return status;
      if (session.stats().used_bytes > session.stats().capacity_bytes) over = true;
      spin(random() % (writer_work + 1));
    }
    return session.writer(0).seal(SealedAs::finished);
  });
  FrameSizes sizes(seed, bench.usual(), bench.largest());
  std::mt19937 random(seed + 2);
  for (uint64_t i = 0; i < count; ++i) {
    require_ok(read_one(session, 0, i, sizes.next()));
    spin(random() % (reader_work + 1));
  }
  require_ok(writer.join());
  require_ok(expect_end(session, 0));
  BOOST_TEST(!over);
  BOOST_TEST(session.stats().peak_bytes > 0u);
  BOOST_TEST(session.stats().peak_bytes <= session.stats().capacity_bytes);
  BOOST_TEST(session.stats().capacity_bytes <= bench.request.max_bytes);
}

void a_fast_writer_and_a_slow_reader_agree(const ConformanceSubject& subject) {
  race(subject, 0, 20000, 1);
}
void a_slow_writer_and_a_fast_reader_agree(const ConformanceSubject& subject) {
  race(subject, 20000, 0, 2);
}
void equal_sides_agree(const ConformanceSubject& subject) {
  for (uint32_t seed = 3; seed < 6; ++seed) race(subject, 2000, 2000, seed);
}

void a_session_may_close_with_frames_left(const ConformanceSubject& subject) {
  Bench bench(subject);
  for (int round = 0; round < 20; ++round) {
    StagingSession& session = bench.open();
    for (uint64_t i = 0; i < 3; ++i) require_ok(write_one(session, 0, i, bench.usual()));
    require_ok(read_one(session, 0, 0, bench.usual()));
    std::span<std::byte> room;
    require_ok(session.writer(0).claim(640, room));
    bench.session.reset();
  }
}

void sessions_know_nothing_of_each_other(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& first = bench.open();
  std::unique_ptr<StagingSession> second;
  StagingRequest request = bench.request;
  request.unit_key = "conformance/other";
  require_ok(bench.provider->open(request, second));
  require_ok(write_one(first, 0, 0, 640));
  require_ok(write_one(*second, 0, 0, 704));
  first.cancel();
  require_ok(read_one(*second, 0, 0, 704));
  require_ok(write_one(*second, 0, 1, 640));
  bench.session.reset();
  require_ok(read_one(*second, 0, 1, 640));
}

void every_session_has_its_own_id(const ConformanceSubject& subject) {
  Bench bench(subject);
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    std::unique_ptr<StagingSession> session;
    bench.request.unit_key = "conformance/" + std::to_string(i);
    require_ok(bench.provider->open(bench.request, session));
    BOOST_TEST(!session->id().empty());
    ids.emplace(session->id());
  }
  BOOST_TEST(ids.size() == 50u);
}

void only_what_was_read_can_be_acknowledged(const ConformanceSubject& subject) {
  Bench bench(subject);
  StagingSession& session = bench.open();
  BOOST_TEST(!session.reader(0).acknowledge(0, {}).ok());
  require_ok(write_one(session, 0, 0, 640));
  require_ok(write_one(session, 0, 1, 640));
  require_ok(read_one(session, 0, 0, 640));
  BOOST_TEST(!session.reader(0).acknowledge(1, {}).ok());
  require_ok(read_one(session, 0, 1, 640));
  BOOST_TEST(!session.reader(0).acknowledge(0, {}).ok());
}

void more_durability_than_there_is_is_refused(const ConformanceSubject& subject) {
  Bench bench(subject);
  const Durability strongest = bench.provider->strongest_durability();
  BOOST_TEST((subject.durability <= strongest));
  if (strongest == Durability::disk) return;
  bench.request.durability = static_cast<Durability>(static_cast<uint32_t>(strongest) + 1);
  require_error(bench.provider->open(bench.request, bench.session), ErrorClass::config,
                "E_STAGING_DURABILITY");
}

}  // namespace

bool add_conformance(const ConformanceSubject& subject) {
  using Scenario = void (*)(const ConformanceSubject&);
  auto* suite = BOOST_TEST_SUITE(subject.name + "_conformance");
  const auto add = [&](const char* name, Scenario scenario) {
    suite->add(boost::unit_test::make_test_case([scenario, subject] { scenario(subject); }, name, __FILE__,
                                                __LINE__));
  };
#define SLUICE_SCENARIO(name) add(#name, name)
  SLUICE_SCENARIO(gives_back_exactly_what_was_published_in_order);
  SLUICE_SCENARIO(several_frames_can_be_held_and_released_later);
  SLUICE_SCENARIO(a_full_stage_blocks_the_writer_until_the_reader_releases);
  SLUICE_SCENARIO(a_full_stage_fails_at_once_when_asked_to);
  SLUICE_SCENARIO(cancellation_wakes_a_blocked_writer);
  SLUICE_SCENARIO(cancellation_wakes_a_blocked_reader);
  SLUICE_SCENARIO(the_end_comes_after_the_last_frame_and_stays);
  SLUICE_SCENARIO(waiting_for_a_frame_ends_in_time);
  SLUICE_SCENARIO(an_abandoned_claim_leaves_nothing_behind);
  SLUICE_SCENARIO(the_largest_frame_passes_between_small_ones);
  SLUICE_SCENARIO(a_frame_that_can_never_fit_is_refused);
  SLUICE_SCENARIO(streams_run_side_by_side);
  SLUICE_SCENARIO(streams_can_be_read_one_after_another);
  SLUICE_SCENARIO(a_fast_writer_and_a_slow_reader_agree);
  SLUICE_SCENARIO(a_slow_writer_and_a_fast_reader_agree);
  SLUICE_SCENARIO(equal_sides_agree);
  SLUICE_SCENARIO(a_session_may_close_with_frames_left);
  SLUICE_SCENARIO(sessions_know_nothing_of_each_other);
  SLUICE_SCENARIO(every_session_has_its_own_id);
  SLUICE_SCENARIO(only_what_was_read_can_be_acknowledged);
  SLUICE_SCENARIO(more_durability_than_there_is_is_refused);
#undef SLUICE_SCENARIO
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace sluice::staging
