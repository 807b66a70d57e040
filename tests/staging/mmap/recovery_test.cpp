// What is left of a stream whose process died, and how it goes on from there.
#include <algorithm>
#include <fstream>

#include "sluice/batch/seal.hpp"
#include "staging/mmap/cursor_file.hpp"
#include "staging/mmap/recovery.hpp"
#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

namespace fs = std::filesystem;
using format::RecordHeader;
using format::RecordKind;

const FrameScript script;

// Keeps what is staged, as the death of the process would.
void leave(std::unique_ptr<StagingSession>& session) {
  session->keep();
  session.reset();
}

std::unique_ptr<StagingSession> staged(StageBench& bench, uint64_t frames) {
  auto session = bench.create();
  for (uint64_t i = 0; i < frames; ++i) require_ok(script.write(*session, 0, i));
  return session;
}

void commit(StagingSession& session, uint64_t frames) {
  for (uint64_t i = 0; i < frames; ++i) {
    Next kind{};
    uint64_t sequence = 0;
    require_ok(read_sequence(session, 0, kind, sequence, script));
    BOOST_REQUIRE(kind == Next::frame);
    require_ok(session.reader(0).acknowledge(sequence, script.checkpoint(0, sequence)));
  }
}

RecoveredStream recovered(StageBench& bench, uint64_t first = 0) {
  RecoveredStream left;
  const SessionFiles at{bench.session_folder().string()};
  require_ok(recover(posix_files(), at, bench.shape(), 0, first, left));
  return left;
}

// The segment in which the stream ends, and where its next record would stand.
struct Tail {
  explicit Tail(StageBench& bench) : place(*recovered(bench).tail) {
    require_ok(Segment::open(posix_files(), bench.segment(0, place.slot), FileLayer::Access::write, segment));
  }
  // It has space for one more frame of the script.
  std::span<std::byte> room() const {
    BOOST_REQUIRE(place.offset + format::record_bytes(script.largest) <= segment.bytes());
    return {segment.at(place.offset), static_cast<size_t>(segment.bytes() - place.offset)};
  }
  RecordPlace place;
  Segment segment;
};

// A frame as the writer would store it at the tail, commit word and all.
RecordHeader store_frame(const Tail& tail, const SegmentShape& shape, uint64_t sequence) {
  script.fill(tail.room().subspan(sizeof(RecordHeader)), 0, sequence);
  RecordHeader header{};
  header.magic = format::record_magic;
  header.kind = RecordKind::frame;
  header.sequence = sequence;
  header.size = script.bytes(0, sequence);
  header.segment = tail.place.number;
  header.offset = tail.place.offset;
  header.records = 1;
  header.checksum = format::checksum_of(header, shape.session_key);
  header.commit = format::commit_word(header, shape.session_key);
  std::memcpy(tail.room().data(), &header, sizeof header);
  return header;
}

std::vector<char> bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void flip(const fs::path& path, uint64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(~file.get());
  file.seekp(static_cast<std::streamoff>(offset)).put(byte);
}

// The stream holds exactly these frames, now and when it is gone on with.
void expect_frames(StageBench& bench, uint64_t first, uint64_t next) {
  for (const StagingEnds ends : {StagingEnds::reader, StagingEnds::both, StagingEnds::both}) {
    auto session = bench.reopen(ends);
    session->keep();
    BOOST_TEST(state_of(*session).next == next);
    BOOST_TEST(read_all(*session, 0, script) == range(first, next), boost::test_tools::per_element());
    BOOST_TEST(state_of(*session).lost_frames == 0u);
  }
  auto session = bench.reopen();
  for (uint64_t i = next; i < next + 20; ++i) require_ok(script.write(*session, 0, i));
  require_ok(session->writer(0).seal(SealedAs::finished));
  leave(session);
  session = bench.reopen(StagingEnds::reader);
  session->keep();
  Next last{};
  BOOST_TEST(read_all(*session, 0, script, &last) == range(first, next + 20),
             boost::test_tools::per_element());
  BOOST_TEST((last == Next::end));
  BOOST_TEST(state_of(*session).lost_frames == 0u);
  BOOST_TEST(state_of(*session).sealed);
}

BOOST_AUTO_TEST_SUITE(recovery)

