// What memory staging does beyond the conformance suite: its cap, its sizes, its working set.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>

#include "sluice/detail/staging_thunks.hpp"
#include "staging/abi/abi_provider.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/memory/memory_session.hpp"
#include "tests/staging/conformance.hpp"
#include "tests/staging/sealed_frames.hpp"

namespace sluice::staging {

namespace {

using namespace std::chrono_literals;
using Next = StagingReader::Next;
using Thunks = sluice::detail::StagingThunks;

// The same provider as the C ABI shows it, wrapped back.
std::unique_ptr<StagingProvider> through_abi() {
  const sluice_staging_provider provider{sizeof(sluice_staging_provider), 0,
                                         static_cast<StagingProvider*>(new MemoryProvider),
                                         &Thunks::provider_api<MemoryProvider::strongest>};
  std::shared_ptr<const void> owner(static_cast<const void*>(nullptr),
                                    [provider](const void*) { provider.api->destroy(provider.self); });
  return std::make_unique<AbiProvider>(provider, "staging provider \"memory\"", std::move(owner));
}

[[maybe_unused]] const bool native =
    add_conformance({.name = "memory", .make = [] { return std::make_unique<MemoryProvider>(); }});
[[maybe_unused]] const bool wrapped = add_conformance({.name = "memory_through_abi", .make = through_abi});

StagingRequest request_of(uint64_t max_bytes, uint64_t batch_bytes, uint32_t streams = 1) {
  StagingRequest request;
  request.max_bytes = max_bytes;
  request.max_batch_bytes = batch_bytes;
  request.slice_count = streams;
  return request;
}

std::unique_ptr<StagingSession> open(MemoryProvider& provider, const StagingRequest& request) {
  std::unique_ptr<StagingSession> session;
  Status status = provider.open(request, session);
  BOOST_REQUIRE_MESSAGE(status.ok(), (status.ok() ? "" : status.error().message()));
  return session;
}

std::string code_of(const Status& status) {
  return status.ok() ? "" : status.error().code();
}

const std::byte* pass_one(StagingSession& session, uint64_t sequence, uint64_t bytes) {
  std::span<std::byte> room;
  BOOST_REQUIRE(session.writer(0).claim(bytes, room).ok());
  write_frame(room, 0, sequence, bytes);
  BOOST_REQUIRE(session.writer(0).publish(bytes).ok());
  Next kind{};
  std::span<const std::byte> frame;
  BOOST_REQUIRE(session.reader(0).next(1000ms, kind, frame).ok());
  BOOST_REQUIRE(frame.data() == room.data());  // no copy on the way
  session.reader(0).release();
  return frame.data();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_staging)

BOOST_AUTO_TEST_CASE(few_batches_make_one_block_do_and_many_use_all_in_turn) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  std::vector<const std::byte*> places;
  for (uint64_t i = 0; i < 100; ++i) places.push_back(pass_one(*session, i, 1 << 20));
  BOOST_TEST(std::set(places.begin(), places.begin() + 8).size() == 1u);
  for (auto at = places.begin() + 8; at + 4 <= places.end(); ++at)
    BOOST_TEST(std::set(at, at + 4).size() == 4u);
  BOOST_TEST(std::set(places.begin(), places.end()).size() == 4u);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= 5u << 20);
}

BOOST_AUTO_TEST_CASE(room_that_is_there_to_fail_late_is_not_used_while_the_reader_keeps_up) {
  MemoryProvider provider;
  StagingRequest request = request_of(64 << 20, 1 << 20);
  request.fail_when_full = true;
  auto session = open(provider, request);
  for (uint64_t i = 0; i < 100; ++i) pass_one(*session, i, 1 << 20);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= 5u << 20);
}

