#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite_test;
using namespace sluice::testing;

namespace {

const std::vector<Field> every_type{{"b", Type::boolean},   {"i", Type::int64},  {"f", Type::float64},
                                    {"s", Type::utf8},      {"x", Type::binary}, {"d", Type::date32},
                                    {"t", Type::timestamp}, {"j", Type::json}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_tables, Fixture)

BOOST_AUTO_TEST_CASE(every_type_comes_back_as_it_went_in) {
  SinkRun out = sink();
  out.open({.unit_id = "all"});
  out.write_rows(every_type,
                 {R"([true, 9223372036854775807, 0.1, "h\u00e9", "\u0001\u0000", 0, 0, {"a":[1,null]}])",
                  R"([false, -9223372036854775808, -1e300, "", "", -719528, -62167219200000000, "text"])",
                  R"([null, null, null, null, null, null, null, null])",
                  R"([true, 0, 5, "00123", "1", 2932896, 1767225600000001, 1.5])"});
  out.commit();
  SourceRun in = read("", {.unit_id = "all"});
  BOOST_REQUIRE_MESSAGE(in.ok(), (in.error ? in.error->message() : ""));
  BOOST_TEST(in.rejections().empty());
  const BatchView batch = in.writer->batch(0);
  BOOST_REQUIRE(batch.column_count() == every_type.size());
  for (uint32_t i = 0; i < batch.column_count(); ++i) {
    BOOST_TEST(batch.column(i).name() == every_type[i].name);
    BOOST_TEST((batch.column(i).type() == every_type[i].type));
  }
  BOOST_TEST(
      in.rows() ==
      (Lines{
          R"({"b":true,"i":9223372036854775807,"f":0.1,"s":"hé","x":"AQA=","d":"1970-01-01","t":"1970-01-01T00:00:00Z","j":{"a":[1,null]}})",
          R"({"b":false,"i":-9223372036854775808,"f":-1e+300,"s":"","x":"","d":"0000-01-01","t":"0000-01-01T00:00:00Z","j":"text"})",
          R"({"b":null,"i":null,"f":null,"s":null,"x":null,"d":null,"t":null,"j":null})",
          R"({"b":true,"i":0,"f":5,"s":"00123","x":"MQ==","d":"9999-12-31","t":"2026-01-01T00:00:00.000001Z","j":1.5})"}));
  BOOST_TEST(query("SELECT typeof(b), typeof(i), typeof(f), typeof(s), typeof(x), typeof(d), typeof(t), "
                   "typeof(j) FROM \"all\" LIMIT 1") ==
             Lines{"integer|integer|real|text|blob|text|text|text"});
}

BOOST_AUTO_TEST_CASE(a_new_column_widens_the_table) {
  SinkRun out = sink();
  out.open({.unit_id = "t"});
  out.write_rows({{"a", Type::int64}}, {"[1]"});
  out.write_rows({{"b", Type::utf8}, {"a", Type::int64}}, {R"(["x", 2])"});
  out.write_rows({{"a", Type::int64}}, {"[3]"});
  out.commit();
  BOOST_TEST(query("SELECT a, b FROM t ORDER BY a") == (Lines{"1|NULL", "2|x", "3|NULL"}));
}

BOOST_AUTO_TEST_CASE(the_table_is_named_after_the_unit) {
  BOOST_TEST(sqlite::table_for_unit("2026/11.ndjson") == "11");
  BOOST_TEST(sqlite::table_for_unit("events.csv.gz") == "events");
  BOOST_TEST(sqlite::table_for_unit("public.orders") == "public.orders");
  BOOST_TEST(sqlite::table_for_unit(".ndjson") == ".ndjson");
  BOOST_TEST(sqlite::table_for_unit("folder/") == "folder/");
}

BOOST_AUTO_TEST_CASE(names_may_be_words_of_sql_quotes_and_other_scripts) {
  for (const std::string name : {"order", "a\"b", "таблица", "x; DROP TABLE y", "a.b", " "}) {
    SinkRun out = sink(R"("key":["gr\"oup"])");
    out.open({.unit_id = name});
    out.write_rows({{"gr\"oup", Type::int64}, {"select", Type::utf8}}, {R"([1, "a"])", R"([1, "b"])"});
    out.commit();
    SourceRun in = read("", {.unit_id = name});
    BOOST_TEST(in.rows() == Lines{R"({"gr\"oup":1,"select":"b"})"});
  }
}

BOOST_AUTO_TEST_CASE(names_that_belong_to_others_are_refused) {
  for (const char* name : {"sqlite_x", "_sluice_tokens"}) {
    SinkRun out = sink();
    BOOST_TEST(error_code([&] { out.open({.unit_id = name}); }) == "E_CONFIG");
  }
}

BOOST_AUTO_TEST_CASE(columns_that_differ_in_case_alone_are_refused) {
  SinkRun out = sink();
  out.open();
  BOOST_TEST(error_code([&] {
               out.write_rows({{"Id", Type::int64}, {"id", Type::int64}}, {"[1,2]"});
             }) == "E_SQLITE_COLUMNS");
}