BOOST_AUTO_TEST_CASE(a_claim_that_was_never_published_is_nothing) {
  StageBench bench;
  auto session = staged(bench, 5);
  std::span<std::byte> room;
  require_ok(session->writer(0).claim(script.bytes(0, 5), room));
  script.fill(room, 0, 5);
  leave(session);
  expect_frames(bench, 0, 5);
}

BOOST_AUTO_TEST_CASE(a_header_without_its_commit_word_counts_only_with_a_whole_frame) {
  for (const bool whole : {false, true}) {
    StageBench bench;
    auto session = staged(bench, 5);
    leave(session);
    {
      const Tail tail(bench);
      store_frame(tail, bench.shape(), 5);
      std::memset(tail.room().data(), 0, sizeof(uint64_t));
      if (!whole) tail.room()[sizeof(RecordHeader) + 300] ^= std::byte{1};
    }
    expect_frames(bench, 0, whole ? 6 : 5);
  }
}

BOOST_AUTO_TEST_CASE(a_record_at_the_end_whose_frame_is_torn_is_cut) {
  for (const uint64_t torn_at : {0u, 100u, 200u}) {
    StageBench bench;
    auto session = staged(bench, 5);
    leave(session);
    {
      const Tail tail(bench);
      store_frame(tail, bench.shape(), 5);
      tail.room()[sizeof(RecordHeader) + torn_at] ^= std::byte{0x80};
    }
    expect_frames(bench, 0, 5);
  }
}

BOOST_AUTO_TEST_CASE(a_torn_header_is_nothing) {
  for (uint64_t byte = 8; byte < sizeof(RecordHeader); byte += 8) {
    StageBench bench;
    auto session = staged(bench, 5);
    leave(session);
    {
      const Tail tail(bench);
      store_frame(tail, bench.shape(), 5);
      std::memset(tail.room().data() + byte, 0, sizeof(RecordHeader) - byte);
    }
    expect_frames(bench, 0, 5);
  }
}

BOOST_AUTO_TEST_CASE(recovering_twice_is_like_once) {
  StageBench bench;
  auto session = staged(bench, 25);
  commit(*session, 5);
  leave(session);
  const RecoveredStream once = recovered(bench, 5);
  for (int round = 0; round < 5; ++round) {
    session = bench.reopen();
    BOOST_TEST(state_of(*session).next == 25u);
    leave(session);
    const RecoveredStream again = recovered(bench, 5);
    BOOST_TEST(again.next == once.next);
    BOOST_TEST(again.checkpoint == once.checkpoint);
    BOOST_TEST(again.after_checkpoint == once.after_checkpoint);
    BOOST_TEST(again.tail->offset == once.tail->offset);
    BOOST_TEST(again.tail->number == once.tail->number);
  }
  expect_frames(bench, 5, 25);
}

BOOST_AUTO_TEST_CASE(a_session_goes_on_in_a_new_segment) {
  StageBench bench;
  auto session = staged(bench, 3);
  leave(session);
  session = bench.reopen();
  require_ok(script.write(*session, 0, 3));
  leave(session);
  BOOST_TEST(fs::exists(bench.segment(0, 1)));
  expect_frames(bench, 0, 4);
}

BOOST_AUTO_TEST_CASE(a_session_keeps_its_sizes_whatever_the_settings_say_later) {
  StageBench bench;
  auto session = staged(bench, 12);
  leave(session);
  bench.settings.segment_bytes = 4 * small_segment;
  bench.request.max_bytes = 64 * small_segment;
  bench.request.slice_count = 3;
  expect_frames(bench, 0, 12);
  BOOST_TEST(bench.shape().bytes == small_segment);
}

BOOST_AUTO_TEST_CASE(opening_again_and_again_does_not_fill_the_disk) {
  StageBench bench;
  bench.request.fail_when_full = true;
  auto session = staged(bench, 3);
  leave(session);
  uint64_t next = 3;
  for (int round = 0; round < 40; ++round) {
    session = bench.reopen();
    const Status status = script.write(*session, 0, next);
    if (status.ok()) ++next;
    if (!status.ok()) BOOST_TEST(status.error().code() == "E_STAGING_FULL");
    BOOST_TEST(session->stats().used_bytes <= session->stats().capacity_bytes);
    leave(session);
  }
  uint64_t segments = 0;
  for (const auto& entry : fs::directory_iterator(bench.session_folder()))
    segments += entry.path().extension() == ".segment";
  BOOST_TEST(segments <= 16u);
  session = bench.reopen();
  BOOST_TEST(read_all(*session, 0, script) == range(0, next), boost::test_tools::per_element());
}

