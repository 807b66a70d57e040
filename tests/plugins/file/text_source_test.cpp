#include "text_source.hpp"

#include <boost/test/unit_test.hpp>

#include "seeded_json.hpp"
#include "temp_folder.hpp"

namespace sluice::file {

using testing::FakeHost, testing::read_source, testing::SourceRun, testing::make_source, testing::ReadOptions;

namespace {

using Texts = std::vector<std::string>;

struct Fixture {
  FakeHost host;
  TempFolder folder;

  template <class Source>
  SourceRun read(std::string_view content, const ReadOptions& options = {}, const std::string& more = "") {
    return read_source<Source>(host, config_with_path(folder.write("in.txt", content), more), options);
  }
};

ReadOptions small(uint64_t records, uint64_t bytes) {
  ReadOptions options;
  options.limits.max_batch_records = static_cast<uint32_t>(records);
  options.limits.max_batch_bytes = bytes;
  return options;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(text_sources, Fixture)

BOOST_AUTO_TEST_CASE(lines_are_records_whatever_their_bytes) {
  const std::string content("one\n\ntwo\r\n\0\xff\nlast", 17);
  const SourceRun run = read<LinesSource>(content);
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents() == (Texts{"one", "", "two\r", std::string("\0\xff", 2), "last"}));
  BOOST_TEST(all_bytes(run) == content);
  BOOST_TEST(run.writer->bytes_read() == content.size());
  BOOST_TEST(run.writer->expected_bytes().value() == content.size());
}

BOOST_AUTO_TEST_CASE(an_empty_file_has_no_records_and_a_checkpoint) {
  const SourceRun run = read<LinesSource>("");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents().empty());
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == 0);
}

BOOST_AUTO_TEST_CASE(bytes_come_through_for_any_content_and_batch_size) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::string content = random_text(random, random() % 30000);
    const SourceRun run = read<LinesSource>(content, small(1 + random() % 50, 64 + random() % 4000));
    BOOST_REQUIRE(run.ok());
    BOOST_REQUIRE(all_bytes(run) == content);
    BOOST_REQUIRE(run.writer->bytes_read() == content.size());
    const auto newlines = static_cast<size_t>(std::count(content.begin(), content.end(), '\n'));
    BOOST_REQUIRE(run.writer->records() == newlines + (content.empty() || content.back() == '\n' ? 0 : 1));
  }
}

BOOST_AUTO_TEST_CASE(records_longer_than_a_batch_get_a_larger_one) {
  const std::string content = "a\n" + std::string(300000, 'x') + "\nb\n" + std::string(70000, 'y');
  const SourceRun run = read<LinesSource>(content, small(10, 1000));
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents() == (Texts{"a", std::string(300000, 'x'), "b", std::string(70000, 'y')}));
}

BOOST_AUTO_TEST_CASE(records_that_no_frame_holds_are_rejected_and_passed_over) {
  ReadOptions options = small(10, 1000);
  options.limits.max_frame_bytes = 20000;
  const std::string content = "a\n" + std::string(300000, 'x') + "\nb\n" + std::string(500000, 'y');
  const SourceRun run = read<LinesSource>(content, options);
  BOOST_TEST(run.ok());
  BOOST_TEST(run.documents() == (Texts{"a", "b"}));
  BOOST_TEST_REQUIRE(run.rejections().size() == 2u);
  BOOST_TEST(run.rejections()[0].code == "E_RECORD_TOO_LARGE");
  BOOST_TEST(run.rejections()[0].where == folder("in.txt") + ":2");
  BOOST_TEST(run.rejections()[1].where == folder("in.txt") + ":4");
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == static_cast<int64_t>(content.size()));
  BOOST_TEST(run.writer->bytes_read() == content.size());
}

BOOST_AUTO_TEST_CASE(the_run_s_record_limit_ends_the_read_and_the_checkpoint_goes_on_there) {
  ReadOptions options = small(3, 1000);
  options.limits.max_records = 5;
  const SourceRun first = read<LinesSource>("1\n2\n3\n4\n5\n6\n7\n", options);
  BOOST_TEST(first.documents() == (Texts{"1", "2", "3", "4", "5"}));
  const SourceRun rest =
      read_source<LinesSource>(host, config_with_path(folder("in.txt")), {.checkpoint = first.checkpoint()});
  BOOST_TEST(rest.documents() == (Texts{"6", "7"}));
}

BOOST_AUTO_TEST_CASE(the_run_s_byte_limit_is_crossed_by_one_record_at_most) {
  for (uint64_t limit : {1u, 3u, 4u, 5u, 100u}) {
    ReadOptions options;
    options.limits.max_bytes = limit;
    const SourceRun run = read<NdjsonSource>("\n{}\n\n{}\n[]\n\n", options);
    BOOST_TEST(run.ok());
    const size_t bytes = all_bytes(run).size();
    BOOST_TEST((bytes >= std::min<uint64_t>(limit, 12) && bytes < limit + 5));
  }
}

