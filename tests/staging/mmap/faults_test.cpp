// Disks that are full, that fail, and machines that stop at any step.
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "tests/staging/mmap/faulting_files.hpp"
#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

using Call = FaultingFiles::Call;
using Crash = FaultingFiles::Crash;

const FrameScript script;

bool long_run() {
  const char* asked = std::getenv("SLUICE_LONG");
  return asked && std::string_view(asked) == "1";
}

struct FaultBench {
  FaultingFiles files{{}};
  StageBench bench{files};
};

void expect_disk_full(const Status& status) {
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST(status.error().code() == "E_STAGING_DISK_FULL");
  BOOST_TEST(status.error().transient());
  BOOST_TEST(!status.error().where().empty());
  BOOST_TEST(status.error().message().find(status.error().where()) != std::string::npos);
  BOOST_TEST(status.error().message().find(" bytes)") != std::string::npos);
}

Durability both_durabilities[] = {Durability::os, Durability::disk};

// What a run that was cut off had promised, and what it may have done besides.
struct Promises {
  bool created = false;
  uint64_t certain = 0;                  // frames below are published
  std::vector<uint32_t> attempts;        // of those, by sequence
  std::vector<uint32_t> possible;        // of frames from `certain` on that may be there
  uint64_t acknowledged = 0, tried = 0;  // at least, at most
  bool sealed = false, sealing = false;
  std::string note, other_note;
};

// One run over everything a session does, as far as it comes.
class Life {
 public:
  Life(StageBench& bench, const FaultingFiles& files, Promises& out)
      : bench_(bench), files_(files), out_(out) {}

  Status run() {
    if (Status status = alive(bench_.open(session_, true)); !status.ok()) return status;
    out_.created = true;
    if (Status status = publish(0, 10); !status.ok()) return status;
    std::span<std::byte> room;
    if (Status status = session_->writer(0).claim(640, room); !status.ok()) return status;
    session_->writer(0).abandon();
    if (Status status = read_and_acknowledge(7, 3); !status.ok()) return status;
    if (Status status = annotate(R"({"note":"first"})"); !status.ok()) return status;
    if (Status status = publish(10, 22); !status.ok()) return status;
    if (Status status = reopen(); !status.ok()) return status;
    if (Status status = rewind(17); !status.ok()) return status;
    if (Status status = publish(17, 20); !status.ok()) return status;
    if (Status status = read_and_acknowledge(8, 2); !status.ok()) return status;
    if (Status status = reopen(); !status.ok()) return status;
    if (Status status = annotate(R"({"note":"second"})"); !status.ok()) return status;
    if (Status status = publish(20, 24); !status.ok()) return status;
    out_.sealing = true;
    if (Status status = alive(session_->writer(0).seal(SealedAs::limited)); !status.ok()) return status;
    out_.sealed = true;
    session_->keep();
    return {};
  }
  // As death would end it.
  void end() {
    if (session_) session_->keep();
    session_.reset();
  }

 private:
  Status publish(uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; ++i) {
      out_.possible = {attempt_};
      if (Status status = alive(script.write(*session_, 0, i, attempt_)); !status.ok()) return status;
      out_.possible.clear();
      out_.attempts.resize(i);
      out_.attempts.push_back(attempt_);
      out_.certain = i + 1;
    }
    return {};
  }
  Status read_and_acknowledge(uint64_t count, uint64_t every) {
    for (uint64_t i = 1; i <= count; ++i) {
      Next kind{};
      std::span<const std::byte> frame;
      if (Status status = session_->reader(0).next(std::chrono::milliseconds(0), kind, frame); !status.ok())
        return status;
      if (kind != Next::frame) return Error(ErrorClass::system, "E_TEST", "a published frame is not given");
      const uint64_t sequence = BatchView(frame).sequence();
      session_->reader(0).release();
      if (i % every != 0) continue;
      out_.tried = sequence + 1;
      if (Status status = alive(session_->reader(0).acknowledge(sequence, checkpoint_of(0, sequence)));
          !status.ok())
        return status;
      out_.acknowledged = sequence + 1;
    }
    return {};
  }
  Status annotate(const std::string& note) {
    out_.other_note = note;
    if (Status status = alive(session_->annotate(note)); !status.ok()) return status;
    out_.note = note;
    return {};
  }
  Status reopen() {
    session_->keep();
    session_.reset();
    return bench_.open(session_, false);
  }
  Status rewind(uint64_t to) {
    out_.possible.assign(out_.attempts.begin() + static_cast<std::ptrdiff_t>(to), out_.attempts.end());
    out_.certain = to;
    if (Status status = alive(session_->rewind(0, StagingSession::as_it_is, to)); !status.ok()) return status;
    out_.possible.clear();
    ++attempt_;
    return {};
  }

  // What comes back after the crash comes back to nobody.
  Status alive(Status status) const {
    if (status.ok() && files_.crashed()) return Error(ErrorClass::system, "E_TEST", "this process is dead");
    return status;
  }

  StageBench& bench_;
  const FaultingFiles& files_;
  Promises& out_;
  std::unique_ptr<StagingSession> session_;
  uint32_t attempt_ = 0;
};