// Nor do rewinds, one after the other in a session that nobody reads.
BOOST_AUTO_TEST_CASE(rewinding_again_and_again_takes_one_segment_too_many_at_most) {
  StageBench bench;
  bench.request.fail_when_full = true;
  bench.request.max_bytes = 4 * small_segment;
  auto session = staged(bench, 3);
  leave(session);
  for (int round = 0; round < 40; ++round) {
    session = bench.reopen();
    uint64_t next = state_of(*session).next;
    if (next > 3) require_ok(session->rewind(0, StagingSession::as_it_is, --next));
    while (script.write(*session, 0, next).ok()) ++next;
    BOOST_TEST(session->stats().used_bytes <= 5 * small_segment);
    leave(session);
  }
  uint64_t segments = 0;
  for (const auto& entry : fs::directory_iterator(bench.session_folder()))
    segments += entry.path().extension() == ".segment";
  BOOST_TEST(segments <= 5u);
  session = bench.reopen();
  const uint64_t next = state_of(*session).next;
  BOOST_TEST(read_all(*session, 0, script) == range(0, next), boost::test_tools::per_element());
  require_ok(session->reader(0).acknowledge(next - 1, {}));
  for (uint64_t i = next; i < next + 8; ++i) require_ok(script.write(*session, 0, i));
}

BOOST_AUTO_TEST_CASE(a_rewind_drops_what_is_behind_for_good) {
  for (uint64_t to = 0; to <= 25; ++to) {
    StageBench bench;
    auto session = staged(bench, 25);
    leave(session);
    session = bench.reopen();
    require_ok(session->rewind(0, StagingSession::as_it_is, to));
    BOOST_TEST(state_of(*session).next == to);
    if (to % 2 == 0) leave(session);
    if (!session) session = bench.reopen();
    BOOST_TEST(state_of(*session).next == to);
    for (uint64_t i = to; i < to + 2; ++i) require_ok(script.write(*session, 0, i, 1));
    leave(session);
    session = bench.reopen();
    session->keep();
    Next kind{};
    uint64_t sequence = 0;
    for (uint64_t i = 0; i < to + 2; ++i) {
      require_ok(read_sequence(*session, 0, kind, sequence, script, i < to ? 0 : 1));
      BOOST_REQUIRE((kind == Next::frame));
      BOOST_TEST(sequence == i);
    }
    require_ok(read_sequence(*session, 0, kind, sequence, script));
    BOOST_TEST((kind == Next::nothing_yet));
    BOOST_TEST(state_of(*session).lost_frames == 0u);
  }
}

// Even when the header that says so, or the record that leads past them, is lost.
BOOST_AUTO_TEST_CASE(dropped_frames_stay_away_when_what_dropped_them_is_damaged) {
  for (const bool with_frames : {false, true})
    for (uint64_t to = 1; to < 25; to += 3) {
      StageBench bench;
      auto session = staged(bench, 25);
      leave(session);
      session = bench.reopen();
      require_ok(session->rewind(0, StagingSession::as_it_is, to));
      if (with_frames) require_ok(script.write(*session, 0, to, 1));
      leave(session);
      SegmentTable table;
      require_ok(
          SegmentTable::read(posix_files(), {bench.session_folder().string()}, bench.shape(), 0, table));
      const uint32_t newest = table.segments.back().slot;
      std::vector<char> zeros(bench.settings.segment_bytes);
      std::ofstream(bench.segment(0, newest), std::ios::binary | std::ios::in)
          .write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
      session = bench.reopen();
      session->keep();
      for (const uint64_t sequence : read_all(*session, 0, script)) BOOST_TEST(sequence < to);
      BOOST_TEST(state_of(*session).next <= to + 1);
    }
}

