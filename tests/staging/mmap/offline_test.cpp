// The offline verbs, on folders that real sessions left: list, check, repair, cat, gc.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "staging/mmap/offline_cat.hpp"
#include "staging/mmap/offline_gc.hpp"
#include "staging/mmap/offline_list.hpp"
#include "staging/mmap/offline_repair.hpp"
#include "tests/staging/mmap/scratch.hpp"
#include "tests/staging/sealed_frames.hpp"

namespace sluice::staging {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t frame_bytes = 4096;
constexpr uint64_t segment_bytes = 64 << 10;  // room for 14 frames

// A staging folder, and sessions in it as runs of other processes would have left them.
class Offline {
 public:
  std::string folder() const { return scratch_.staging().string(); }
  fs::path file(const std::string& id, const std::string& name) const {
    return scratch_.staging() / id / name;
  }
  FileLayer& files() { return posix_files(); }

  std::unique_ptr<StagingSession> open(const std::string& id, bool create,
                                       StagingEnds ends = StagingEnds::both, uint32_t streams = 1) {
    StagingRequest request;
    request.slice_count = streams;
    request.durability = Durability::os;
    request.max_bytes = uint64_t{streams} << 20;
    request.run_id = "run of " + id;
    request.unit_key = "unit of " + id;
    request.stage_id = id;
    request.create = create;
    request.ends = ends;
    std::unique_ptr<StagingSession> session;
    const Status status = provider_.open(request, session);
    BOOST_TEST_REQUIRE(status.ok(), (status.ok() ? "" : status.error().message()));
    return session;
  }
  void write(StagingSession& session, uint64_t from, uint64_t count, uint32_t stream = 0) {
    for (uint64_t sequence = from; sequence < from + count; ++sequence) {
      std::span<std::byte> room;
      BOOST_TEST_REQUIRE(session.writer(stream).claim(frame_bytes, room).ok());
      write_frame(room, stream, sequence, frame_bytes);
      BOOST_TEST_REQUIRE(session.writer(stream).publish(frame_bytes).ok());
    }
  }
  // Reads and commits the next frames.
  void commit(StagingSession& session, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      auto kind = StagingReader::Next::nothing_yet;
      std::span<const std::byte> frame;
      BOOST_TEST_REQUIRE(session.reader(0).next(std::chrono::seconds(1), kind, frame).ok());
      BOOST_TEST_REQUIRE((kind == StagingReader::Next::frame));
      const uint64_t sequence = BatchView(frame).sequence();
      session.reader(0).release();
      BOOST_TEST_REQUIRE(session.reader(0).acknowledge(sequence, R"({"at":1})").ok());
    }
  }
  // A session that was left with frames in it.
  void leave(const std::string& id, uint64_t frames, uint64_t committed, bool sealed) {
    const auto session = open(id, true);
    write(*session, 0, frames);
    if (sealed) BOOST_TEST_REQUIRE(session->writer(0).seal(SealedAs::finished).ok());
    commit(*session, committed);
    session->keep();
  }

  // Turns bits of a file.
  void damage(const std::string& id, const std::string& name, uint64_t offset, uint64_t bytes = 1) {
    std::fstream file(this->file(id, name), std::ios::in | std::ios::out | std::ios::binary);
    BOOST_TEST_REQUIRE(file.good());
    std::string text(bytes, '\0');
    file.seekg(static_cast<std::streamoff>(offset)).read(text.data(), static_cast<std::streamsize>(bytes));
    for (char& c : text) c = static_cast<char>(c ^ 0x55);
    file.seekp(static_cast<std::streamoff>(offset)).write(text.data(), static_cast<std::streamsize>(bytes));
  }
  // Where the record of the n-th frame of a segment stands.
  static uint64_t record(uint64_t n) { return format::first_record + n * format::record_bytes(frame_bytes); }

  // Every file of the staging folder with its content.
  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(scratch_.staging())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      all[entry.path().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return all;
  }