// What is wrong with what is left, opened with files that do not fail; "" when every promise is kept.
std::string broken_promise(StageBench& bench, const Promises& promised) {
  std::unique_ptr<StagingSession> session;
  if (Status status = bench.open(session, false); !status.ok())
    return promised.created || status.error().code() != "E_STAGE_UNKNOWN" ? text_of(status) : "";
  session->keep();
  StagingStreamState state;
  if (Status status = session->state(0, state); !status.ok()) return text_of(status);
  if (state.first < promised.acknowledged || state.first > std::max(promised.tried, promised.acknowledged))
    return "acknowledged up to " + std::to_string(state.first);
  if (promised.acknowledged > 0 && state.first == promised.acknowledged &&
      state.committed != checkpoint_of(0, promised.acknowledged - 1))
    return "checkpoint " + state.committed;
  if (state.forgotten) return "forgotten";
  if (promised.sealed ? !state.sealed || state.how != SealedAs::limited : state.sealed && !promised.sealing)
    return state.sealed ? "sealed" : "not sealed";
  if (session->note() != promised.note && session->note() != promised.other_note)
    return "note " + session->note();
  uint64_t next = state.first;
  for (;;) {
    Next kind{};
    std::span<const std::byte> frame;
    if (Status status = session->reader(0).next(std::chrono::milliseconds(0), kind, frame); !status.ok())
      return text_of(status);
    if (kind != Next::frame) break;
    const uint64_t behind = next - std::min(next, promised.certain);
    if (next >= promised.certain && behind >= promised.possible.size())
      return "frame " + std::to_string(next) + " comes back";
    const uint32_t attempt = next < promised.certain ? promised.attempts[next] : promised.possible[behind];
    if (!script.matches(frame, 0, next, attempt)) return "frame " + std::to_string(next) + " is another";
    session->reader(0).release();
    ++next;
  }
  if (next < promised.certain)
    return std::to_string(promised.certain) + " were published, it ends before " + std::to_string(next);
  if (Status status = session->state(0, state); !status.ok()) return text_of(status);
  if (state.lost_frames > 0) return std::to_string(state.lost_frames) + " lost";
  if (state.sealed) return {};
  for (uint64_t i = 0; i < 3; ++i)
    if (Status status = script.write(*session, 0, next + i); !status.ok()) return text_of(status);
  return {};
}

void crash_at_every_step(Durability durability, Crash how, uint32_t stride, uint32_t round = 0) {
  std::mt19937 random(static_cast<uint32_t>(how) + 7);
  bool over = false;
  for (uint64_t step = 1; !over; step += long_run() ? 1 : 1 + random() % stride) {
    FaultingFiles sound({});
    StageBench bench(sound);
    std::filesystem::create_directory(bench.scratch.staging());
    std::filesystem::permissions(bench.scratch.staging(), std::filesystem::perms::owner_all);
    FaultingFiles files(bench.scratch.staging());
    files.crash_at(step, how, static_cast<uint32_t>(step) + 1000 * round);
    StageBench faulty(files);
    faulty.settings = bench.settings;
    faulty.request.durability = durability;
    // Small enough that segments are recycled.
    faulty.request.max_bytes = 5 * small_segment;
    faulty.request.fail_when_full = true;
    Promises promised;
    Life life(faulty, files, promised);
    const Status status = life.run();
    life.end();
    over = !files.crashed();
    if (over) {
      BOOST_CHECK_MESSAGE(status.ok(), text_of(status));
      BOOST_TEST(step > 50u);
    } else {
      files.leave_what_the_crash_left();
    }
    const std::string wrong = broken_promise(bench, promised);
    BOOST_CHECK_MESSAGE(wrong.empty(), "crash at step " << step << " in round " << round << ": " << wrong);
  }
}

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(a_process_that_dies_at_any_step_loses_nothing_published) {
  crash_at_every_step(Durability::os, Crash::process, 5);
  crash_at_every_step(Durability::disk, Crash::process, 9);
}