BOOST_AUTO_TEST_CASE(a_sealed_stream_can_be_rewound_and_is_open_again) {
  StageBench bench;
  auto session = staged(bench, 10);
  require_ok(session->writer(0).seal(SealedAs::limited));
  leave(session);
  session = bench.reopen();
  std::span<std::byte> room;
  BOOST_TEST(code_of(session->writer(0).claim(640, room)) == "E_STAGING_ORDER");
  require_ok(session->rewind(0, StagingSession::as_it_is, 10));
  BOOST_TEST(state_of(*session).sealed);
  require_ok(session->rewind(0, StagingSession::as_it_is, 8));
  BOOST_TEST(!state_of(*session).sealed);
  leave(session);
  expect_frames(bench, 0, 8);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_gone_on_with_can_be_sealed_at_once) {
  StageBench bench;
  for (const bool first : {true, false}) {
    auto session = first ? staged(bench, 10) : bench.reopen();
    if (!first) require_ok(session->writer(0).seal(SealedAs::finished));
    leave(session);
  }
  auto session = bench.reopen(StagingEnds::reader);
  BOOST_TEST(state_of(*session).sealed);
  Next last{};
  BOOST_TEST(read_all(*session, 0, script, &last) == range(0, 10), boost::test_tools::per_element());
  BOOST_TEST((last == Next::end));
}

BOOST_AUTO_TEST_CASE(the_reader_begins_where_it_is_told) {
  StageBench bench;
  auto session = staged(bench, 25);
  commit(*session, 5);
  leave(session);
  for (uint64_t from = 5; from <= 25; ++from) {
    session = bench.reopen(StagingEnds::reader);
    require_ok(session->rewind(0, from, StagingSession::as_it_is));
    BOOST_TEST(read_all(*session, 0, script) == range(from, 25), boost::test_tools::per_element());
    leave(session);
  }
  session = bench.reopen(StagingEnds::reader);
  session->keep();
  BOOST_TEST(code_of(session->rewind(0, 4, StagingSession::as_it_is)) == "E_STAGING_SEQUENCE");
  BOOST_TEST(code_of(session->rewind(0, 26, StagingSession::as_it_is)) == "E_STAGING_SEQUENCE");
  require_ok(session->rewind(0, 6, 9));
  BOOST_TEST(state_of(*session).next == 9u);
  BOOST_TEST(read_all(*session, 0, script) == range(6, 9), boost::test_tools::per_element());
}

// Damage before the place where reading begins is no loss, and hides nothing.
BOOST_AUTO_TEST_CASE(damage_before_the_first_frame_that_is_needed_is_no_loss) {
  StageBench bench;
  auto session = staged(bench, 5);
  const uint64_t victim = format::first_record;  // frame 0
  commit(*session, 2);
  leave(session);
  for (const uint64_t record : {victim, victim + format::record_bytes(script.bytes(0, 0))}) {
    flip(bench.segment(0, 0), record + 20);
    session = bench.reopen(StagingEnds::reader);
    BOOST_TEST(read_all(*session, 0, script) == range(2, 5), boost::test_tools::per_element());
    BOOST_TEST(state_of(*session).lost_frames == 0u);
    leave(session);
  }
}

BOOST_AUTO_TEST_CASE(the_cursor_survives_the_loss_of_a_slot) {
  StageBench bench;
  auto session = staged(bench, 6);
  commit(*session, 4);
  leave(session);
  const fs::path cursor = bench.session_folder() / "0.cursor";
  const auto original = bytes_of(cursor);
  for (const uint64_t slot : {0u, 1u}) {
    flip(cursor, slot * format::cursor_slot_bytes + 40);
    session = bench.reopen();
    // Four acknowledgements: generations 2 to 5, the newest in slot 1.
    BOOST_TEST(state_of(*session).first == (slot == 1 ? 3u : 4u));
    leave(session);
    std::ofstream(cursor, std::ios::binary)
        .write(original.data(), static_cast<std::streamsize>(original.size()));
  }
  for (const bool gone : {false, true}) {
    if (gone)
      fs::remove(cursor);
    else
      for (const uint64_t slot : {0u, 1u}) flip(cursor, slot * format::cursor_slot_bytes + 40);
    session = bench.reopen();
    BOOST_TEST(state_of(*session).first == 0u);
    BOOST_TEST(read_all(*session, 0, script) == range(0, 6), boost::test_tools::per_element());
    require_ok(session->reader(0).acknowledge(5, {}));
    leave(session);
    session = bench.reopen();
    BOOST_TEST(state_of(*session).first == 6u);
    leave(session);
  }
}