BOOST_AUTO_TEST_CASE(small_frames_go_round_more_blocks_until_larger_ones_come) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  uint64_t sequence = 0;
  const auto places = [&](int frames, uint64_t bytes) {
    std::set<const std::byte*> seen;
    for (int i = 0; i < frames; ++i) seen.insert(pass_one(*session, sequence++, bytes));
    return seen.size();
  };
  places(8, 64 << 10);
  BOOST_TEST(places(40, 64 << 10) == 8u);
  places(8, 1 << 20);
  BOOST_TEST(places(40, 1 << 20) == 4u);
  BOOST_TEST(places(40, 64 << 10) == 4u);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= 5u << 20);
}

BOOST_AUTO_TEST_CASE(a_small_run_takes_little_memory) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() == 0u);
  pass_one(*session, 0, 640);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= 16u << 10);
}

struct OneAfterAnother {
  // Ends a session of this shape that had a frame of a megabyte.
  void first(bool shown = false) {
    auto session = open(provider, shape);
    const std::byte* at = pass_one(*session, 0, 1 << 20);
    if (shown) BOOST_REQUIRE(session->reader(0).shared_place(at).has_value());
  }
  uint64_t committed_at_the_start_of_another() {
    auto session = open(provider, shape);
    return static_cast<MemorySession&>(*session).committed_bytes();
  }
  MemoryProvider provider{16 << 20};
  StagingRequest shape = request_of(64 << 20, 1 << 20);
};

BOOST_FIXTURE_TEST_CASE(the_next_session_finds_memory_and_none_of_the_records, OneAfterAnother) {
  first();
  auto session = open(provider, shape);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() >= 1u << 20);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= provider.reserved_bytes());
  std::span<std::byte> room;
  BOOST_REQUIRE(session->writer(0).claim(1 << 20, room).ok());
  BOOST_TEST(std::all_of(room.begin(), room.end(), [](std::byte b) { return b == std::byte{0}; }));
}

BOOST_FIXTURE_TEST_CASE(memory_that_another_process_may_write_to_is_not_used_again, OneAfterAnother) {
  first(true);
  BOOST_TEST(committed_at_the_start_of_another() == 0u);
}

BOOST_FIXTURE_TEST_CASE(memory_is_not_kept_when_a_session_needs_its_room, OneAfterAnother) {
  first();
  {
    // With it the provider would have more than its cap.
    auto other = open(provider, request_of(16 << 20, 7 << 20));
    BOOST_TEST(provider.reserved_bytes() > 14u << 20);
  }
  BOOST_TEST(committed_at_the_start_of_another() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_session_of_another_shape_has_memory_of_its_own, OneAfterAnother) {
  first();
  shape = request_of(8 << 20, 1 << 20);
  BOOST_TEST(committed_at_the_start_of_another() == 0u);
}

BOOST_FIXTURE_TEST_CASE(the_last_session_s_memory_is_the_one_that_is_kept, OneAfterAnother) {
  first();
  shape = request_of(8 << 20, 1 << 20);
  first();
  BOOST_TEST(committed_at_the_start_of_another() >= 1u << 20);
}

BOOST_FIXTURE_TEST_CASE(a_large_frame_s_memory_is_not_kept, OneAfterAnother) {
  {
    auto session = open(provider, shape);
    pass_one(*session, 0, 1 << 20);
    pass_one(*session, 1, 10 << 20);
  }
  BOOST_TEST(committed_at_the_start_of_another() >= 1u << 20);
  BOOST_TEST(committed_at_the_start_of_another() <= 3u << 20);
}

BOOST_FIXTURE_TEST_CASE(a_working_set_is_kept_over_small_sessions_and_counted, OneAfterAnother) {
  {
    auto session = open(provider, shape);
    for (uint64_t i = 0; i < 20; ++i) pass_one(*session, i, 1 << 20);
  }
  BOOST_TEST(committed_at_the_start_of_another() >= 4u << 20);
  first();
  auto session = open(provider, shape);
  const auto committed = static_cast<MemorySession&>(*session).committed_bytes();
  BOOST_TEST(committed >= 4u << 20);
  BOOST_TEST(committed <= 5u << 20);
  BOOST_TEST(committed <= provider.reserved_bytes());
  for (int block = 0; block < 4; ++block) {
    std::span<std::byte> room;
    BOOST_REQUIRE(session->writer(0).claim(1 << 20, room).ok());
    BOOST_TEST(std::all_of(room.begin(), room.end(), [](std::byte b) { return b == std::byte{0}; }));
    write_frame(room, 0, static_cast<uint64_t>(block), 1 << 20);
    BOOST_REQUIRE(session->writer(0).publish(1 << 20).ok());
  }
  session.reset();
  BOOST_TEST(provider.reserved_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_is_met_by_a_working_set_and_not_by_everything) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    std::span<std::byte> room;
    for (uint64_t i = 0; session->writer(0).claim(1 << 20, room).ok(); ++i) {
      write_frame(room, 0, i, 1 << 20);
      (void)session->writer(0).publish(1 << 20);
    }
    done = true;
  });
  while (session->stats().used_bytes < 4u << 20) std::this_thread::yield();
  session->cancel();
  writer.join();
  BOOST_TEST(done);
  BOOST_TEST(session->stats().peak_bytes <= 6u << 20);
}

