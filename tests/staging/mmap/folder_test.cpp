// The staging folder: who may use it and what, two processes on one session, and how much of the disk it
// takes.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "staging/mmap/session_removal.hpp"
#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const FrameScript script;

// A process of its own. What it runs uses no Boost.Test, and its exit code is 0 when all is well.
class Child {
 public:
  template <class Work>
  explicit Child(Work work) {
    int ends[2];
    BOOST_REQUIRE(pipe(ends) == 0);
    id_ = fork();
    BOOST_REQUIRE(id_ >= 0);
    if (id_ == 0) {
      close(ends[0]);
      _exit(work([&] { (void)!write(ends[1], "x", 1); }));
    }
    close(ends[1]);
    from_ = ends[0];
  }
  ~Child() {
    if (id_ > 0) kill_now();
    close(from_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Until it has said so; false when it ended before.
  bool wait_for_word() const {
    char word = 0;
    return read(from_, &word, 1) == 1;
  }
  void kill_now() {
    kill(id_, SIGKILL);
    (void)join();
  }
  int join() {
    int status = 0;
    waitpid(std::exchange(id_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
  }

 private:
  pid_t id_ = -1;
  int from_ = -1;
};

[[noreturn]] void wait_forever() {
  for (;;) pause();
}

std::string open_code(StageBench& bench, const std::string& id, bool create,
                      StagingEnds ends = StagingEnds::both) {
  bench.request.stage_id = id;
  std::unique_ptr<StagingSession> session;
  return code_of(bench.open(session, create, ends));
}

uint64_t bytes_on_disk(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat about {};
    if (stat(entry.path().c_str(), &about) == 0 && S_ISREG(about.st_mode))
      bytes += static_cast<uint64_t>(about.st_blocks) * 512;
  }
  return bytes;
}

BOOST_AUTO_TEST_SUITE(folder)

BOOST_AUTO_TEST_CASE(no_id_leaves_the_folder) {
  StageBench bench;
  for (const std::string& id :
       {std::string("../x"), std::string("a/b"), std::string("/etc"), std::string(".."), std::string("."),
        std::string(".new-x"), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xc3\xa4"), std::string(65, 'x'), std::string(500, 'x')})
    for (const bool create : {true, false}) BOOST_TEST(open_code(bench, id, create) == "E_STAGE_ID");
  for (const std::string& id :
       {std::string("a..b"), std::string("A-z_0.9"), std::string(64, 'x'), std::string("-")})
    BOOST_TEST(open_code(bench, id, true) == "");
  BOOST_TEST(open_code(bench, "none", false) == "E_STAGE_UNKNOWN");
  for (const auto& entry : fs::directory_iterator(bench.scratch.folder()))
    BOOST_TEST(entry.path().filename() == "staging");
}

BOOST_AUTO_TEST_CASE(names_of_others_are_kept_word_for_word) {
  StageBench bench;
  bench.request.run_id = "../run id/\n\"quoted\" " + std::string(500, 'r');
  bench.request.unit_key = "/unit\\key \xc3\xa4\t" + std::string("\x01") + std::string(500, 'u');
  bench.create()->keep();
  Manifest manifest;
  require_ok(read_manifest(posix_files(), {bench.session_folder().string()}, manifest));
  BOOST_TEST(manifest.run_id == bench.request.run_id);
  BOOST_TEST(manifest.unit_key == bench.request.unit_key);
}

BOOST_AUTO_TEST_CASE(a_session_is_for_its_owner_alone) {
  StageBench bench;
  bench.create()->keep();
  for (const auto& entry : fs::recursive_directory_iterator(bench.scratch.staging())) {
    struct stat about {};
    BOOST_REQUIRE(stat(entry.path().c_str(), &about) == 0);
    BOOST_TEST((about.st_mode & 077) == 0u);
  }
  for (const fs::path& path : {bench.session_folder(), bench.scratch.staging()})
    for (const fs::perms open : {fs::perms::others_write, fs::perms::group_write}) {
      fs::permissions(path, open, fs::perm_options::add);
      BOOST_TEST(open_code(bench, "s", false) == "E_STAGING_PERMISSION");
      fs::permissions(path, open, fs::perm_options::remove);
      BOOST_TEST(open_code(bench, "s", false) == "");
      bench.create()->keep();
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_folder_is_refused) {
  StageBench bench;
  std::ofstream(bench.scratch.staging()) << "a file";
  BOOST_TEST(open_code(bench, "s", true) == "E_STAGING_PERMISSION");
  fs::remove(bench.scratch.staging());
  fs::create_directory(bench.scratch.folder() / "elsewhere");
  fs::create_directory_symlink(bench.scratch.folder() / "elsewhere", bench.scratch.staging());
  BOOST_TEST(open_code(bench, "s", true) == "E_STAGING_PERMISSION");
  fs::remove(bench.scratch.staging());
  bench.request.stage_id = "s";
  bench.create()->keep();
  fs::rename(bench.session_folder(), bench.scratch.folder() / "moved");
  fs::create_directory_symlink(bench.scratch.folder() / "moved", bench.session_folder());
  BOOST_TEST(open_code(bench, "s", false) == "E_STAGING_PERMISSION");
  fs::remove(bench.session_folder());
  fs::rename(bench.scratch.folder() / "moved", bench.scratch.staging() / "renamed");
  BOOST_TEST(open_code(bench, "renamed", false) == "E_STAGING_MANIFEST");
  // Parents are made.
  bench.settings.folder = (bench.scratch.folder() / "a" / "b" / "c").string();
  BOOST_TEST(open_code(bench, "s", true) == "");
}

BOOST_AUTO_TEST_CASE(each_end_has_one_owner) {
  StageBench bench;
  const auto both = bench.create();
  BOOST_TEST(open_code(bench, "s", true) == "E_STAGE_EXISTS");
  for (const StagingEnds ends : {StagingEnds::both, StagingEnds::writer, StagingEnds::reader})
    BOOST_TEST(open_code(bench, "s", false, ends) == "E_STAGE_BUSY");
  bench.request.stage_id = "t";
  const auto writer = bench.create(StagingEnds::writer);
  BOOST_TEST(open_code(bench, "t", false, StagingEnds::writer) == "E_STAGE_BUSY");
  BOOST_TEST(open_code(bench, "t", false, StagingEnds::both) == "E_STAGE_BUSY");
  const auto reader = bench.reopen(StagingEnds::reader);
  BOOST_TEST(open_code(bench, "t", false, StagingEnds::reader) == "E_STAGE_BUSY");
  writer->keep();
  reader->keep();
}

BOOST_AUTO_TEST_CASE(a_lock_is_free_when_its_process_has_died) {
  StageBench bench;
  for (const StagingEnds ends : {StagingEnds::both, StagingEnds::writer, StagingEnds::reader}) {
    bench.request.stage_id = "s" + std::to_string(static_cast<int>(ends));
    bench.create()->keep();
    Child child([&](auto say) {
      std::unique_ptr<StagingSession> session;
      if (!bench.open(session, false, ends).ok()) return 1;
      say();
      wait_forever();
    });
    BOOST_REQUIRE(child.wait_for_word());
    BOOST_TEST(open_code(bench, bench.request.stage_id, false, ends) == "E_STAGE_BUSY");
    child.kill_now();
    BOOST_TEST(open_code(bench, bench.request.stage_id, false, ends) == "");
  }
}

BOOST_AUTO_TEST_CASE(a_reader_follows_a_writer_of_another_process_until_it_is_killed) {
  for (const auto pause : {0ms, 3ms, 17ms}) {
    StageBench bench;
    Child child([&](auto say) {
      std::unique_ptr<StagingSession> session;
      if (!bench.open(session, true, StagingEnds::writer).ok()) return 1;
      say();
      for (uint64_t i = 0;; ++i)
        if (!script.write(*session, 0, i).ok()) return 2;
    });
    BOOST_REQUIRE(child.wait_for_word());
    const auto reader = bench.reopen(StagingEnds::reader);
    BOOST_TEST(state_of(*reader).writer_alive);
    std::thread killer([&] {
      std::this_thread::sleep_for(200ms + pause);
      child.kill_now();
    });
    uint64_t due = 0;
    Next kind{};
    for (const auto until = std::chrono::steady_clock::now() + 30s;
         std::chrono::steady_clock::now() < until;) {
      std::span<const std::byte> frame;
      const Status status = reader->reader(0).next(1000ms, kind, frame);
      if (!status.ok() || kind == Next::end) break;
      if (kind != Next::frame) continue;
      if (!script.matches(frame, 0, due)) break;
      reader->reader(0).release();
      if (!reader->reader(0).acknowledge(due, {}).ok()) break;
      ++due;
    }
    killer.join();
    BOOST_TEST((kind == Next::end));
    BOOST_TEST(due > 0u);
    const StagingStreamState state = state_of(*reader);
    BOOST_TEST(!state.sealed);
    BOOST_TEST(!state.writer_alive);
    BOOST_TEST(state.lost_frames == 0u);
    BOOST_TEST(state.next == due);
  }
}

BOOST_AUTO_TEST_CASE(a_reader_follows_a_writer_of_another_process_to_the_end) {
  StageBench bench;
  constexpr uint64_t count = 500;
  Child child([&](auto say) {
    std::unique_ptr<StagingSession> session;
    if (!bench.open(session, true, StagingEnds::writer).ok()) return 1;
    say();
    for (uint64_t i = 0; i < count; ++i)
      if (!script.write(*session, 0, i).ok()) return 2;
    if (!session->writer(0).seal(SealedAs::limited).ok()) return 3;
    session->keep();
    return 0;
  });
  BOOST_REQUIRE(child.wait_for_word());
  const auto reader = bench.reopen(StagingEnds::reader);
  for (uint64_t i = 0; i < count; ++i) {
    Next kind{};
    std::span<const std::byte> frame;
    require_ok(reader->reader(0).next(20s, kind, frame));
    BOOST_REQUIRE((kind == Next::frame));
    BOOST_REQUIRE(script.matches(frame, 0, i));
    reader->reader(0).release();
    require_ok(reader->reader(0).acknowledge(i, {}));
  }
  Next kind{};
  std::span<const std::byte> frame;
  require_ok(reader->reader(0).next(20s, kind, frame));
  BOOST_TEST((kind == Next::end));
  BOOST_TEST(state_of(*reader).sealed);
  BOOST_TEST((state_of(*reader).how == SealedAs::limited));
  BOOST_TEST(child.join() == 0);
}

// What a reader that is alive has taken, or will, is not changed behind its back.
BOOST_AUTO_TEST_CASE(nothing_is_dropped_while_another_process_reads) {
  StageBench bench;
  auto session = bench.create();
  for (uint64_t i = 0; i < 6; ++i) require_ok(script.write(*session, 0, i));
  session->keep();
  session.reset();
  auto reader = bench.reopen(StagingEnds::reader);
  auto writer = bench.reopen(StagingEnds::writer);
  BOOST_TEST(code_of(writer->rewind(0, StagingSession::as_it_is, 4)) == "E_STAGE_BUSY");
  require_ok(writer->rewind(0, StagingSession::as_it_is, 6));
  require_ok(script.write(*writer, 0, 6));
  BOOST_TEST(read_all(*reader, 0, script) == range(0, 6), boost::test_tools::per_element());
  for (auto* each : {&reader, &writer}) {
    (*each)->keep();
    each->reset();
  }
  writer = bench.reopen(StagingEnds::writer);
  require_ok(writer->rewind(0, StagingSession::as_it_is, 4));
  require_ok(script.write(*writer, 0, 4, 1));
  reader = bench.reopen(StagingEnds::reader);
  require_ok(reader->rewind(0, 4, StagingSession::as_it_is));
  BOOST_TEST(read_all(*reader, 0, script, nullptr, 1) == range(4, 5), boost::test_tools::per_element());
  writer->keep();
  reader->keep();
}

BOOST_AUTO_TEST_CASE(leftovers_are_swept_and_live_ones_are_not) {
  StageBench bench;
  bench.create()->keep();
  const fs::path staging = bench.scratch.staging();
  for (const char* name : {".new-dead", ".gone-dead", ".new-empty", ".gone-s"}) {
    fs::create_directory(staging / name);
    if (std::string_view(name) != ".new-empty") std::ofstream(staging / name / "0-0.segment") << "x";
    if (std::string_view(name) == ".new-dead") std::ofstream(staging / name / "writer.lock");
  }
  fs::create_directory(staging / ".new-live");
  fs::create_directory(staging / ".mine");
  PosixFiles& files = static_cast<PosixFiles&>(posix_files());
  File lock;
  BOOST_REQUIRE(files.create((staging / ".new-live" / "writer.lock").string(), 0, lock) == 0);
  BOOST_REQUIRE(files.lock(lock) == 0);
  (void)bench.reopen();  // sweeps, and removes the session: its removal before was cut off
  BOOST_TEST(!fs::exists(bench.session_folder()));
  for (const char* name : {".new-dead", ".gone-dead", ".new-empty", ".gone-s"})
    BOOST_TEST(!fs::exists(staging / name), name);
  BOOST_TEST(fs::exists(staging / ".new-live"));
  BOOST_TEST(fs::exists(staging / ".mine"));
}

BOOST_AUTO_TEST_CASE(a_session_is_removed_though_an_earlier_removal_was_cut_off) {
  StageBench bench;
  auto session = bench.create();
  fs::create_directory(bench.scratch.staging() / ".gone-s");
  std::ofstream(bench.scratch.staging() / ".gone-s" / "0-0.segment") << "x";
  session.reset();
  BOOST_TEST(fs::is_empty(bench.scratch.staging()));
}

// Somebody sweeps all the time while sessions are made.
BOOST_AUTO_TEST_CASE(sweeping_takes_no_session_that_is_being_made) {
  StageBench bench;
  bench.request.stage_id.clear();
  std::atomic<bool> over{false};
  bench.create();
  std::thread sweeper([&] {
    while (!over) (void)sweep(posix_files(), bench.settings.folder);
  });
  int made = 0;
  for (int i = 0; i < 100; ++i) {
    std::unique_ptr<StagingSession> session;
    made += bench.open(session, true).ok() && script.write(*session, 0, 0).ok() ? 1 : 0;
  }
  over = true;
  sweeper.join();
  BOOST_TEST(made == 100);
}

BOOST_AUTO_TEST_CASE(segments_are_used_again_and_the_capacity_holds) {
  StageBench bench;
  bench.request.fail_when_full = true;
  auto session = bench.create();
  const uint64_t capacity = session->stats().capacity_bytes;
  BOOST_TEST(capacity <= bench.request.max_bytes);
  uint64_t written = 0, read = 0;
  for (int round = 0; round < 20; ++round) {
    while (script.write(*session, 0, written).ok()) ++written;
    BOOST_TEST(session->stats().used_bytes <= capacity);
    for (; read < written; ++read) {
      Next kind{};
      uint64_t sequence = 0;
      require_ok(read_sequence(*session, 0, kind, sequence, script));
      BOOST_REQUIRE((kind == Next::frame && sequence == read));
      require_ok(session->reader(0).acknowledge(sequence, {}));
    }
  }
  BOOST_TEST(written > 1000u);
  uint64_t segments = 0;
  for (const auto& entry : fs::directory_iterator(bench.session_folder()))
    if (entry.path().extension() == ".segment") segments += fs::file_size(entry.path());
  BOOST_TEST(segments <= capacity);
}

BOOST_AUTO_TEST_CASE(a_writer_waits_once_for_a_reader_that_stands_still) {
  const FrameScript small{.largest = smallest_frame + 64};
  constexpr std::chrono::milliseconds once{5};
  StageBench bench;
  auto session = bench.create();
  uint64_t written = 0;
  const auto write_up_to = [&](uint64_t end) {
    for (; written < end; ++written) require_ok(small.write(*session, 0, written));
    return session->stats().blocked;
  };
  BOOST_TEST((write_up_to(64) < once));
  const auto waited = write_up_to(65);
  BOOST_TEST((waited >= once));
  BOOST_TEST((write_up_to(80) == waited));
  Next kind{};
  uint64_t sequence = 0;
  require_ok(read_sequence(*session, 0, kind, sequence, small));
  const auto waited_again = write_up_to(81);
  BOOST_TEST((waited_again >= waited + once));
  BOOST_TEST((write_up_to(90) == waited_again));
  BOOST_TEST(read_all(*session, 0, small).size() == 89u);
  BOOST_TEST((write_up_to(120) == waited_again));
}

// An export has no reader to stay near.
BOOST_AUTO_TEST_CASE(a_writer_alone_waits_for_nobody) {
  StageBench bench;
  auto session = bench.create(StagingEnds::writer);
  for (uint64_t i = 0; i < 100; ++i) require_ok(script.write(*session, 0, i));
  BOOST_TEST((session->stats().blocked == std::chrono::nanoseconds(0)));
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_really_full_is_an_error_and_no_signal) {
  StageBench bench;
  const fs::path disk = bench.scratch.folder() / "disk";
  fs::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=16m,mode=700") != 0) {
    BOOST_TEST_MESSAGE("skipped: no file system can be mounted here");
    return;
  }
  {
    bench.settings.folder = (disk / "staging").string();
    bench.settings.segment_bytes = 1 << 20;
    bench.request.max_bytes = 64 << 20;
    bench.request.fail_when_full = true;
    const FrameScript large{.largest = 200 << 10};
    std::unique_ptr<StagingSession> session;
    require_ok(bench.open(session, true));
    uint64_t written = 0;
    Status status;
    while (written < 10000 && (status = large.write(*session, 0, written)).ok()) ++written;
    BOOST_TEST(code_of(status) == "E_STAGING_DISK_FULL");
    BOOST_TEST(written > 50u);
    BOOST_TEST(bytes_on_disk(disk) <= uint64_t{16} << 20);
    std::unique_ptr<StagingSession> other;
    bench.request.stage_id = "other";
    { std::ofstream(disk / "filler") << std::string(2 << 20, 'x'); }
    BOOST_TEST(code_of(bench.open(other, true)) == "E_STAGING_DISK_FULL");
    fs::remove(disk / "filler");
    // The reader makes room.
    for (uint64_t i = 0; i < written; ++i) {
      Next kind{};
      uint64_t sequence = 0;
      require_ok(read_sequence(*session, 0, kind, sequence, large));
      BOOST_REQUIRE((kind == Next::frame && sequence == i));
      require_ok(session->reader(0).acknowledge(sequence, {}));
    }
    for (uint64_t i = written; i < written + 50; ++i) require_ok(large.write(*session, 0, i));
  }
  BOOST_TEST(umount(disk.c_str()) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