// Segments remember the cursor, so that what was recycled is not taken for lost.
BOOST_AUTO_TEST_CASE(a_lost_cursor_loses_no_frames_that_were_recycled) {
  StageBench bench;
  auto session = bench.create();
  for (uint64_t i = 0; i < 200; ++i) {
    require_ok(script.write(*session, 0, i));
    commit(*session, 1);
  }
  for (uint64_t i = 200; i < 210; ++i) require_ok(script.write(*session, 0, i));
  leave(session);
  fs::remove(bench.session_folder() / "0.cursor");
  session = bench.reopen();
  const uint64_t first = state_of(*session).first;
  BOOST_TEST(first > 150u);
  BOOST_TEST(read_all(*session, 0, script) == range(first, 210), boost::test_tools::per_element());
  BOOST_TEST(state_of(*session).lost_frames == 0u);
}

// A writer that is alone makes the cursor anew too, or it would never learn of room.
BOOST_AUTO_TEST_CASE(a_writer_alone_goes_on_without_its_cursor) {
  StageBench bench;
  bench.request.fail_when_full = true;
  auto session = staged(bench, 3);
  leave(session);
  fs::remove(bench.session_folder() / "0.cursor");
  const auto writer = bench.reopen(StagingEnds::writer);
  const auto reader = bench.reopen(StagingEnds::reader);
  for (uint64_t i = 3; i < 400; ++i) {
    require_ok(script.write(*writer, 0, i));
    commit(*reader, 1);
  }
}

BOOST_AUTO_TEST_CASE(segments_that_are_gone_are_counted_to_the_frame) {
  std::vector<uint64_t> bases;
  StageBench probe;
  auto session = staged(probe, 30);
  leave(session);
  SegmentTable table;
  require_ok(SegmentTable::read(posix_files(), {probe.session_folder().string()}, probe.shape(), 0, table));
  for (const SegmentInfo& info : table.segments) bases.push_back(info.base);
  BOOST_REQUIRE(bases.size() >= 3u);
  bases.push_back(30);
  for (uint32_t gone = 0; gone + 1 < bases.size(); ++gone)
    for (const bool sealed : {false, true}) {
      StageBench bench;
      session = staged(bench, 30);
      if (sealed) require_ok(session->writer(0).seal(SealedAs::finished));
      leave(session);
      fs::remove(bench.segment(0, gone));
      session = bench.reopen(StagingEnds::reader);
      session->keep();
      auto expected = range(0, bases[gone]);
      const auto behind = range(bases[gone + 1], 30);
      expected.insert(expected.end(), behind.begin(), behind.end());
      BOOST_TEST(read_all(*session, 0, script) == expected, boost::test_tools::per_element());
      const bool tail = gone + 2 == bases.size();
      BOOST_TEST(state_of(*session).lost_frames == (tail && !sealed ? 0 : bases[gone + 1] - bases[gone]));
      BOOST_TEST(state_of(*session).sealed == sealed);
    }
}

BOOST_AUTO_TEST_CASE(the_newest_whole_checkpoint_is_found) {
  StageBench bench;
  const FrameScript often{.largest = 1024, .checkpoint_every = 2};
  auto session = bench.create();
  for (uint64_t i = 0; i < 60; ++i) require_ok(often.write(*session, 0, i));
  leave(session);
  session = bench.reopen();
  BOOST_TEST(state_of(*session).checkpoint == checkpoint_of(0, 59));
  BOOST_TEST(state_of(*session).after_checkpoint == 60u);
  leave(session);
  // Damage the frames that bring the newest, one after the other, until the first is left.
  StreamWalk walk(posix_files(), {bench.session_folder().string()}, bench.shape(), 0, [](const Damage&) {});
  require_ok(walk.seek(0));
  std::vector<std::pair<std::string, uint64_t>> places;
  for (StreamWalk::Step step;;) {
    require_ok(walk.next(UINT64_MAX, false, step));
    if (step.found != StreamWalk::Found::frame) break;
    places.emplace_back(bench.segment(0, step.place.slot), step.place.offset + sizeof(RecordHeader) + 200);
  }
  for (uint64_t i = 57; i > 3; i -= 2) {
    flip(places.at(i).first, places.at(i).second);
    const RecoveredStream left = recovered(bench);
    BOOST_TEST(left.next == 60u);
    BOOST_TEST(left.checkpoint == checkpoint_of(0, 59));
  }
  flip(places.at(59).first, places.at(59).second);
  const RecoveredStream left = recovered(bench);
  BOOST_TEST(left.next == 59u);
  BOOST_TEST(left.checkpoint == checkpoint_of(0, 3));
  BOOST_TEST(left.after_checkpoint == 4u);
}

