// A session of format version 1 as it was first written must stay readable.
#include <algorithm>
#include <fstream>

#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

namespace fs = std::filesystem;

constexpr const char* id = "frozen";
constexpr uint64_t frames = 10, acknowledged = 3;
constexpr uint64_t cursor_file_bytes = 2 * format::cursor_slot_bytes;
const FrameScript script{.largest = 1024};

fs::path frozen() {
  return fs::path(SLUICE_TEST_DATA) / "frozen_v1";
}

BOOST_AUTO_TEST_SUITE(frozen_v1)

BOOST_AUTO_TEST_CASE(every_frame_of_the_first_version_is_read) {
  StageBench bench;
  bench.request.stage_id = id;
  fs::create_directory(bench.scratch.staging());
  fs::copy(frozen(), bench.session_folder());
  // Version control keeps no modes, and the sample has no zeros at the end of its cursor.
  fs::permissions(bench.scratch.staging(), fs::perms::owner_all);
  fs::permissions(bench.session_folder(), fs::perms::owner_all);
  fs::resize_file(bench.session_folder() / "0.cursor", cursor_file_bytes);
  for (const StagingEnds ends : {StagingEnds::reader, StagingEnds::both}) {
    const auto session = bench.reopen(ends);
    session->keep();
    const StagingStreamState state = state_of(*session);
    BOOST_TEST(state.first == acknowledged);
    BOOST_TEST(state.next == frames);
    BOOST_TEST(state.sealed);
    BOOST_TEST((state.how == SealedAs::limited));
    BOOST_TEST(state.committed == checkpoint_of(0, 2));
    BOOST_TEST(state.checkpoint == checkpoint_of(0, 7));
    BOOST_TEST(state.after_checkpoint == 8u);
    BOOST_TEST(session->note() == R"({"note":"frozen"})");
    Next last{};
    BOOST_TEST(read_all(*session, 0, script, &last) == range(acknowledged, frames),
               boost::test_tools::per_element());
    BOOST_TEST((last == Next::end));
    BOOST_TEST(state_of(*session).lost_frames == 0u);
  }
}

// How the sample was made: run this test by name, with SLUICE_FROZEN set to an empty folder, and copy.
BOOST_AUTO_TEST_CASE(make_the_sample, *boost::unit_test::disabled()) {
  const char* to = std::getenv("SLUICE_FROZEN");
  BOOST_REQUIRE(to != nullptr);
  StageBench bench(posix_files(), 8 << 10);
  bench.request.stage_id = id;
  bench.request.run_id = "run";
  bench.request.unit_key = "unit";
  const auto session = bench.create();
  for (uint64_t i = 0; i < acknowledged; ++i) {
    require_ok(script.write(*session, 0, i));
    Next kind{};
    uint64_t sequence = 0;
    require_ok(read_sequence(*session, 0, kind, sequence, script));
    require_ok(session->reader(0).acknowledge(i, checkpoint_of(0, i)));
  }
  for (uint64_t i = acknowledged; i < frames; ++i) require_ok(script.write(*session, 0, i));
  require_ok(session->annotate(R"({"note":"frozen"})"));
  require_ok(session->writer(0).seal(SealedAs::limited));
  session->keep();
  for (const auto& entry : fs::directory_iterator(bench.session_folder()))
    fs::copy_file(entry.path(), fs::path(to) / entry.path().filename());
  std::ifstream cursor(fs::path(to) / "0.cursor", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(cursor), {}};
  fs::resize_file(fs::path(to) / "0.cursor", bytes.find_last_not_of('\0') + 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
