#include "csv_source.hpp"

#include <boost/test/unit_test.hpp>

#include "temp_folder.hpp"

namespace sluice::file {

using testing::FakeHost, testing::read_source, testing::SourceRun, testing::make_source, testing::ReadOptions;

namespace {

using Rows = std::vector<std::string>;

struct Fixture {
  FakeHost host;
  TempFolder folder;

  SourceRun read(std::string_view content, const std::string& more = "", const ReadOptions& options = {}) {
    return read_source<CsvSource>(host, config_with_path(folder.write("in.csv", content), more), options);
  }
  SourceRun again(const std::string& checkpoint) {
    return read_source<CsvSource>(host, config_with_path(folder("in.csv")), {.checkpoint = checkpoint});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(csv_sources, Fixture)

BOOST_AUTO_TEST_CASE(types_are_inferred_and_shown_in_units) {
  const SourceRun run = read(
      "\xEF\xBB\xBFid,code,price,ok,day,at,none\r\n1,0041,1.5,true,1970-01-02,1970-01-01T00:00:01Z,\r\n"
      "2,\"x,\"\"y\"\"\",2,,,,\r\n");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.rejections().empty());
  BOOST_TEST_REQUIRE(run.rows().size() == 2u);
  BOOST_TEST(
      run.rows()[0] ==
      R"({"id":1,"code":"0041","price":1.5,"ok":true,"day":"1970-01-02","at":"1970-01-01T00:00:01Z","none":null})");
  BOOST_TEST(run.rows()[1] ==
             R"({"id":2,"code":"x,\"y\"","price":2,"ok":null,"day":null,"at":null,"none":null})");
  const Json unit = make_source<CsvSource>(host, config_with_path(folder("in.csv"))).units().at(0);
  BOOST_TEST(unit.at("schema").as_array().size() == 7u);
  BOOST_TEST(unit.at("schema").as_array()[1].dump() == R"({"name":"code","type":"utf8","nullable":true})");
  BOOST_TEST(unit.at("details").at("sampledRows").as_integer() == 2);
}

BOOST_AUTO_TEST_CASE(declared_types_are_taken_by_name) {
  const SourceRun run =
      read("a,b,c\n1,2,{}\n", R"("columns":[{"name":"c","type":"json"},{"name":"a","type":"utf8"}])");
  BOOST_TEST(run.rows() == Rows{R"({"a":"1","b":2,"c":{}})"});
  BOOST_TEST(read("a\n1\n", R"("columns":[{"name":"z","type":"utf8"}])").code() == "E_CSV_COLUMNS");
}

BOOST_AUTO_TEST_CASE(without_a_header_columns_are_declared_or_numbered) {
  BOOST_TEST(read("1;x\n2;y\n", R"("header":false,"delimiter":";")").rows() ==
             (Rows{R"({"column_1":1,"column_2":"x"})", R"({"column_1":2,"column_2":"y"})"}));
  BOOST_TEST(
      read("1,x\n", R"("header":false,"columns":[{"name":"n","type":"float64"},{"name":"s","type":"utf8"}])")
          .rows() == Rows{R"({"n":1,"s":"x"})"});
}

BOOST_AUTO_TEST_CASE(bad_rows_are_rejected_with_place_and_reason_and_spare_their_neighbours) {
  const SourceRun run =
      read("n,s\n1,a\n2\n3,c,x\n4,\"two\nlines\"\n5,\xff\nsix,f\n7,\"g\"h\n8,i\n9,\"j\n10,k\n",
           R"("columns":[{"name":"n","type":"int64"}])");
  BOOST_TEST(run.ok());
  BOOST_TEST(run.rows() == (Rows{R"({"n":1,"s":"a"})", R"({"n":4,"s":"two\nlines"})", R"({"n":8,"s":"i"})",
                                 R"({"n":10,"s":"k"})"}));
  const auto& bad = run.rejections();
  BOOST_TEST_REQUIRE(bad.size() == 6u);
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"E_CSV_ROW", ":3"},    {"E_CSV_ROW", ":4"}, {"E_UTF8_INVALID", ":7"},
      {"E_VALUE_TYPE", ":8"}, {"E_CSV_ROW", ":9"}, {"E_CSV_ROW", ":11"}};
  for (size_t i = 0; i < bad.size(); ++i) {
    BOOST_TEST(bad[i].code == wanted[i].first);
    BOOST_TEST(bad[i].where == folder("in.csv") + wanted[i].second);
  }
  BOOST_TEST(bad[0].reason == "a short row: 1 fields where there are 2 columns");
  BOOST_TEST(bad[3].reason == "column \"n\": \"six\" is no int64");
  BOOST_TEST(bad[3].value == "six,f");
}