BOOST_AUTO_TEST_CASE(forgetting_is_told_and_healed_by_a_later_acknowledgement) {
  StageBench bench;
  auto session = staged(bench, 10);
  commit(*session, 2);
  Next kind{};
  uint64_t sequence = 0;
  for (int i = 0; i < 4; ++i) require_ok(read_sequence(*session, 0, kind, sequence, script));
  require_ok(session->reader(0).forget(4));
  BOOST_TEST(state_of(*session).forgotten);
  BOOST_TEST(state_of(*session).first == 5u);
  leave(session);
  session = bench.reopen();
  BOOST_TEST(state_of(*session).forgotten);
  BOOST_TEST(read_all(*session, 0, script) == range(5, 10), boost::test_tools::per_element());
  require_ok(session->reader(0).acknowledge(6, {}));
  BOOST_TEST(!state_of(*session).forgotten);
  leave(session);
  session = bench.reopen();
  BOOST_TEST(!state_of(*session).forgotten);
  BOOST_TEST(state_of(*session).first == 7u);
}

// Nobody can begin again from what comes behind a frame that is gone.
BOOST_AUTO_TEST_CASE(behind_what_was_forgotten_every_segment_is_let_go_of) {
  StageBench bench;
  auto session = staged(bench, 60);
  StagingReader& reader = session->reader(0);
  Next kind{};
  uint64_t sequence = 0;
  while (sequence < 29) require_ok(read_sequence(*session, 0, kind, sequence, script));
  BOOST_TEST(!reader.wants_room());  // most of the room is free
  require_ok(reader.forget(29));
  BOOST_TEST(!reader.wants_room());
  while (sequence < 59) require_ok(read_sequence(*session, 0, kind, sequence, script));
  BOOST_TEST(reader.wants_room());
  require_ok(reader.acknowledge(30, {}));
  BOOST_TEST(!reader.wants_room());
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_never_goes_back) {
  StageBench bench;
  auto session = staged(bench, 10);
  commit(*session, 6);
  leave(session);
  session = bench.reopen();
  require_ok(session->reader(0).acknowledge(2, checkpoint_of(0, 2)));
  BOOST_TEST(state_of(*session).first == 6u);
  BOOST_TEST(!state_of(*session).forgotten);
  BOOST_TEST(state_of(*session).committed == checkpoint_of(0, 3));
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_of_frames_in_hand_counts_at_once) {
  StageBench bench;
  auto session = staged(bench, 4);
  std::span<const std::byte> frames[3];
  for (auto& frame : frames) {
    Next kind{};
    require_ok(session->reader(0).next(std::chrono::milliseconds(0), kind, frame));
  }
  require_ok(session->reader(0).acknowledge(2, checkpoint_of(0, 2)));
  for (uint64_t i = 0; i < 3; ++i) BOOST_TEST(script.matches(frames[i], 0, i));
  leave(session);
  session = bench.reopen();
  BOOST_TEST(state_of(*session).first == 3u);
  BOOST_TEST(!state_of(*session).forgotten);
  BOOST_TEST(state_of(*session).committed == checkpoint_of(0, 2));
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_set_aside_as_they_are) {
  StageBench bench;
  auto session = staged(bench, 5);
  require_ok(session->writer(0).seal(SealedAs::finished));
  leave(session);
  const uint64_t victim = format::first_record + format::record_bytes(script.bytes(0, 0));
  flip(bench.segment(0, 0), victim + sizeof(RecordHeader) + 250);
  const auto content = bytes_of(bench.segment(0, 0));
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(victim);
  const std::vector<char> damaged(
      begin, begin + static_cast<std::ptrdiff_t>(format::record_bytes(script.bytes(0, 1))));
  for (int round = 0; round < 2; ++round) {
    session = bench.reopen(StagingEnds::reader);
    BOOST_TEST(read_all(*session, 0, script) == (std::vector<uint64_t>{0, 2, 3, 4}),
               boost::test_tools::per_element());
    const StagingStreamState state = state_of(*session);
    BOOST_TEST(state.lost_frames == 1u);
    BOOST_TEST(state.lost_bytes == damaged.size());
    BOOST_REQUIRE(state.set_aside.size() == 1u);
    BOOST_TEST(fs::path(state.set_aside[0]).parent_path() == bench.scratch.staging() / ".damaged");
    BOOST_TEST((bytes_of(state.set_aside[0]) == damaged));
    leave(session);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