BOOST_AUTO_TEST_CASE(a_key_updates_rows_in_place) {
  SinkRun out = sink(R"("key":["id"])");
  out.open({.unit_id = "t", .incremental = true});
  const std::vector<Field> fields{{"id", Type::int64}, {"v", Type::utf8}};
  out.write_rows(fields, {R"([1,"a"])", R"([2,"b"])", R"([1,"c"])"});
  out.write_rows(fields, {R"([2,null])", R"([null,"lost"])"});
  out.commit();
  BOOST_TEST(query("SELECT id, v FROM t ORDER BY id") == (Lines{"1|c", "2|NULL"}));
  BOOST_REQUIRE(out.rejections().size() == 1u);
  BOOST_TEST(out.rejections()[0].code == "E_KEY_MISSING");
  BOOST_TEST(out.rejections()[0].record == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_of_two_columns_and_a_key_alone) {
  SinkRun out = sink(R"("key":["a","b"])");
  out.open({.unit_id = "t"});
  out.write_rows({{"a", Type::int64}, {"b", Type::int64}}, {"[1,1]", "[1,2]", "[1,1]"});
  out.commit();
  BOOST_TEST(query("SELECT a, b FROM t ORDER BY a, b") == (Lines{"1|1", "1|2"}));
}

BOOST_AUTO_TEST_CASE(a_primary_key_that_stands_serves_as_key) {
  execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, kept TEXT DEFAULT 'yes')");
  execute("INSERT INTO t VALUES (1, 'old', 'own')");
  SinkRun out = sink(R"("key":["ID"])");
  out.open({.unit_id = "t", .incremental = true});
  out.write_rows({{"id", Type::int64}, {"v", Type::utf8}}, {R"([1,"new"])", R"([2,"two"])"});
  out.commit();
  BOOST_TEST(query("SELECT * FROM t ORDER BY id") == (Lines{"1|new|own", "2|two|yes"}));
  BOOST_TEST(query("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 't'") ==
             Lines{"0"});
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_unique_is_refused) {
  execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (1)");
  SinkRun out = sink(R"("key":["id"])");
  out.open({.unit_id = "t", .incremental = true});
  BOOST_TEST(error_code([&] {
               out.write_rows({{"id", Type::int64}}, {"[2]"});
             }) == "E_SQLITE_KEY_NOT_UNIQUE");
}

BOOST_AUTO_TEST_CASE(a_row_that_breaks_a_constraint_is_rejected_and_the_others_go_in) {
  execute("CREATE TABLE t (id INTEGER CHECK (id % 100 <> 50))");
  SinkRun out = sink();
  out.open({.unit_id = "t"});
  Lines rows;
  for (int i = 0; i < 200; ++i) rows.push_back("[" + std::to_string(i) + "]");
  out.write_rows({{"id", Type::int64}}, rows);
  out.commit();
  BOOST_TEST(query("SELECT count(*), sum(id) FROM t") == Lines{"198|19700"});
  BOOST_REQUIRE(out.rejections().size() == 2u);
  BOOST_TEST(out.rejections()[0].record == 50u);
  BOOST_TEST(out.rejections()[1].record == 150u);
  BOOST_TEST(out.rejections()[1].code == "E_SQLITE_CONSTRAINT");
  BOOST_TEST(out.rejections()[1].reason.find("CHECK") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rows_of_every_number_arrive_in_order) {
  SinkRun out = sink();
  out.open({.unit_id = "t"});
  int next = 0;
  for (int size : {1, 63, 64, 65, 128, 1000}) {
    Lines rows;
    for (int i = 0; i < size; ++i) rows.push_back("[" + std::to_string(next++) + ",null]");
    out.write_rows({{"n", Type::int64}, {"z", Type::utf8}}, rows);
  }
  out.commit();
  BOOST_TEST(query("SELECT count(*), sum(n = rowid - 1) FROM t") ==
             Lines{std::to_string(next) + "|" + std::to_string(next)});
}

BOOST_AUTO_TEST_CASE(a_date_without_a_four_digit_year_is_rejected) {
  SinkRun out = sink();
  out.open({.unit_id = "t"});
  out.write_rows({{"d", Type::date32}, {"t", Type::timestamp}},
                 {"[2932897,0]", "[0,0]", "[0,-9000000000000000000]"});
  BOOST_REQUIRE(out.rejections().size() == 2u);
  BOOST_TEST(out.rejections()[0].record == 0u);
  BOOST_TEST(out.rejections()[1].record == 2u);
}

BOOST_AUTO_TEST_CASE(a_character_cut_in_two_is_text_in_neither_row) {
  FrameBytes frame = testing::table_frame({{"s", Type::utf8}}, {R"(["ab"])", R"(["cd"])", R"(["ok"])"});
  const std::string placed = "abcdok", wanted = "a\303\251dok";
  const auto same = [](std::byte a, char b) { return static_cast<char>(a) == b; };
  const auto at = std::search(frame.begin(), frame.end(), placed.begin(), placed.end(), same);
  BOOST_TEST_REQUIRE((at != frame.end()));
  std::memcpy(&*at, wanted.data(), wanted.size());
  SinkRun out = sink();
  out.open({.unit_id = "t"});
  const WriteResult result = out.write_frame(frame);
  BOOST_TEST(result.written == 1u);
  BOOST_TEST(result.rejected == 2u);
  out.commit();
  BOOST_TEST(query("SELECT s FROM t") == (Lines{"ok"}));
}

BOOST_AUTO_TEST_SUITE_END()