BOOST_AUTO_TEST_CASE(blocks_grow_to_the_first_claim) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  std::set<const std::byte*> places;
  for (uint64_t i = 0; i < 6; ++i) places.insert(pass_one(*session, i, 3 << 20));
  BOOST_TEST(places.size() == 1u);
  // Twice the block, as two blocks a stream are always there.
  BOOST_TEST(provider.reserved_bytes() == 6u << 20);
}

BOOST_AUTO_TEST_CASE(large_frames_return_their_memory) {
  MemoryProvider provider;
  auto session = open(provider, request_of(64 << 20, 1 << 20));
  pass_one(*session, 0, 640);
  const uint64_t before = provider.reserved_bytes();
  for (uint64_t i = 1; i < 6; ++i) pass_one(*session, i, 40 << 20);
  pass_one(*session, 6, 640);  // here the writer sees what came back
  BOOST_TEST(provider.reserved_bytes() == before);
  BOOST_TEST(static_cast<MemorySession&>(*session).committed_bytes() <= 1u << 20);
}

BOOST_AUTO_TEST_CASE(the_cap_refuses_a_session_that_could_not_work) {
  MemoryProvider provider(8 << 20);
  const StagingRequest request = request_of(8 << 20, 1 << 20);
  auto first = open(provider, request), second = open(provider, request), third = open(provider, request);
  std::unique_ptr<StagingSession> fourth;
  Status status = provider.open(request, fourth);
  BOOST_TEST(code_of(status) == "E_STAGING_CAP");
  BOOST_TEST(status.error().transient());
  BOOST_TEST(status.error().message().find("8388608") != std::string::npos);
  first.reset();
  BOOST_TEST(provider.open(request, fourth).ok());
}