BOOST_AUTO_TEST_CASE(power_that_goes_at_any_step_takes_nothing_that_was_promised_to_be_on_disk) {
  crash_at_every_step(Durability::disk, Crash::power, 5);
}

BOOST_AUTO_TEST_CASE(power_that_goes_while_the_disk_writes_in_any_order_does_neither) {
  for (uint32_t round = 0; round < (long_run() ? 30 : 1); ++round)
    crash_at_every_step(Durability::disk, Crash::power_in_part, 4, round);
}

BOOST_AUTO_TEST_CASE(a_full_disk_at_opening_leaves_nothing_behind) {
  for (const Durability durability : both_durabilities)
    for (uint64_t nth = 1; nth < 20; ++nth) {
      FaultBench bench;
      bench.bench.request.durability = durability;
      bench.files.fail(Call::create, nth, ENOSPC);
      std::unique_ptr<StagingSession> session;
      const Status status = bench.bench.open(session, true);
      if (status.ok()) {
        BOOST_TEST(nth > 6u);
        break;
      }
      // Lock files need no bytes of their own.
      if (nth > 2) expect_disk_full(status);
      BOOST_TEST(status.error().code() == "E_STAGING_DISK_FULL");
      BOOST_TEST(std::filesystem::is_empty(bench.bench.scratch.staging()));
      require_ok(bench.bench.open(session, true));
    }
}