BOOST_AUTO_TEST_CASE(ndjson_keeps_every_byte_of_good_files) {
  const std::string content = "\n \n{\"a\":1}\n\n\r\n[1]\r\n  \"x\"  \n12\n\n\n";
  for (uint64_t room : {16u, 20u, 30u, 1000u}) {
    const SourceRun run = read<NdjsonSource>(content, small(100, room));
    BOOST_TEST(run.ok());
    BOOST_TEST(run.writer->records() == 4u);
    BOOST_TEST(all_bytes(run) == content);
  }
}

BOOST_AUTO_TEST_CASE(random_ndjson_keeps_every_byte_but_the_bad_lines) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::string content, kept;
    size_t bad = 0, good = 0;
    const bool with_bad = round % 2;
    for (size_t lines = random() % 400; lines > 0; --lines) {
      const auto kind = random() % 10;
      std::string line = kind == 0               ? std::string(random() % 3, ' ') + "\n"
                         : kind == 1 && with_bad ? "{\"bad\":" + std::string(random() % 30, 'x') + "\n"
                         : kind == 2             ? "[" + std::to_string(random()) + "]\r\n"
                                                 : "{\"k\":\"" + std::string(random() % 60, 'v') + "\"}\n";
      content += line;
      if (kind == 1 && with_bad)
        ++bad;
      else
        kept += line;
      good += kind > 1 || (kind == 1 && !with_bad);
    }
    const SourceRun run = read<NdjsonSource>(content, small(1 + random() % 40, 100 + random() % 3000));
    BOOST_REQUIRE(run.ok());
    BOOST_REQUIRE(run.rejections().size() == bad);
    BOOST_REQUIRE(run.writer->records() == good);
    if (!with_bad && good > 0) BOOST_REQUIRE(all_bytes(run) == kept);
    std::string squeezed, wanted;
    for (char c : all_bytes(run))
      if (!std::isspace(static_cast<unsigned char>(c))) squeezed += c;
    for (char c : kept)
      if (!std::isspace(static_cast<unsigned char>(c))) wanted += c;
    BOOST_REQUIRE(squeezed == wanted);
  }
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_rejected_with_its_place_and_reason_and_spares_its_neighbours) {
  const SourceRun run =
      read<NdjsonSource>("{\"a\":1}\nnonsense\n\n{\"b\":2}\n{\"c\":\xff}\n{\"d\":4}{}\n{}\n");
  BOOST_TEST(run.ok());
  BOOST_TEST(all_bytes(run) == "{\"a\":1}\n\n{\"b\":2}\n{}\n");
  BOOST_TEST_REQUIRE(run.rejections().size() == 3u);
  BOOST_TEST(run.rejections()[0].code == "E_JSON_INVALID");
  BOOST_TEST(run.rejections()[0].where == folder("in.txt") + ":2");
  BOOST_TEST(run.rejections()[0].value == "nonsense");
  BOOST_TEST(run.rejections()[1].where == folder("in.txt") + ":5");
  BOOST_TEST(run.rejections()[1].reason.find("UTF-8") != std::string::npos);
  BOOST_TEST(run.rejections()[2].where == folder("in.txt") + ":6");
}

BOOST_AUTO_TEST_CASE(when_no_more_rejections_are_tolerated_what_was_good_is_published_up_to_the_bad_line) {
  ReadOptions options;
  options.limits.max_rejected = 1;
  const SourceRun run = read<NdjsonSource>("{}\nx\n[1]\n[2]\ny\n[3]\n", options);
  BOOST_TEST(run.code() == "E_TOO_MANY_REJECTED");
  BOOST_TEST(run.documents() == (Texts{"{}", "[1]", "[2]"}));
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == 13);
  BOOST_TEST(Json::parse(run.checkpoint()).at("line").as_integer() == 4);
  // From there the bad line is met again, with its right number.
  const SourceRun again =
      read_source<NdjsonSource>(host, config_with_path(folder("in.txt")), {.checkpoint = run.checkpoint()});
  BOOST_TEST(again.documents() == (Texts{"[3]"}));
  BOOST_TEST(again.rejections().at(0).where == folder("in.txt") + ":5");
}

