#include <zlib.h>
#include <zstd.h>

#include <boost/test/unit_test.hpp>

#include "temp_folder.hpp"
#include "text_source.hpp"

namespace sluice::file {

using testing::FakeHost, testing::read_source, testing::SourceRun;

namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  BOOST_TEST_REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  BOOST_TEST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Fixture {
  FakeHost host;
  TempFolder folder;
  const std::string content = [] {
    std::string out;
    for (int i = 0; i < 100000; ++i) out += "line " + std::to_string(i * 7919) + "\n";
    return out;
  }();

  SourceRun read(const std::string& name, std::optional<std::string> checkpoint = {}) {
    return read_source<LinesSource>(host, config_with_path(folder(name)),
                                    {.checkpoint = std::move(checkpoint)});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(compressed_sources, Fixture)

BOOST_AUTO_TEST_CASE(gzip_and_zstd_are_known_by_extension_and_may_have_many_parts) {
  const std::string half = content.substr(0, 500001), rest = content.substr(500001);
  folder.write("a.gz", gzip(half) + gzip(rest));
  folder.write("a.zst", zstd(half) + zstd("") + zstd(rest));
  folder.write("none.gz", "");
  for (const char* name : {"a.gz", "a.zst"}) {
    const SourceRun run = read(name);
    BOOST_TEST(run.ok());
    BOOST_TEST((all_bytes(run) == content), name);
    BOOST_TEST(run.writer->bytes_read() == std::filesystem::file_size(folder(name)));
  }
  BOOST_TEST(read("none.gz").ok());
}

BOOST_AUTO_TEST_CASE(the_setting_overrules_the_extension) {
  folder.write("a.bin", gzip("x\n"));
  BOOST_TEST(all_bytes(read_source<LinesSource>(
                 host, config_with_path(folder("a.bin"), R"("compression":"gzip")"))) == "x\n");
  folder.write("b.gz", "x\n");
  BOOST_TEST(all_bytes(read_source<LinesSource>(
                 host, config_with_path(folder("b.gz"), R"("compression":"none")"))) == "x\n");
}

BOOST_AUTO_TEST_CASE(damage_is_told_with_its_place_after_what_was_good) {
  const std::string whole = gzip(content), zst = zstd(content);
  std::string broken = whole;
  broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
  folder.write("cut.gz", whole.substr(0, whole.size() / 2));
  folder.write("broken.gz", broken);
  folder.write("trailer.gz", whole.substr(0, whole.size() - 4));
  folder.write("garbage.gz", whole + "garbage");
  folder.write("text.gz", "plain text\n");
  folder.write("cut.zst", zst.substr(0, zst.size() / 2));
  folder.write("text.zst", "plain text\n");
  for (const char* name :
       {"cut.gz", "broken.gz", "trailer.gz", "garbage.gz", "text.gz", "cut.zst", "text.zst"}) {
    const SourceRun run = read(name);
    BOOST_TEST_REQUIRE(!run.ok(), name);
    BOOST_TEST(run.code() == "E_FILE_DAMAGED", name);
    BOOST_TEST((run.error->error_class() == ErrorClass::damaged), name);
    BOOST_TEST(run.error->message().find(folder(name) + " is damaged at byte ") != std::string::npos);
  }
  BOOST_TEST(read("cut.gz").writer->records() > 1000u);
}

BOOST_AUTO_TEST_CASE(a_read_with_threads_meets_the_same_damage_after_the_same_records) {
  std::string lines;
  for (int i = 0; i < 200000; ++i) lines += "{\"number\":" + std::to_string(i) + "}\n";
  const std::string whole = gzip(lines);
  // Wherever the damage falls: into what is read on while a batch is handed over, or behind it.
  for (size_t cut = 1; cut <= 12; ++cut) {
    folder.write("cut.gz", whole.substr(0, whole.size() * cut / 13));
    testing::ReadOptions options;
    options.limits.max_batch_records = 100000;
    const SourceRun alone = read_source<NdjsonSource>(host, config_with_path(folder("cut.gz")), options);
    options.threads = 3;
    const SourceRun run = read_source<NdjsonSource>(host, config_with_path(folder("cut.gz")), options);
    BOOST_TEST(run.code() == "E_FILE_DAMAGED");
    BOOST_TEST(run.error->message() == alone.error->message());
    BOOST_TEST((all_bytes(run) == all_bytes(alone)));
    BOOST_TEST(run.checkpoint() == alone.checkpoint());
  }
}

BOOST_AUTO_TEST_CASE(compressed_files_resume_in_their_decompressed_bytes) {
  for (const char* name : {"a.gz", "a.zst"}) {
    const auto pack = [&](std::string_view text) { return name[2] == 'g' ? gzip(text) : zstd(text); };
    folder.write(name, pack("one\ntwo\n"));
    const SourceRun first = read(name);
    folder.append(name, pack("three\n"));
    const SourceRun rest = read(name, first.checkpoint());
    BOOST_TEST(all_bytes(rest) == "three\n");
    BOOST_TEST(read(name, rest.checkpoint()).frames().empty());
    folder.write(name, pack("other\n"));
    BOOST_TEST(all_bytes(read(name, rest.checkpoint())) == "other\n");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