BOOST_AUTO_TEST_CASE(a_full_disk_at_a_claim_passes_when_there_is_room) {
  for (const Durability durability : both_durabilities)
    for (const int error : {ENOSPC, EDQUOT}) {
      FaultBench bench;
      bench.bench.request.durability = durability;
      bench.bench.request.fail_when_full = true;
      auto session = bench.bench.create();
      uint64_t refused = 0;
      for (uint64_t i = 0; i < 30; ++i) {
        bench.files.fail(Call::create, 1, error, 1000);
        std::span<std::byte> room;
        const Status status = session->writer(0).claim(script.bytes(0, i), room);
        bench.files.heal();
        if (status.ok()) {
          session->writer(0).abandon();
        } else {
          ++refused;
          expect_disk_full(status);
        }
        require_ok(script.write(*session, 0, i));
      }
      BOOST_TEST(refused >= 1u);  // the next segment may be reserved before
      BOOST_TEST(read_all(*session, 0, script) == range(0, 30), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_full_disk_waits_for_the_reader_of_the_same_process) {
  FaultBench bench;
  auto session = bench.bench.create();
  uint64_t written = 0;
  for (; written < 20; ++written) require_ok(script.write(*session, 0, written));
  bench.files.fail(Call::create, 1, ENOSPC, 100000);
  std::thread writer([&] {
    for (; written < 200; ++written)
      if (!script.write(*session, 0, written).ok()) return;
  });
  for (uint64_t i = 0; i < 200; ++i) {
    Next kind{};
    std::span<const std::byte> frame;
    Status status = session->reader(0).next(std::chrono::seconds(20), kind, frame);
    if (!status.ok() || kind != Next::frame) break;
    session->reader(0).release();
    if (!session->reader(0).acknowledge(i, {}).ok()) break;
  }
  session->cancel();
  writer.join();
  BOOST_TEST(written == 200u);
}

BOOST_AUTO_TEST_CASE(after_a_failed_sync_the_stream_takes_no_more) {
  for (uint64_t nth = 1; nth < 12; ++nth) {
    FaultBench bench;
    bench.bench.request.durability = Durability::disk;
    auto session = bench.bench.create();
    bench.files.fail(Call::sync, nth, EIO);
    uint64_t published = 0;
    Status status;
    while (published < 20 && (status = script.write(*session, 0, published)).ok()) ++published;
    BOOST_REQUIRE(!status.ok());
    BOOST_TEST(status.error().code() == "E_STAGING_IO");
    const uint64_t before = bench.files.calls(Call::sync);
    // A file that could not be made durable was not used yet: that is no reason to give up.
    const bool making = status.error().message().find("reserve") != std::string::npos ||
                        status.error().message().find("map") != std::string::npos;
    std::span<std::byte> room;
    if (!making) {
      BOOST_TEST(code_of(script.write(*session, 0, published)) == "E_STAGING_IO");
      BOOST_TEST(code_of(session->writer(0).claim(640, room)) == "E_STAGING_IO");
      BOOST_TEST(code_of(session->writer(0).seal(SealedAs::finished)) == "E_STAGING_IO");
      BOOST_TEST(bench.files.calls(Call::sync) == before);
    }
    session->keep();
    session.reset();
    session = bench.bench.reopen();
    const uint64_t next = state_of(*session).next;
    BOOST_TEST(next >= published);
    BOOST_TEST(next <= published + 1);
    BOOST_TEST(read_all(*session, 0, script) == range(0, next), boost::test_tools::per_element());
    require_ok(script.write(*session, 0, next));
  }
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_that_could_not_be_synced_says_so) {
  FaultBench bench;
  bench.bench.request.durability = Durability::disk;
  auto session = bench.bench.create();
  // Too few for the next segment to be reserved, on another thread, meanwhile.
  for (uint64_t i = 0; i < 3; ++i) require_ok(script.write(*session, 0, i));
  BOOST_TEST(read_all(*session, 0, script).size() == 3u);
  bench.files.fail(Call::sync, 1, EIO);
  BOOST_TEST(code_of(session->reader(0).acknowledge(1, {})) == "E_STAGING_IO");
  BOOST_TEST(state_of(*session).first == 0u);
  require_ok(session->reader(0).acknowledge(1, {}));
  BOOST_TEST(state_of(*session).first == 2u);
}

// A process that is short of descriptors takes nobody for dead.
BOOST_AUTO_TEST_CASE(a_reader_that_cannot_look_goes_on_waiting) {
  FaultBench bench;
  StageBench other;
  other.settings = bench.bench.settings;
  auto writer = other.create(StagingEnds::writer);
  const auto reader = bench.bench.reopen(StagingEnds::reader);
  require_ok(script.write(*writer, 0, 0));
  BOOST_TEST(read_all(*reader, 0, script) == range(0, 1), boost::test_tools::per_element());
  bench.files.fail(Call::open, 1, EMFILE, 1000000);
  Next kind{};
  std::span<const std::byte> frame;
  require_ok(reader->reader(0).next(std::chrono::milliseconds(350), kind, frame));
  BOOST_TEST((kind == Next::nothing_yet));
  bench.files.heal();
  writer->keep();
  writer.reset();
  require_ok(reader->reader(0).next(std::chrono::seconds(10), kind, frame));
  BOOST_TEST((kind == Next::end));
}

// Whatever fails while a session is opened, it is opened later as if nothing had been.
BOOST_AUTO_TEST_CASE(a_failure_while_opening_changes_nothing) {
  for (const Call call : {Call::open, Call::size, Call::read, Call::map, Call::list, Call::lock, Call::facts,
                          Call::create, Call::write, Call::sync, Call::rename})
    for (const int error : {EMFILE, EIO, ENOMEM, EACCES}) {
      FaultBench bench;
      auto session = bench.bench.create();
      for (uint64_t i = 0; i < 20; ++i) require_ok(script.write(*session, 0, i));
      session->keep();
      session.reset();
      for (uint64_t nth = 1; nth < 60; nth += 1 + nth / 6) {
        bench.files.fail(call, nth, error);
        const Status status = bench.bench.open(session, false);
        bool failed = !status.ok();
        if (failed) {
          BOOST_TEST(!status.error().code().empty());
          BOOST_TEST(!status.error().where().empty());
        } else {
          session->keep();
          // The fault may strike later: then reading fails, and gives no frame that is not due.
          for (uint64_t due = 0; due < 20 && !failed; ++due) {
            Next kind{};
            uint64_t sequence = 0;
            failed = !read_sequence(*session, 0, kind, sequence, script).ok();
            if (!failed) BOOST_TEST((kind == Next::frame && sequence == due));
          }
          BOOST_TEST(state_of(*session).lost_frames == 0u);
          session.reset();
        }
        bench.files.heal();
        session = bench.bench.reopen();
        session->keep();
        BOOST_TEST(state_of(*session).next == 20u);
        session.reset();
        if (!failed) break;
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