BOOST_AUTO_TEST_CASE(sessions_at_the_cap_go_on_with_what_they_have) {
  MemoryProvider provider(8 << 20);
  const StagingRequest request = request_of(8 << 20, 1 << 20);
  std::vector<std::unique_ptr<StagingSession>> sessions;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) sessions.push_back(open(provider, request));
  std::atomic<uint64_t> received{0};
  for (auto& session : sessions) {
    threads.emplace_back([&session] {
      std::span<std::byte> room;
      for (uint64_t i = 0; i < 50 && session->writer(0).claim(1 << 20, room).ok(); ++i) {
        write_frame(room, 0, i, 640);
        (void)session->writer(0).publish(640);
      }
      (void)session->writer(0).seal(SealedAs::finished);
    });
    threads.emplace_back([&session, &received] {
      Next kind{};
      std::span<const std::byte> frame;
      while (session->reader(0).next(10ms, kind, frame).ok() && kind != Next::end)
        if (kind == Next::frame) {
          ++received;
          session->reader(0).release();
        }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(received == 150u);
  BOOST_TEST(provider.reserved_bytes() <= 8u << 20);
  sessions.clear();
  BOOST_TEST(provider.reserved_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_large_frame_waits_for_other_sessions) {
  MemoryProvider provider(8 << 20);
  auto small = open(provider, request_of(4 << 20, 1 << 20)),
       large = open(provider, request_of(8 << 20, 1 << 20));
  std::span<std::byte> room;
  // Holds one block more than its floor, which leaves too little for the other.
  for (uint64_t i = 0; i < 3; ++i) {
    BOOST_REQUIRE(small->writer(0).claim(640, room).ok());
    write_frame(room, 0, i, 640);
    BOOST_REQUIRE(small->writer(0).publish(640).ok());
  }
  const uint64_t bytes = 5 << 20;
  BOOST_REQUIRE(large->writer(0).claim(640, room).ok());
  large->writer(0).abandon();
  std::atomic<bool> got{false};
  Status status;
  std::thread writer([&] {
    std::span<std::byte> big;
    status = large->writer(0).claim(bytes, big);
    got = true;
  });
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  BOOST_TEST(!got);
  small.reset();
  writer.join();
  BOOST_TEST(status.ok());
}

BOOST_AUTO_TEST_CASE(a_large_frame_that_other_sessions_rule_out_fails_and_does_not_wait) {
  MemoryProvider provider(8 << 20);
  const StagingRequest request = request_of(8 << 20, 1 << 20);
  auto first = open(provider, request), second = open(provider, request);
  std::span<std::byte> room;
  BOOST_REQUIRE(first->writer(0).claim(640, room).ok());
  first->writer(0).abandon();
  Status status = first->writer(0).claim(7 << 20, room);
  BOOST_TEST(code_of(status) == "E_STAGING_FULL");
  BOOST_TEST(status.error().transient());
  second.reset();
  BOOST_TEST(first->writer(0).claim(7 << 20, room).ok());
}

BOOST_AUTO_TEST_CASE(requests_that_make_no_sense_are_refused) {
  MemoryProvider provider;
  std::unique_ptr<StagingSession> session;
  BOOST_TEST(code_of(provider.open(request_of(1000, 1000), session)) == "E_STAGING_TOO_SMALL");
  BOOST_TEST(code_of(provider.open(request_of(0, 0), session)) == "E_STAGING_TOO_SMALL");
  BOOST_TEST(code_of(provider.open(request_of(1 << 20, 0, 0), session)) == "E_STAGING_STREAMS");
  StagingRequest again = request_of(1 << 20, 0);
  again.stage_id = "mem-of-yesterday";
  BOOST_TEST(code_of(provider.open(again, session)) == "E_STAGE_UNKNOWN");
  BOOST_TEST(session == nullptr);
  BOOST_TEST(provider.reserved_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(calls_out_of_order_are_refused) {
  MemoryProvider provider;
  auto session = open(provider, request_of(1 << 20, 16 << 10));
  std::span<std::byte> room;
  BOOST_TEST(code_of(session->writer(0).publish(64)) == "E_STAGING_ORDER");
  BOOST_REQUIRE(session->writer(0).claim(640, room).ok());
  BOOST_TEST(code_of(session->writer(0).claim(640, room)) == "E_STAGING_ORDER");
  BOOST_TEST(code_of(session->writer(0).seal(SealedAs::finished)) == "E_STAGING_ORDER");
  BOOST_TEST(code_of(session->writer(0).publish(1 << 20)) == "E_STAGING_ORDER");
  session->writer(0).abandon();
  BOOST_REQUIRE(session->writer(0).seal(SealedAs::finished).ok());
  BOOST_TEST(code_of(session->writer(0).claim(640, room)) == "E_STAGING_ORDER");
  session->reader(0).release();  // nothing held: nothing happens
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::staging
