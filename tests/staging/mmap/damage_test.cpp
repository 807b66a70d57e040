// A session whose files are damaged in every way that can be thought of: it opens with an error, or what it
// gives is right, in order, and short only where it says so.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>

#include "tests/staging/mmap/stream_script.hpp"

namespace sluice::staging {

namespace {

namespace fs = std::filesystem;

constexpr uint32_t streams = 2;
constexpr uint64_t frames = 30, acknowledged = 12;
const FrameScript script{.largest = 2944};

bool long_run() {
  const char* asked = std::getenv("SLUICE_LONG");
  return asked && std::string_view(asked) == "1";
}

using Bytes = std::vector<char>;

Bytes bytes_of(const fs::path& path) {
  Bytes bytes(fs::file_size(path));
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}
void write_bytes(const fs::path& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
// As the process left it, trailing zeros included, without rewriting what is the same.
void flip(const fs::path& path, uint64_t offset, uint8_t mask) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  char byte = 0;
  file.seekg(static_cast<std::streamoff>(offset)).read(&byte, 1);
  byte = static_cast<char>(static_cast<uint8_t>(byte) ^ mask);
  file.seekp(static_cast<std::streamoff>(offset)).write(&byte, 1);
}

// A kept session: stream 0 is sealed, stream 1 is cut off; both are acknowledged in part, in segments that
// were recycled, and the cursor has been in both slots.
class DamageBench {
 public:
  DamageBench() {
    bench.request.slice_count = streams;
    bench.request.max_bytes = streams * 8 * small_segment;
    make("s");
    for (const auto& entry : fs::directory_iterator(bench.session_folder()))
      originals[entry.path().filename().string()] = bytes_of(entry.path());
  }

  void make(const std::string& id) {
    bench.request.stage_id = id;
    {
      const auto session = bench.create();
      for (uint32_t stream = 0; stream < streams; ++stream) {
        for (uint64_t i = 0; i < acknowledged; ++i) {
          require_ok(script.write(*session, stream, i));
          Next kind{};
          uint64_t sequence = 0;
          require_ok(read_sequence(*session, stream, kind, sequence, script));
          require_ok(session->reader(stream).acknowledge(i, script.checkpoint(stream, i)));
        }
        for (uint64_t i = acknowledged; i < frames; ++i) require_ok(script.write(*session, stream, i));
      }
      require_ok(session->writer(0).seal(SealedAs::limited));
      require_ok(session->annotate(R"({"note":1})"));
      session->keep();
    }
    bench.request.stage_id = "s";
  }

  void restore() {
    for (const auto& [name, bytes] : originals) restore(name);
    std::vector<fs::path> others;
    for (const auto& entry : fs::directory_iterator(bench.session_folder()))
      if (originals.count(entry.path().filename().string()) == 0) others.push_back(entry.path());
    for (const fs::path& path : others) fs::remove_all(path);
  }
  void restore(const std::string& name) {
    const fs::path path = file(name);
    if (fs::is_directory(fs::symlink_status(path))) fs::remove_all(path);
    if (fs::exists(path) && bytes_of(path) == originals.at(name)) return;
    fs::remove(path);
    write_bytes(path, originals.at(name));
  }
  fs::path file(const std::string& name) const { return bench.session_folder() / name; }

  // Opens what is there, reads everything and says what is wrong with it; "" when all is right.
  std::string verdict(StagingEnds ends, bool* opened = nullptr) {
    std::unique_ptr<StagingSession> session;
    Status status = bench.open(session, false, ends);
    if (opened) *opened = status.ok();
    if (!status.ok()) {
      const Error& error = status.error();
      return error.code().empty() || error.where().empty() ? "an error that names nothing" : "";
    }
    session->keep();
    for (uint32_t stream = 0; stream < streams; ++stream) {
      std::string wrong = verdict(*session, stream, ends);
      if (!wrong.empty()) return "stream " + std::to_string(stream) + ": " + wrong;
    }
    return {};
  }

  StageBench bench;
  std::map<std::string, Bytes> originals;