  SessionCheck checked(const std::string& id) {
    SessionCheck check;
    const Status status = check_session(files(), folder(), id, check);
    BOOST_TEST_REQUIRE(status.ok(), (status.ok() ? "" : status.error().message()));
    return check;
  }
  RepairReport repaired(const std::string& id) {
    RepairReport report;
    const Status status = repair_session(files(), folder(), id, report);
    BOOST_TEST_REQUIRE(status.ok(), (status.ok() ? "" : status.error().message()));
    return report;
  }
  // Sequences that cat gives.
  std::vector<uint64_t> cat(const std::string& id, std::vector<StreamCat>& report) {
    std::vector<uint64_t> got;
    const Status status = cat_session(
        files(), folder(), id, std::nullopt,
        [&](uint32_t stream, std::span<const std::byte> frame) {
          const uint64_t sequence = BatchView(frame).sequence();
          BOOST_TEST(is_frame(frame, stream, sequence, frame_bytes));
          got.push_back(sequence);
          return true;
        },
        [](const Damage&) {}, report);
    BOOST_TEST_REQUIRE(status.ok(), (status.ok() ? "" : status.error().message()));
    return got;
  }
  // Ids that gc collects; `kept` the others.
  std::vector<std::string> gc(const GcOptions& options, GcReport& report) {
    const Status status = collect_garbage(files(), folder(), options, report);
    BOOST_TEST_REQUIRE(status.ok(), (status.ok() ? "" : status.error().message()));
    std::vector<std::string> names;
    for (const GcItem& item : report.collected) names.push_back(item.name);
    return names;
  }

  Scratch scratch_;
  MmapProvider provider_{{.folder = folder(), .min_free = 0, .segment_bytes = segment_bytes}, posix_files()};
};

using Names = std::vector<std::string>;

std::string code_of(const Status& status) {
  return status.ok() ? "" : status.error().code();
}

std::string reason(const GcReport& report, const std::string& name) {
  for (const GcItem& item : report.kept)
    if (item.name == name) return item.reason;
  return "(not kept)";
}

BOOST_FIXTURE_TEST_SUITE(offline, Offline)

BOOST_AUTO_TEST_CASE(list_tells_of_each_session_and_changes_nothing) {
  std::vector<SessionLook> looks;
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(looks.empty());  // no such folder yet
  leave("a", 20, 5, true);
  leave("b", 3, 0, false);
  fs::create_directory(file("not-a-session", ""));
  std::ofstream(scratch_.staging() / "a-file") << "x";
  const auto before = everything();
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(everything() == before);
  BOOST_TEST_REQUIRE(looks.size() == 2u);
  BOOST_TEST(looks[0].id == "a");
  BOOST_TEST(looks[0].manifest->run_id == "run of a");
  BOOST_TEST(looks[0].pending_frames() == 15u);
  BOOST_TEST(looks[0].pending_records() == 15u);
  BOOST_TEST(looks[0].pending_bytes() == 15u * frame_bytes);
  BOOST_TEST(looks[0].sealed());
  BOOST_TEST(!looks[0].damaged);
  BOOST_TEST(looks[0].bytes > 15u * frame_bytes);
  BOOST_TEST(looks[1].pending_frames() == 3u);
  BOOST_TEST(!looks[1].sealed());
  BOOST_TEST(!looks[1].owners.any());
}

BOOST_AUTO_TEST_CASE(list_sees_who_is_alive_and_disturbs_nobody) {
  const auto writer = open("live", true, StagingEnds::writer);
  write(*writer, 0, 4);
  std::vector<SessionLook> looks;
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST_REQUIRE(looks.size() == 1u);
  BOOST_TEST(looks[0].owners.text() == "writer");
  BOOST_TEST(looks[0].pending_frames() == 4u);
  const auto reader = open("live", false, StagingEnds::reader);
  commit(*reader, 1);
  write(*writer, 4, 1);
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(looks[0].owners.text() == "writer, reader");
  BOOST_TEST(looks[0].pending_frames() == 4u);
  BOOST_TEST(looks[0].pending_records() == 4u);
  reader->keep();
}

BOOST_AUTO_TEST_CASE(a_session_that_cannot_be_read_is_listed_with_the_reason) {
  leave("a", 3, 0, true);
  damage("a", "manifest", 10);
  std::vector<SessionLook> looks;
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(looks.at(0).damaged);
  BOOST_TEST(looks.at(0).pending_frames() == 3u);  // the copy is whole
  damage("a", "manifest.copy", 10);
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(looks.at(0).error->code() == "E_STAGING_MANIFEST");
  fs::remove(file("a", "manifest"));
  fs::remove(file("a", "manifest.copy"));
  BOOST_TEST(list_staging(files(), folder(), looks).ok());
  BOOST_TEST(looks.at(0).error->code() == "E_STAGING_MANIFEST");
  BOOST_TEST(looks.at(0).bytes > 0u);
}