BOOST_AUTO_TEST_CASE(threads_change_nothing_but_the_time) {
  seeded::Random random(5);
  for (const uint64_t badness : {0u, 3u})
    for (int round = 0; round < 6; ++round) {
      std::string content;
      while (content.size() < 900000)
        content +=
            badness ? seeded::any_line(random, badness) + "\n" : "[" + seeded::value(random, 3) + "]\n";
      ReadOptions options = small(round % 2 ? 700 : 100000, round < 4 ? 1 << 20 : 90000);
      if (round == 3) options.limits.max_records = 3000;
      if (round == 5) options.limits.max_bytes = 400000;
      const SourceRun alone = read<NdjsonSource>(content, options);
      options.threads = 3;
      const SourceRun run = read<NdjsonSource>(content, options);
      BOOST_REQUIRE(run.ok());
      BOOST_TEST((run.documents() == alone.documents()));
      BOOST_TEST(run.checkpoint() == alone.checkpoint());
      BOOST_TEST(run.frames().size() == alone.frames().size());
      BOOST_REQUIRE(run.rejections().size() == alone.rejections().size());
      BOOST_TEST((badness > 0) == !run.rejections().empty());
      for (size_t i = 0; i < run.rejections().size(); ++i)
        BOOST_TEST(run.rejections()[i].where == alone.rejections()[i].where);
    }
}

BOOST_AUTO_TEST_CASE(a_read_with_threads_that_is_refused_more_rejections_publishes_what_was_good) {
  std::string content;
  for (int i = 0; i < 30000; ++i) content += "{\"number\":" + std::to_string(i) + "}\n";
  const size_t good = content.size();
  content += "nonsense\n" + content;
  ReadOptions options = small(1000000, 4 << 20);
  options.limits.max_rejected = 0;
  options.threads = 4;
  const SourceRun run = read<NdjsonSource>(content, options);
  BOOST_TEST(run.code() == "E_TOO_MANY_REJECTED");
  BOOST_TEST(run.documents().size() == 30000u);
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == static_cast<int64_t>(good));
}

BOOST_AUTO_TEST_CASE(without_validation_lines_are_only_split) {
  const SourceRun run = read<NdjsonSource>("{}\nnonsense\n\n[]\n", {}, R"("validate":"none")");
  BOOST_TEST(run.rejections().empty());
  BOOST_TEST(run.documents() == (Texts{"{}", "nonsense", "\n[]"}));
}

BOOST_AUTO_TEST_CASE(an_unterminated_last_line_is_taken_when_it_is_whole) {
  BOOST_TEST(all_bytes(read<NdjsonSource>("{}\n{\"a\":1}")) == "{}\n{\"a\":1}");
  BOOST_TEST(all_bytes(read<NdjsonSource>("{}\n  ")) == "{}\n  ");
  const SourceRun full = read<NdjsonSource>("{}\n{\"a\":");
  BOOST_TEST(full.rejections().at(0).where == folder("in.txt") + ":2");
  BOOST_TEST(!host.logged("not whole yet"));
  const SourceRun incremental = read<NdjsonSource>("{}\n{\"a\":", {.incremental = true});
  BOOST_TEST(incremental.rejections().empty());
  BOOST_TEST(incremental.documents() == (Texts{"{}"}));
  BOOST_TEST(Json::parse(incremental.checkpoint()).at("offset").as_integer() == 3);
  BOOST_TEST(host.lines().size() == 1u);
  BOOST_TEST(host.logged("not whole yet"));
}

BOOST_AUTO_TEST_CASE(units_say_what_is_known) {
  folder.write("d/a.ndjson", "{}\n");
  auto source = make_source<NdjsonSource>(host, config_with_path(folder("d")));
  BOOST_TEST(source.units().at(0).dump() ==
             R"({"unitId":"a.ndjson","contentType":"application/json","bytes":3})");
  BOOST_TEST(source.unit("a.ndjson").at("bytes").as_integer() == 3);
  BOOST_CHECK_THROW(source.unit("b.ndjson"), Error);
  source.check();
}

BOOST_AUTO_TEST_CASE(an_unknown_unit_and_a_missing_file_are_told_apart) {
  BOOST_TEST(read<LinesSource>("", {.unit_id = "other"}).code() == "E_UNIT_UNKNOWN");
  std::filesystem::remove(folder("in.txt"));
  BOOST_TEST(
      read_source<LinesSource>(host, config_with_path(folder("in.txt")), {.unit_id = "in.txt"}).code() ==
      "E_FILE_OPEN");
}

BOOST_AUTO_TEST_CASE(a_cancelled_claim_ends_the_read_at_a_valid_checkpoint) {
  folder.write("in.txt", "1\n2\n3\n4\n5\n6\n");
  auto writer = std::make_unique<testing::FakeWriter>(testing::WriterLimits{.max_batch_records = 2});
  writer->cancel_claim(3);
  const SourceRun run =
      make_source<LinesSource>(host, config_with_path(folder("in.txt"))).read({}, std::move(writer));
  BOOST_TEST(run.code() == "E_CANCELLED");
  BOOST_TEST(run.documents().size() == 4u);
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == 8);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