 private:
  static std::string verdict(StagingSession& session, uint32_t stream, StagingEnds ends) {
    StagingStreamState state;
    if (Status status = session.state(stream, state); !status.ok()) return text_of(status);
    if (state.first > acknowledged) return "begins with " + std::to_string(state.first);
    uint64_t given = 0, next = state.first;
    Next kind = Next::frame;
    for (;;) {
      uint64_t sequence = 0;
      Status status = read_sequence(session, stream, kind, sequence, script);
      if (!status.ok()) return status.error().code() == "E_TEST_FRAME" ? text_of(status) : "";
      if (kind != Next::frame) break;
      if (sequence < next || sequence >= frames) return "gives frame " + std::to_string(sequence);
      next = sequence + 1;
      ++given;
    }
    if (Status status = session.state(stream, state); !status.ok()) return text_of(status);
    const std::string told =
        std::to_string(given) + " given, " + std::to_string(state.lost_frames) + " told to be lost";
    // What lies before the newest frame is given or lost. Of a stream that is not sealed the tail may be
    // missing.
    if (given + state.lost_frames < next - state.first) return "a gap: " + told;
    if (stream == 0 && given + state.lost_frames < frames - state.first) return "too short: " + told;
    if (stream == 0 && given + state.lost_frames > frames - state.first) return "too much lost: " + told;
    if (ends == StagingEnds::reader && kind != Next::end) return "no end";
    if (stream == 0 && given + state.lost_frames == frames - state.first && kind != Next::end && state.sealed)
      return "sealed, and no end";
    return {};
  }
};

void expect_right(DamageBench& bench, const std::string& what) {
  for (const StagingEnds ends : {StagingEnds::reader, StagingEnds::both}) {
    const std::string wrong = bench.verdict(ends);
    BOOST_CHECK_MESSAGE(wrong.empty(),
                        what << (ends == StagingEnds::both ? ", both ends: " : ", reader: ") << wrong);
  }
  bench.restore();
}

// Offsets worth trying: of headers many, of payload and of what was never written a sample. In the long run
// every byte that was ever written.
std::vector<uint64_t> offsets_of(const std::string& name, const Bytes& bytes, std::mt19937& random) {
  std::vector<uint64_t> offsets;
  const bool segment = name.ends_with(".segment"), cursor = name.ends_with(".cursor");
  const bool manifest = name.starts_with("manifest");
  for (uint64_t at = 0; at < bytes.size(); ++at) {
    const bool blank = cursor && at % format::cursor_slot_bytes >= 256;
    const bool record = segment && at >= format::first_record && at % 64 == 0 &&
                        std::memcmp(bytes.data() + at + 8, "SLRC", 4) == 0;
    bool chosen = random() % (blank ? 30000 : 5000) == 0 || (long_run() && !blank);
    if (record)
      for (uint64_t i = random() % 16; i < 128 && !long_run(); i += 33) offsets.push_back(at + i);
    else if (manifest || (cursor && !blank) || (segment && at < sizeof(format::SegmentHeader)))
      chosen = chosen || random() % 10 == 0;
    else if (name == "control" || name.ends_with(".end"))
      chosen = chosen || random() % 5 == 0;
    if (chosen) offsets.push_back(at);
  }
  return offsets;
}

BOOST_AUTO_TEST_SUITE(damage)

BOOST_AUTO_TEST_CASE(an_undamaged_session_gives_everything) {
  DamageBench bench;
  BOOST_TEST(bench.originals.size() >= 6u + 2 * 3);
  for (const StagingEnds ends : {StagingEnds::reader, StagingEnds::both}) {
    const auto session = bench.bench.reopen(ends);
    session->keep();
    for (uint32_t stream = 0; stream < streams; ++stream) {
      Next last{};
      BOOST_TEST(read_all(*session, stream, script, &last) == range(acknowledged, frames),
                 boost::test_tools::per_element());
      const StagingStreamState state = state_of(*session, stream);
      BOOST_TEST(state.lost_frames == 0u);
      BOOST_TEST(state.sealed == (stream == 0));
      BOOST_TEST((state.how == (stream == 0 ? SealedAs::limited : SealedAs::finished)));
      BOOST_TEST(state.checkpoint == checkpoint_of(stream, 27));
      BOOST_TEST(state.after_checkpoint == 28u);
    }
    BOOST_TEST(session->note() == R"({"note":1})");
  }
}

BOOST_AUTO_TEST_CASE(any_byte_may_be_flipped) {
  DamageBench bench;
  std::mt19937 random(1);
  for (const auto& [name, bytes] : bench.originals)
    for (const uint64_t offset : offsets_of(name, bytes, random)) {
      const bool whole = random() % 2 == 0;
      for (const StagingEnds ends : {StagingEnds::reader, StagingEnds::both}) {
        if (!long_run() && (random() % 2 == 0) == (ends == StagingEnds::both)) continue;
        const auto mask =
            static_cast<uint8_t>(whole == (ends == StagingEnds::both) ? 0xFF : 1u << random() % 8);
        flip(bench.file(name), offset, mask);
        const std::string wrong = bench.verdict(ends);
        BOOST_CHECK_MESSAGE(wrong.empty(), name << " at " << offset << " ^ " << int{mask} << ": " << wrong);
        bench.restore(name);
      }
    }
  bench.restore();
}

BOOST_AUTO_TEST_CASE(any_file_may_be_cut_off_anywhere) {
  DamageBench bench;
  std::mt19937 random(2);
  for (const auto& [name, bytes] : bench.originals)
    for (uint64_t size = 0; size < bytes.size(); ++size) {
      if (size > 1 && random() % (long_run() ? 16 : name.ends_with(".cursor") ? 8000 : 600) != 0) continue;
      fs::resize_file(bench.file(name), size);
      expect_right(bench, name + " cut to " + std::to_string(size));
    }
}

BOOST_AUTO_TEST_CASE(any_file_may_be_zeros_or_gone_or_noise) {
  DamageBench bench;
  std::mt19937 random(3);
  for (const auto& [name, bytes] : bench.originals) {
    write_bytes(bench.file(name), Bytes(bytes.size()));
    expect_right(bench, name + " zeroed");
    fs::remove(bench.file(name));
    expect_right(bench, name + " gone");
    fs::remove(bench.file(name));
    fs::create_directory(bench.file(name));
    expect_right(bench, name + " is a folder");
    Bytes noise(bytes.size());
    std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
    write_bytes(bench.file(name), noise);
    expect_right(bench, name + " is noise");
    // Pages that were not written, as after a crash of the machine.
    for (uint64_t page = 0; page < bytes.size(); page += name.ends_with(".cursor") ? 65536 : 4096) {
      Bytes holed = bytes;
      std::fill_n(holed.begin() + static_cast<std::ptrdiff_t>(page),
                  std::min<uint64_t>(4096, bytes.size() - page), 0);
      write_bytes(bench.file(name), holed);
      expect_right(bench, name + " with a hole at " + std::to_string(page));
    }
  }
}

BOOST_AUTO_TEST_CASE(files_of_another_session_or_stream_are_not_believed) {
  DamageBench bench;
  bench.make("other");
  for (const auto& [name, bytes] : bench.originals) {
    fs::copy_file(bench.bench.scratch.staging() / "other" / name, bench.file(name),
                  fs::copy_options::overwrite_existing);
    expect_right(bench, name + " of another session");
    for (const auto& [other, content] : bench.originals) {
      if (other == name || !other.ends_with(fs::path(name).extension().string())) continue;
      write_bytes(bench.file(name), content);
      expect_right(bench, name + " replaced by " + other);
    }
  }
}

BOOST_AUTO_TEST_CASE(later_versions_and_foreign_byte_orders_are_refused_or_told) {
  DamageBench bench;
  const std::string text(bench.originals.at("manifest").begin(), bench.originals.at("manifest").end());
  std::string line = text.substr(0, text.find('\n'));
  line.replace(line.find("\"version\":1"), 11, "\"version\":2");
  std::array<char, 17> sum{};
  std::snprintf(sum.data(), sum.size(), "%016llx",
                static_cast<unsigned long long>(format::hash(line.data(), line.size(), 0)));
  const std::string later = line + "\n" + sum.data() + "\n";
  write_bytes(bench.file("manifest"), Bytes(later.begin(), later.end()));
  std::unique_ptr<StagingSession> session;
  BOOST_TEST(code_of(bench.bench.open(session, false)) == "E_STAGING_VERSION");
  bench.restore();

  const uint64_t key = bench.bench.shape().session_key;
  for (const auto& [name, bytes] : bench.originals) {
    if (!name.ends_with(".segment")) continue;
    for (const bool order : {false, true}) {
      Bytes changed = bytes;
      format::SegmentHeader header;
      std::memcpy(&header, changed.data(), sizeof header);
      if (header.magic == 0) continue;
      (order ? header.byte_order : header.version) = order ? 0x04030201 : 2;
      BOOST_TEST(header.session_key == key);
      header.checksum = format::checksum_of(header);
      std::memcpy(changed.data(), &header, sizeof header);
      write_bytes(bench.file(name), changed);
      expect_right(bench, name + (order ? " of foreign byte order" : " of a later version"));
    }
  }
}

BOOST_AUTO_TEST_CASE(strangers_in_the_folder_are_left_alone) {
  DamageBench bench;
  for (const char* name :
       {"notes.txt", "9-0.segment", "0-99.segment", "0-00.segment", "0-4294967295.segment", "0-.segment",
        "-1.segment", "7.cursor", "manifest.new", "manifest.copy.new", ".hidden", "0-1.segment~"})
    write_bytes(bench.file(name), Bytes(100, 'x'));
  bool opened = false;
  BOOST_TEST(bench.verdict(StagingEnds::both, &opened) == "");
  BOOST_TEST(opened);
  {
    const auto session = bench.bench.reopen();
    session->keep();
    for (uint64_t i = frames; i < frames + 3; ++i) require_ok(script.write(*session, 1, i));
  }
  BOOST_TEST(fs::file_size(bench.file("notes.txt")) == 100u);
  bench.restore();
  // A copy that somebody made of a segment.
  for (const char* name : {"0-77.segment", "1-77.segment"}) {
    fs::copy_file(bench.file(std::string(name).substr(0, 2) + "1.segment"), bench.file(name));
    expect_right(bench, std::string("a copy ") + name);
  }
  fs::create_directory(bench.file("x"));
  expect_right(bench, "a folder");
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_no_session) {
  DamageBench bench;
  std::unique_ptr<StagingSession> session;
  for (const auto& [name, bytes] : bench.originals) fs::remove(bench.file(name));
  BOOST_TEST(code_of(bench.bench.open(session, false)) == "E_STAGE_UNKNOWN");
  fs::remove(bench.bench.session_folder());
  BOOST_TEST(code_of(bench.bench.open(session, false)) == "E_STAGE_UNKNOWN");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace sluice::staging