BOOST_AUTO_TEST_CASE(check_finds_nothing_wrong_with_what_is_whole) {
  leave("a", 40, 20, true);
  const auto before = everything();
  const SessionCheck check = checked("a");
  BOOST_TEST(everything() == before);
  BOOST_TEST(!check.damaged());
  const StreamCheck& stream = check.streams.at(0);
  BOOST_TEST(stream.from == 20u);
  BOOST_TEST(stream.frames == 20u);
  BOOST_TEST(stream.sealed);
  BOOST_TEST(!stream.torn);
}

BOOST_AUTO_TEST_CASE(check_names_the_damaged_range_to_the_byte) {
  leave("a", 40, 0, true);
  damage("a", "0-0.segment", record(3) + 1000);   // frame 3 itself
  damage("a", "0-1.segment", record(0) + 20, 8);  // the record of frame 14
  const SessionCheck check = checked("a");
  BOOST_TEST(check.damaged());
  const StreamCheck& stream = check.streams.at(0);
  BOOST_TEST(stream.frames == 38u);
  BOOST_TEST(stream.lost_frames == 2u);
  BOOST_TEST_REQUIRE(stream.ranges.size() == 2u);
  BOOST_TEST(stream.ranges[0].sequence == 3u);
  BOOST_TEST(stream.ranges[0].file == "0-0.segment");
  BOOST_TEST(stream.ranges[0].offset == record(3));
  BOOST_TEST(stream.ranges[0].bytes == format::record_bytes(frame_bytes));
  BOOST_TEST(stream.ranges[1].offset == record(0));
  BOOST_TEST((stream.cursor == CursorState::whole));
}

BOOST_AUTO_TEST_CASE(check_and_repair_refuse_a_session_in_use) {
  const auto writer = open("live", true, StagingEnds::writer);
  SessionCheck check;
  RepairReport report;
  BOOST_TEST(code_of(check_session(files(), folder(), "live", check)) == "E_STAGE_BUSY");
  BOOST_TEST(code_of(repair_session(files(), folder(), "live", report)) == "E_STAGE_BUSY");
  BOOST_TEST(code_of(check_session(files(), folder(), "none", check)) == "E_STAGE_UNKNOWN");
  BOOST_TEST(code_of(check_session(files(), folder(), "../live", check)) == "E_STAGE_ID");
}

BOOST_AUTO_TEST_CASE(repair_leaves_nothing_but_the_lost_frames) {
  leave("a", 50, 2, true);
  damage("a", "0-0.segment", record(3) + 1000);
  damage("a", "0-1.segment", 40, 8);                    // the header alone: frames are found all the same
  damage("a", "0-2.segment", 0, format::first_record);  // with the first record: frames 28 to 41 are lost
  damage("a", "0-2.segment", record(0), 64);
  damage("a", "0.cursor", format::cursor_slot_bytes + 30);
  damage("a", "manifest", 10);
  std::ofstream(file("a", "0-9.segment"));  // one that was never finished
  const auto before = everything();
  const SessionCheck broken = checked("a");
  BOOST_TEST((broken.first == CopyState::damaged));
  BOOST_TEST((broken.streams[0].cursor == CursorState::one_slot_damaged));
  BOOST_TEST((broken.streams[0].damaged_headers == Names{"0-1.segment"}));
  BOOST_TEST((broken.streams[0].unreadable_segments == Names{"0-2.segment"}));
  BOOST_TEST((broken.streams[0].stub_segments == Names{"0-9.segment"}));

  const RepairReport report = repaired("a");
  for (const std::string& line : report.actions) BOOST_TEST_MESSAGE(line);
  BOOST_TEST(report.backup == folder() + "/.damaged/a.backup-1");
  for (const char* name : {"manifest", "0.cursor", "0-2.segment"}) {
    std::ifstream in(report.backup + "/" + name, std::ios::binary);
    const std::string kept{std::istreambuf_iterator<char>(in), {}};
    BOOST_TEST((kept == before.at(file("a", name).string())), name);
  }
  const StreamCheck& stream = report.after.streams.at(0);
  BOOST_TEST((report.after.first == CopyState::whole));
  BOOST_TEST((stream.cursor == CursorState::whole));
  BOOST_TEST(stream.unreadable_segments.empty());
  BOOST_TEST(stream.damaged_headers.empty());
  BOOST_TEST(stream.lost_frames == 1u + 14u);
  BOOST_TEST(stream.lost_frames == broken.streams[0].lost_frames);
  BOOST_TEST(stream.frames == broken.streams[0].frames);
  BOOST_TEST(fs::exists(folder() + "/.damaged/a.0.3.bytes"));

  const auto once = everything();
  const RepairReport again = repaired("a");
  BOOST_TEST(again.actions.empty());
  BOOST_TEST(again.backup == "");
  BOOST_TEST((everything() == once));

  const auto session = open("a", false);
  uint64_t frames = 0;
  for (auto kind = StagingReader::Next::nothing_yet;;) {
    std::span<const std::byte> frame;
    BOOST_TEST_REQUIRE(session->reader(0).next(std::chrono::seconds(1), kind, frame).ok());
    if (kind == StagingReader::Next::end) break;
    ++frames;
    session->reader(0).release();
  }
  BOOST_TEST(frames == stream.frames);
}

