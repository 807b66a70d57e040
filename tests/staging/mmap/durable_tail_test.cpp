// Durability disk with syncs on a thread of their own: nothing is shown before it is durable, and failed
// syncs come back.
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>

#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

// Lets syncs through only when it is told to.
class GatedFiles final : public PosixFiles {
 public:
  int sync(const File& file) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
    ++syncs_;
    if (fail_) return EIO;
    lock.unlock();
    return PosixFiles::sync(file);
  }
  void open_gate(bool open) {
    {
      const std::lock_guard lock(mutex_);
      open_ = open;
    }
    changed_.notify_all();
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    fail_ = true;
  }
  int syncs() const {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true, fail_ = false;
  int syncs_ = 0;
};

struct Gated {
  Gated() : bench(files, uint64_t{256} << 10) {
    bench.settings.syncs_apart = true;
    bench.request.durability = Durability::disk;
    session = bench.create();
    // The first one makes the segment, with syncs of its own.
    require_ok(publish(0));
    BOOST_REQUIRE((next(std::chrono::seconds(10)) == Next::frame));
  }
  ~Gated() { files.open_gate(true); }

  Status publish(uint64_t sequence) { return script.write(*session, 0, sequence); }
  Next next(std::chrono::milliseconds wait) {
    Next kind{};
    std::span<const std::byte> frame;
    require_ok(session->reader(0).next(wait, kind, frame));
    if (kind == Next::frame) session->reader(0).release();
    return kind;
  }

  GatedFiles files;
  StageBench bench;
  FrameScript script;
  std::unique_ptr<StagingSession> session;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_tail)

BOOST_FIXTURE_TEST_CASE(a_batch_is_shown_only_once_it_is_synced, Gated) {
  files.open_gate(false);
  require_ok(publish(1));
  require_ok(publish(2));
  BOOST_TEST((next(std::chrono::milliseconds(30)) == Next::nothing_yet));
  files.open_gate(true);
  BOOST_TEST((next(std::chrono::seconds(10)) == Next::frame));
  BOOST_TEST((next(std::chrono::seconds(10)) == Next::frame));
}

BOOST_FIXTURE_TEST_CASE(batches_that_come_during_a_sync_share_the_next_one, Gated) {
  const int before = files.syncs();
  files.open_gate(false);
  for (uint64_t i = 1; i < 21; ++i) require_ok(publish(i));
  files.open_gate(true);
  for (int i = 0; i < 20; ++i) BOOST_TEST((next(std::chrono::seconds(10)) == Next::frame));
  // The first one's, and the others' together; a thread that comes late leaves all to one.
  BOOST_TEST(files.syncs() - before <= 4);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_the_stream_waits_for_all_of_it, Gated) {
  for (uint64_t i = 1; i < 11; ++i) require_ok(publish(i));
  require_ok(session->writer(0).seal(SealedAs::finished));
  for (int i = 0; i < 10; ++i) BOOST_TEST((next(std::chrono::milliseconds(0)) == Next::frame));
  BOOST_TEST((next(std::chrono::milliseconds(0)) == Next::end));
}

BOOST_FIXTURE_TEST_CASE(a_failed_sync_shows_nothing_and_comes_back_for_ever, Gated) {
  files.open_gate(false);
  require_ok(publish(1));
  files.fail();
  files.open_gate(true);
  const Status sealed = session->writer(0).seal(SealedAs::finished);
  BOOST_REQUIRE(!sealed.ok());
  BOOST_TEST(sealed.error().message().find("sync") != std::string::npos);
  std::span<std::byte> room;
  BOOST_TEST(!session->writer(0).claim(64, room).ok());
  Next kind{};
  std::span<const std::byte> frame;
  require_ok(session->reader(0).next(std::chrono::milliseconds(0), kind, frame));
  BOOST_TEST((kind == Next::nothing_yet));
}

BOOST_FIXTURE_TEST_CASE(a_session_that_is_closed_keeps_what_was_published, Gated) {
  for (uint64_t i = 1; i < 30; ++i) require_ok(publish(i));
  session->keep();
  session.reset();
  session = bench.reopen();
  BOOST_TEST(state_of(*session).next == 30u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::staging