BOOST_AUTO_TEST_CASE(a_value_that_breaks_an_inferred_type_says_how_to_declare_it) {
  std::string content = "n\n";
  for (int i = 0; i < 1500; ++i) content += std::to_string(i) + "\n";
  const SourceRun run = read(content + "0041\nx\n5\n");
  BOOST_TEST(run.writer->records() == 1501u);
  BOOST_TEST_REQUIRE(run.rejections().size() == 2u);
  BOOST_TEST(
      run.rejections()[0].reason ==
      "column \"n\": \"0041\" is no int64; the type was inferred from the first 1000 rows: declare it in "
      "the configuration, columns: [{name: n, type: utf8}]");
}

BOOST_AUTO_TEST_CASE(nulls_are_as_configured) {
  BOOST_TEST(read("a,b\nNA,\"\"\n1,NA\n", R"("nulls":["NA"])").rows() ==
             (Rows{R"({"a":null,"b":""})", R"({"a":1,"b":null})"}));
  BOOST_TEST(read("a,b\n\"\",\"\"\n1,x\n").rows() == (Rows{R"({"a":null,"b":""})", R"({"a":1,"b":"x"})"}));
}

BOOST_AUTO_TEST_CASE(when_no_more_rejections_are_tolerated_the_rows_before_are_safe) {
  ReadOptions options;
  options.limits.max_rejected = 0;
  const SourceRun run = read("a,b\n1,2\n3\n4,5\n", "", options);
  BOOST_TEST(run.code() == "E_TOO_MANY_REJECTED");
  BOOST_TEST(run.rows() == Rows{R"({"a":1,"b":2})"});
  BOOST_TEST(Json::parse(run.checkpoint()).at("offset").as_integer() == 8);
}

BOOST_AUTO_TEST_CASE(appended_rows_are_read_once_with_the_same_types) {
  const SourceRun first = read("a,b\n1,x\n");
  folder.append("in.csv", "2,7\n3,");
  const SourceRun second = again(first.checkpoint());
  BOOST_TEST(second.rows() == (Rows{R"({"a":2,"b":"7"})", R"({"a":3,"b":null})"}));
  BOOST_TEST(again(second.checkpoint()).frames().empty());
}

BOOST_AUTO_TEST_CASE(a_row_that_is_not_whole_waits_in_incremental_mode_and_is_rejected_in_full) {
  BOOST_TEST(read("a,b\n1,x\n2").rejections().size() == 1u);
  BOOST_TEST(read("a,b\n1,x\n2,\"y").rejections().size() == 1u);
  for (const char* tail : {"2", "2,\"y", "\"2"}) {
    const SourceRun first = read("a,b\n1,x\n" + std::string(tail), "", {.incremental = true});
    BOOST_TEST(first.rows() == Rows{R"({"a":1,"b":"x"})"});
    BOOST_TEST(first.rejections().empty());
    BOOST_TEST(Json::parse(first.checkpoint()).at("offset").as_integer() == 8);
  }
  BOOST_TEST(host.logged("is not whole yet"));
}

