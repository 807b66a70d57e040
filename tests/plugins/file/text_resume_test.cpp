#include <boost/test/unit_test.hpp>

#include "temp_folder.hpp"
#include "text_source.hpp"

namespace sluice::file {

using testing::FakeHost, testing::read_source, testing::SourceRun, testing::ReadOptions;

namespace {

struct Fixture {
  FakeHost host;
  TempFolder folder;
  std::optional<std::string> checkpoint;

  template <class Source = LinesSource>
  SourceRun next() {
    SourceRun run = read_source<Source>(host, config_with_path(folder("in.txt")),
                                        {.checkpoint = checkpoint, .incremental = true});
    BOOST_TEST_REQUIRE(run.ok());
    if (!run.checkpoint().empty()) checkpoint = run.checkpoint();
    return run;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(text_resume, Fixture)

BOOST_AUTO_TEST_CASE(nothing_new_publishes_nothing) {
  folder.write("in.txt", "a\nb\n");
  BOOST_TEST(next().writer->records() == 2u);
  const SourceRun again = next();
  BOOST_TEST(again.frames().empty());
  BOOST_TEST(again.writer->expected_bytes().value() == 0u);
}

BOOST_AUTO_TEST_CASE(a_file_that_grows_byte_by_byte_is_read_once) {
  const std::string content = "one\n\ntwo\r\nlast line without end";
  folder.write("in.txt", "");
  std::string read;
  for (char c : content) {
    folder.append("in.txt", std::string_view(&c, 1));
    read += all_bytes(next());
  }
  BOOST_TEST(read == content);
}

BOOST_AUTO_TEST_CASE(ndjson_that_grows_in_steps_is_read_once) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::string content;
    for (int i = 0; i < 100; ++i) content += "{\"n\":" + std::to_string(i) + "}\n" + (i % 7 ? "" : "\n \n");
    folder.write("in.txt", "");
    checkpoint.reset();
    std::string read;
    uint64_t records = 0;
    for (size_t at = 0; at < content.size();) {
      const size_t step = std::min<size_t>(1 + random() % 200, content.size() - at);
      folder.append("in.txt", std::string_view(content).substr(at, step));
      at += step;
      const SourceRun run = next<NdjsonSource>();
      BOOST_REQUIRE(run.rejections().empty());
      records += run.writer->records();
      read += all_bytes(run);
    }
    BOOST_TEST(content.substr(0, read.size()) == read);
    BOOST_TEST(records == 100u);
    // Blank lines that no record has joined yet wait in the file.
    BOOST_TEST(is_blank(content.substr(read.size())));
  }
}

BOOST_AUTO_TEST_CASE(line_numbers_go_on) {
  folder.write("in.txt", "{}\n\n{}\n");
  next<NdjsonSource>();
  folder.append("in.txt", "\nbad\n");
  BOOST_TEST(next<NdjsonSource>().rejections().at(0).where == folder("in.txt") + ":5");
}

BOOST_AUTO_TEST_CASE(a_rotated_file_is_read_from_its_start_with_a_warning) {
  folder.write("in.txt", "a\nb\n");
  next();
  folder.write("in.txt", "x\ny\nz\n");
  BOOST_TEST(all_bytes(next()) == "x\ny\nz\n");
  BOOST_TEST(host.logged("read from its start: its first bytes are others"));
}

BOOST_AUTO_TEST_CASE(a_truncated_file_is_read_from_its_start_with_a_warning) {
  folder.write("in.txt", "a\nb\n");
  next();
  folder.write("in.txt", "a\n");
  BOOST_TEST(all_bytes(next()) == "a\n");
  BOOST_TEST(host.logged("it has 2 bytes and the checkpoint is at byte 4"));
}

BOOST_AUTO_TEST_CASE(a_file_rewritten_behind_its_first_bytes_is_noticed) {
  std::string content(10000, 'a');
  content += "\n";
  folder.write("in.txt", content);
  next();
  content[9990] = 'b';
  folder.write("in.txt", content);
  BOOST_TEST(all_bytes(next()) == content);
  BOOST_TEST(host.logged("the file was rewritten"));
}

BOOST_AUTO_TEST_CASE(a_file_that_was_moved_is_the_same_file) {
  folder.write("in.txt", std::string(9000, 'a') + "\n");
  next();
  std::filesystem::rename(folder("in.txt"), folder("old.txt"));
  std::filesystem::copy(folder("old.txt"), folder("in.txt"));
  folder.append("in.txt", "b\n");
  BOOST_TEST(all_bytes(next()) == "b\n");
}

BOOST_AUTO_TEST_CASE(a_foreign_checkpoint_is_refused) {
  folder.write("in.txt", "a\n");
  for (const char* foreign : {R"({"cursor":5})", R"({"file":{},"offset":0,"line":0})",
                              R"({"file":{"prefixBytes":0,"prefix":"","tail":""},"offset":-1,"line":0})"}) {
    const SourceRun run =
        read_source<LinesSource>(host, config_with_path(folder("in.txt")), {.checkpoint = foreign});
    BOOST_TEST(run.code() == "E_CHECKPOINT");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