BOOST_AUTO_TEST_CASE(a_cursor_that_is_gone_is_made_anew) {
  leave("a", 60, 30, false);
  fs::remove(file("a", "0.cursor"));
  BOOST_TEST((checked("a").streams[0].cursor == CursorState::lost));
  const RepairReport report = repaired("a");
  BOOST_TEST(report.actions.size() == 1u);
  BOOST_TEST((report.after.streams[0].cursor == CursorState::whole));
  BOOST_TEST(!report.after.damaged());
  BOOST_TEST(report.after.streams[0].next == 60u);
}

BOOST_AUTO_TEST_CASE(an_end_that_stands_once_is_written_again) {
  leave("a", 5, 0, true);
  damage("a", "0.end", 0, 64);
  const SessionCheck check = checked("a");
  BOOST_TEST(!check.damaged());
  BOOST_TEST(check.streams[0].sealed);
  BOOST_TEST(check.streams[0].end_mark_missing);
  const RepairReport report = repaired("a");
  BOOST_TEST(report.actions.size() == 1u);
  BOOST_TEST(!report.after.streams[0].end_mark_missing);
  BOOST_TEST(report.after.streams[0].sealed);
}

BOOST_AUTO_TEST_CASE(the_last_segment_of_a_sealed_stream_does_not_go_unnoticed) {
  leave("a", 20, 0, true);
  fs::remove(file("a", "0-1.segment"));
  const SessionCheck check = checked("a");
  BOOST_TEST(check.damaged());
  BOOST_TEST(check.streams[0].frames == 14u);
  BOOST_TEST(check.streams[0].lost_frames == 6u);
  BOOST_TEST(check.streams[0].ranges.at(0).file == "");
  BOOST_TEST(repaired("a").after.streams[0].lost_frames == 6u);
}

BOOST_AUTO_TEST_CASE(a_torn_tail_is_no_damage_and_is_cut) {
  leave("a", 5, 0, false);
  damage("a", "0-0.segment", record(4) + 2000, 100);
  const SessionCheck torn = checked("a");
  BOOST_TEST(!torn.damaged());
  BOOST_TEST(torn.streams[0].frames == 4u);
  BOOST_TEST_REQUIRE(torn.streams[0].torn.has_value());
  BOOST_TEST(torn.streams[0].torn->offset == record(4));
  BOOST_TEST(torn.streams[0].torn->bytes == format::record_bytes(frame_bytes));
  const RepairReport report = repaired("a");
  BOOST_TEST(report.actions.size() == 1u);
  BOOST_TEST(!report.after.streams[0].torn);
  BOOST_TEST(fs::file_size(report.backup + "/0-0.segment." + std::to_string(record(4)) + ".bytes") ==
             format::record_bytes(frame_bytes));
  const auto session = open("a", false);
  BOOST_TEST(session->rewind(0, StagingSession::as_it_is, 4).ok());
  write(*session, 4, 2);
  commit(*session, 6);
}

BOOST_AUTO_TEST_CASE(cat_gives_what_is_pending_and_leaves_out_damage) {
  leave("a", 30, 10, true);
  std::vector<StreamCat> report;
  std::vector<uint64_t> all = cat("a", report);
  BOOST_TEST(all.size() == 20u);
  BOOST_TEST(all.front() == 10u);
  BOOST_TEST(report.at(0).lost_frames == 0u);
  damage("a", "0-1.segment", record(1) + 1000);  // frame 15
  const auto before = everything();
  all = cat("a", report);
  BOOST_TEST((everything() == before));
  BOOST_TEST(all.size() == 19u);
  BOOST_TEST(std::count(all.begin(), all.end(), 15u) == 0);
  BOOST_TEST(report.at(0).lost_frames == 1u);
  const auto none = [](uint32_t, std::span<const std::byte>) { return true; };
  BOOST_TEST(code_of(cat_session(
                 files(), folder(), "a", 1, none, [](const Damage&) {}, report)) == "E_STAGE_STREAM");
}