BOOST_AUTO_TEST_CASE(a_file_that_grows_byte_by_byte_gives_each_row_once) {
  const std::string content = "a,b\r\n1,\"x\ny\"\r\n22,z\r\n333,\"q\"\"\"\r\n";
  std::optional<std::string> checkpoint;
  folder.write("in.csv", "");
  Rows rows;
  const std::string columns = R"("columns":[{"name":"a","type":"int64"},{"name":"b","type":"utf8"}])";
  for (size_t size = 0; size < content.size(); ++size) {
    folder.append("in.csv", content.substr(size, 1));
    // A row that is whole without its newline may be taken early: cut where it cannot.
    if (content[size] != '\n') continue;
    const SourceRun run = read_source<CsvSource>(host, config_with_path(folder("in.csv"), columns),
                                                 {.checkpoint = checkpoint, .incremental = true});
    BOOST_TEST_REQUIRE(run.ok());
    BOOST_TEST(run.rejections().empty());
    if (!run.checkpoint().empty()) checkpoint = run.checkpoint();
    for (const std::string& row : run.rows()) rows.push_back(row);
  }
  BOOST_TEST(rows == (Rows{R"({"a":1,"b":"x\ny"})", R"({"a":22,"b":"z"})", R"({"a":333,"b":"q\""})"}));
}

BOOST_AUTO_TEST_CASE(empty_files_and_bare_headers_have_no_rows) {
  BOOST_TEST(read("").rows().empty());
  const SourceRun bare = read("a,b\n");
  BOOST_TEST(bare.rows().empty());
  BOOST_TEST(Json::parse(bare.checkpoint()).at("offset").as_integer() == 4);
  const SourceRun cut = read("a,b", "", {.incremental = true});
  BOOST_TEST(cut.ok());
  BOOST_TEST(cut.checkpoint().empty());
  const SourceRun empty = read("", "", {.incremental = true});
  folder.write("in.csv", "a\n1\n");
  BOOST_TEST(again(empty.checkpoint()).rows() == Rows{R"({"a":1})"});
}

BOOST_AUTO_TEST_CASE(large_files_come_through_whatever_the_batch) {
  std::string content = "n,text\n";
  for (int i = 0; i < 60000; ++i) content += std::to_string(i) + ",\"row, " + std::to_string(i) + "\nend\"\n";
  ReadOptions options;
  options.limits.max_batch_records = 777;
  const SourceRun run = read(content, "", options);
  BOOST_TEST(run.rejections().empty());
  const Rows rows = run.rows();
  BOOST_TEST_REQUIRE(rows.size() == 60000u);
  BOOST_TEST(rows[59999] == R"({"n":59999,"text":"row, 59999\nend"})");
  BOOST_TEST(run.writer->bytes_read() == content.size());
}

BOOST_AUTO_TEST_CASE(the_record_limit_ends_the_read_and_the_rest_follows) {
  ReadOptions options;
  options.limits.max_records = 2;
  const SourceRun first = read("a\n1\n2\n3\n4\n", "", options);
  BOOST_TEST(first.rows().size() == 2u);
  BOOST_TEST(again(first.checkpoint()).rows() == (Rows{R"({"a":3})", R"({"a":4})"}));
}

BOOST_AUTO_TEST_CASE(rows_that_no_frame_holds_are_rejected) {
  ReadOptions options;
  options.limits.max_frame_bytes = 100000;
  options.limits.max_batch_bytes = 20000;
  const SourceRun run = read(
      "a,b\n1,x\n2," + std::string(90000, 'y') + "\n3," + std::string(400000, 'z') + "\n4,w\n", "", options);
  BOOST_TEST(run.ok());
  BOOST_TEST(run.rows() == (Rows{R"({"a":1,"b":"x"})", R"({"a":4,"b":"w"})"}));
  BOOST_TEST_REQUIRE(run.rejections().size() == 2u);
  BOOST_TEST(run.rejections()[0].where == folder("in.csv") + ":3");
  BOOST_TEST(run.rejections()[1].code == "E_RECORD_TOO_LARGE");
}

BOOST_AUTO_TEST_CASE(random_bytes_never_crash_and_every_line_is_accounted_for) {
  std::mt19937 random(31);
  for (int round = 0; round < 300; ++round) {
    std::string content = "a,b\n";
    for (size_t size = random() % 500; size > 0; --size) content += ",\"\n\rab1\xff"[random() % 8];
    const SourceRun run = read(content);
    BOOST_REQUIRE(run.ok());
    BOOST_REQUIRE(run.writer->bytes_read() == content.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
