#include "csv_sink.hpp"

#include <boost/test/unit_test.hpp>

#include "csv_source.hpp"
#include "temp_folder.hpp"

namespace sluice::file {

using testing::FakeHost, testing::make_sink, testing::SinkRun, testing::WriteOptions;
using Csv = Both<CsvSource, CsvSink>;

namespace {

const std::vector<Field> fields{{"n", Type::int64},   {"s", Type::utf8},   {"ok", Type::boolean},
                                {"x", Type::float64}, {"d", Type::date32}, {"t", Type::timestamp}};

struct Fixture {
  FakeHost host;
  TempFolder folder;

  SinkRun sink(const std::string& more = "") {
    return make_sink<Csv>(host, config_with_path(folder("out.csv"), more));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(csv_sinks, Fixture)

BOOST_AUTO_TEST_CASE(rows_are_quoted_as_rfc_4180_has_it) {
  SinkRun out = sink();
  out.open();
  out.write_rows(fields, {R"([1,"plain",true,1.5,1,1000000])", R"([null,null,null,null,null,null])",
                          R"([-2,"a,\"b\"\nc",false,0.1,-1,1250000])", R"([3,"",true,3,0,0])"});
  out.commit();
  BOOST_TEST(folder.read("out.csv") ==
             "n,s,ok,x,d,t\n1,plain,true,1.5,1970-01-02,1970-01-01T00:00:01Z\n,,,,,\n"
             "-2,\"a,\"\"b\"\"\nc\",false,0.1,1969-12-31,1970-01-01T00:00:01.25Z\n"
             "3,\"\",true,3,1970-01-01,1970-01-01T00:00:00Z\n");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_the_same) {
  SinkRun out = sink();
  out.open();
  const std::vector<std::string> rows{R"([1,"x; y",true,1.25,20000,1700000000123456])",
                                      R"([null,"",null,2.5,null,1])", R"([3,null,false,null,-5,-1])"};
  out.write_rows(fields, rows);
  out.commit();
  const testing::SourceRun back = testing::read_source<CsvSource>(host, config_with_path(folder("out.csv")));
  BOOST_TEST(back.rejections().empty());
  const auto frame = testing::table_frame(fields, rows);
  std::vector<std::string> wanted(3);
  for (uint32_t row = 0; row < 3; ++row) append_row_json(BatchView(frame), row, wanted[row]);
  BOOST_TEST(back.rows() == wanted);
}

BOOST_AUTO_TEST_CASE(the_header_stands_once) {
  const std::vector<Field> one{{"a", Type::int64}};
  for (int i = 0; i < 3; ++i) {
    SinkRun out = sink();
    out.open({.checkpoint = "{\"x\":1}", .incremental = true});
    out.write_rows(one, {"[1]"});
    out.write_rows(one, {"[2]"});
    out.commit();
  }
  BOOST_TEST(folder.read("out.csv") == "a\n1\n2\n1\n2\n1\n2\n");
}

BOOST_AUTO_TEST_CASE(other_columns_are_not_put_under_a_header_that_stands_there) {
  folder.write("out.csv", "a,b\n1,2\n");
  SinkRun out = sink();
  out.open({.incremental = true});
  try {
    out.write_rows({{"a", Type::int64}, {"c", Type::int64}}, {"[1,2]"});
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_CSV_COLUMNS");
  }
  BOOST_TEST(folder.read("out.csv") == "a,b\n1,2\n");
}

BOOST_AUTO_TEST_CASE(dialects_are_kept) {
  SinkRun out = sink(R"("delimiter":";","quote":"'","header":false)");
  out.open();
  out.write_rows({{"a", Type::utf8}, {"b", Type::utf8}}, {R"(["x;y","it's"])"});
  out.commit();
  BOOST_TEST(folder.read("out.csv") == "'x;y';'it''s'\n");
}

BOOST_AUTO_TEST_CASE(a_table_without_rows_has_its_header) {
  SinkRun out = sink();
  out.open({.unit = R"({"unitId":"u","schema":[{"name":"a","type":"int64"},{"name":"b","type":"utf8"}]})"});
  out.commit();
  BOOST_TEST(folder.read("out.csv") == "a,b\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