BOOST_AUTO_TEST_CASE(cat_shows_what_a_live_writer_has_published) {
  const auto writer = open("live", true, StagingEnds::writer, 2);
  write(*writer, 0, 3, 0);
  write(*writer, 0, 2, 1);
  std::vector<StreamCat> report;
  BOOST_TEST((cat("live", report) == std::vector<uint64_t>{0, 1, 2, 0, 1}));
  const auto reader = open("live", false, StagingEnds::reader);
  const auto none = [](uint32_t, std::span<const std::byte>) { return true; };
  BOOST_TEST(code_of(cat_session(
                 files(), folder(), "live", {}, none, [](const Damage&) {}, report)) == "E_STAGE_BUSY");
}

BOOST_AUTO_TEST_CASE(gc_collects_what_nobody_needs_and_says_why_it_keeps_the_rest) {
  leave("finished", 20, 20, true);
  leave("unwritten", 0, 0, false);
  leave("pending", 20, 10, true);
  leave("cut-off", 20, 20, false);
  {
    const auto session = open("empty-export", true, StagingEnds::writer);
    BOOST_TEST(session->writer(0).seal(SealedAs::finished).ok());
    session->keep();
  }
  leave("unreadable", 2, 0, true);
  damage("unreadable", "manifest", 10);
  damage("unreadable", "manifest.copy", 10);
  leave("hurt", 2, 0, false);
  damage("hurt", "0-0.segment", 0, record(1));  // looks as if nothing had ever been written
  const auto live = open("live", true);
  fs::create_directory(scratch_.staging() / ".new-dead");
  std::ofstream(scratch_.staging() / ".new-dead" / "manifest") << "x";
  fs::create_directory(scratch_.staging() / ".gone-dead");

  GcReport report;
  const Names expected{"finished", "unwritten", ".gone-dead", ".new-dead"};
  const auto before = everything();
  BOOST_TEST((gc({.dry_run = true}, report) == expected));
  BOOST_TEST((everything() == before));
  BOOST_TEST((gc({}, report) == expected));
  BOOST_TEST(report.bytes() > 0u);
  for (const char* name : {"finished", "unwritten", ".new-dead", ".gone-dead"})
    BOOST_TEST(!fs::exists(scratch_.staging() / name), name);
  BOOST_TEST(reason(report, "live") == "in use (writer, reader)");
  BOOST_TEST(reason(report, "pending").starts_with("10 batches in it are not committed"));
  BOOST_TEST(reason(report, "cut-off").find("resume") != std::string::npos);
  BOOST_TEST(reason(report, "empty-export").find("import") != std::string::npos);
  BOOST_TEST(reason(report, "hurt").find("damaged") != std::string::npos);
  BOOST_TEST(reason(report, "unreadable").find("manifest") != std::string::npos);

  BOOST_TEST((gc({.ids = {"pending", "live"}}, report) == Names{"pending"}));
  BOOST_TEST(reason(report, "live") == "in use (writer, reader)");
  GcReport unused;
  BOOST_TEST(code_of(collect_garbage(files(), folder(), {.ids = {"cut-off", "none"}}, unused)) ==
             "E_STAGE_UNKNOWN");
  BOOST_TEST(fs::exists(scratch_.staging() / "cut-off"));

  BOOST_TEST((gc({.all = true}, report) == Names{"cut-off", "empty-export", "hurt", "unreadable"}));
  BOOST_TEST(fs::exists(scratch_.staging() / ".damaged" / "unreadable" / "0-0.segment"));
  BOOST_TEST(report.collected.back().moved_to == folder() + "/.damaged/unreadable");
  BOOST_TEST(fs::exists(scratch_.staging() / "live"));
}

BOOST_AUTO_TEST_CASE(gc_goes_by_age_when_asked_to) {
  leave("old", 20, 10, true);
  const auto day = std::chrono::hours(24);
  GcReport report;
  BOOST_TEST(gc({.older_than = day}, report).empty());
  BOOST_TEST(
      (gc({.older_than = day, .now = std::chrono::system_clock::now() + 2 * day}, report) == Names{"old"}));
}

BOOST_AUTO_TEST_CASE(gc_refuses_a_folder_that_others_can_write) {
  leave("a", 0, 0, false);
  fs::permissions(scratch_.staging(), fs::perms::others_write, fs::perm_options::add);
  GcReport report;
  BOOST_TEST(code_of(collect_garbage(files(), folder(), {}, report)) == "E_STAGING_PERMISSION");
  BOOST_TEST(fs::exists(file("a", "manifest")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
