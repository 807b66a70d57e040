#include <boost/test/unit_test.hpp>

#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite_test;
using namespace sluice::testing;

namespace {

WriteOptions documents(const std::string& unit = "t", bool incremental = false) {
  return {.unit_id = unit, .incremental = incremental, .tables = false};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_documents, Fixture)

BOOST_AUTO_TEST_CASE(top_level_keys_become_columns) {
  SinkRun out = sink();
  out.open(documents());
  out.write({R"({"i":1,"f":1.5,"s":"a\u00e9\n","b":true,"n":null,"o":{"k":[1, 2]},"a":[ ]})",
             R"( {"i":-2,"f":2.0,"s":"","b":false,"n":null,"o":{},"a":["x"]} )"});
  out.commit();
  BOOST_TEST(out.rejections().empty());
  BOOST_TEST(query("SELECT * FROM t") ==
             (Lines{"1|1.5|aé\n|1|NULL|{\"k\":[1,2]}|[]", "-2|2.0||0|NULL|{}|[\"x\"]"}));
  BOOST_TEST(query("SELECT name || ' ' || type FROM pragma_table_info('t')") ==
             (Lines{"i INTEGER", "f REAL", "s TEXT", "b BOOLEAN", "n ", "o JSON TEXT", "a JSON TEXT"}));
}

BOOST_AUTO_TEST_CASE(a_column_of_several_types_changes_no_value) {
  SinkRun out = sink();
  out.open(documents());
  out.write({R"({"mixed":1,"number":1})", R"({"mixed":"007","number":2.5})", R"({"mixed":true})"});
  out.commit();
  BOOST_TEST(query("SELECT mixed, typeof(mixed), number, typeof(number) FROM t") ==
             (Lines{"1|integer|1|integer", "007|text|2.5|real", "1|integer|NULL|null"}));
  BOOST_TEST(query("SELECT name || ' ' || type FROM pragma_table_info('t')") ==
             (Lines{"mixed ", "number NUMERIC"}));
}

BOOST_AUTO_TEST_CASE(a_key_that_appears_later_widens_the_table) {
  SinkRun out = sink();
  out.open(documents());
  out.write({R"({"a":1})", R"({"b":"x","a":2})"});
  out.write({R"({"c":{"d":1}})"});
  out.commit(false);
  out.write({R"({"e":1.5,"a":3})"});
  out.commit();
  BOOST_TEST(query("SELECT a, b, c, e FROM t") ==
             (Lines{"1|NULL|NULL|NULL", "2|x|NULL|NULL", "NULL|NULL|{\"d\":1}|NULL", "3|NULL|NULL|1.5"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_rejected) {
  SinkRun out = sink();
  out.open(documents());
  const Lines bad{"[1]",
                  "7",
                  "",
                  "   ",
                  "{\"a\":1",
                  "{\"a\":1} x",
                  "{\"a\":nope}",
                  "{\"a\":{\"b\":01}}",
                  "{a:1}",
                  "\"{}\"",
                  "{\"a\":\"\xff\"}",
                  "{\"a\":[1,]}",
                  "{\"new\":1,\"a\":tru}"};
  Lines all = bad;
  all.push_back(R"({"a":1})");
  WriteResult result = out.write(all);
  out.commit();
  BOOST_TEST(result.written == 1u);
  BOOST_TEST(result.rejected == bad.size());
  for (size_t i = 0; i < out.rejections().size(); ++i) {
    BOOST_TEST(out.rejections()[i].record == i);
    BOOST_TEST(out.rejections()[i].code == "E_NOT_AN_OBJECT");
  }
  // Columns that only a rejected document had are not made.
  BOOST_TEST(query("SELECT * FROM t") == Lines{"1"});
}

BOOST_AUTO_TEST_CASE(keys_that_differ_in_case_alone_are_one_column) {
  SinkRun out = sink();
  out.open(documents());
  out.write({R"({"Id":1})", R"({"ID":2})", R"({"id":3,"iD":4})", R"({"x":1,"x":2})"});
  out.commit();
  BOOST_TEST(query("SELECT id FROM t") == (Lines{"1", "2"}));
  BOOST_TEST(out.rejections().size() == 2u);
}

BOOST_AUTO_TEST_CASE(large_numbers_are_kept_as_well_as_sqlite_can) {
  SinkRun out = sink();
  out.open(documents());
  out.write({R"({"n":9223372036854775807})", R"({"n":18446744073709551615})",
             R"({"n":123456789012345678901234567890,"s":"x","o":{"a":1},"b":true,"z":null})"});
  out.commit();
  BOOST_TEST(out.rejections().empty());
  BOOST_TEST(query("SELECT typeof(n), s, o, b FROM t") ==
             (Lines{"integer|NULL|NULL|NULL", "real|NULL|NULL|NULL", "real|x|{\"a\":1}|1"}));
}

BOOST_AUTO_TEST_CASE(an_empty_document_is_a_row_where_there_is_a_table) {
  SinkRun out = sink();
  out.open(documents("t", true));
  BOOST_TEST(out.write({"{}"}).rejected == 1u);
  BOOST_TEST(out.rejections()[0].code == "E_NO_COLUMNS");
  out.write({R"({"a":1})", "{}"});
  out.commit();
  BOOST_TEST(query("SELECT a FROM t") == (Lines{"1", "NULL"}));
}

BOOST_AUTO_TEST_CASE(an_upsert_replaces_the_whole_document) {
  {
    SinkRun out = sink(R"("key":["id"])");
    out.open(documents("t", true));
    out.write({R"({"id":1,"a":"x","b":1})"});
    out.commit();
  }
  SinkRun out = sink(R"("key":["id"])");
  out.open(documents("t", true));
  out.write({R"({"id":1,"b":2})"});
  out.commit();
  BOOST_TEST(query("SELECT id, a, b FROM t") == Lines{"1|NULL|2"});
}

BOOST_AUTO_TEST_CASE(deletions_go_by_key_and_keep_their_place) {
  SinkRun out = sink(R"("key":["id"])");
  out.open(documents("t", true));
  out.write({R"({"id":1,"v":"a"})", R"({"id":2,"v":"b"})"});
  out.write_frame(documents_frame(std::vector<Document>{{.value = "", .key = "1", .is_delete = true},
                                                        {.value = R"({"id":3,"v":"c"})"},
                                                        {.value = "", .key = "3", .is_delete = true},
                                                        {.value = R"({"id":1,"v":"again"})"},
                                                        {.value = "", .is_delete = true}}));
  out.commit();
  BOOST_TEST(query("SELECT id, v FROM t ORDER BY id") == (Lines{"1|again", "2|b"}));
  BOOST_REQUIRE(out.rejections().size() == 1u);
  BOOST_TEST(out.rejections()[0].code == "E_DELETE_WITHOUT_KEY");
}

BOOST_AUTO_TEST_CASE(the_document_layout_keeps_documents_whole) {
  SinkRun out = sink(R"("layout":"document")");
  out.open(documents());
  out.write({" [1, 2] \t", R"({"a" : 1})", "\"x\""});
  out.commit();
  BOOST_TEST(query("SELECT value FROM t") == (Lines{"[1, 2]", R"({"a" : 1})", "\"x\""}));
  BOOST_TEST(query("SELECT name || ' ' || type FROM pragma_table_info('t')") == Lines{"value JSON TEXT"});
}

BOOST_AUTO_TEST_CASE(the_document_layout_leaves_other_texts_alone) {
  SinkRun out = sink(R"("layout":"document")");
  WriteOptions options = documents();
  options.content_type = "text/plain";
  out.open(options);
  out.write_frame(chunk_frame(" a \n\n7\nlast"));
  out.write({"\xff"});
  out.commit();
  BOOST_TEST(query("SELECT value, typeof(value) FROM t") ==
             (Lines{" a |text", "|text", "7|text", "last|text"}));
  BOOST_TEST(out.rejections().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_document_layout_can_have_the_records_key) {
  SinkRun out = sink(R"("layout":"document","key":["id"])");
  out.open(documents("t", true));
  out.write_frame(documents_frame(std::vector<Document>{{.value = "1", .key = "a"},
                                                        {.value = "2", .key = "b"},
                                                        {.value = "3", .key = "a"},
                                                        {.value = "", .key = "b", .is_delete = true},
                                                        {.value = "4"}}));
  out.commit();
  BOOST_TEST(query("SELECT id, value FROM t") == Lines{"a|3"});
  BOOST_TEST(out.rejections().size() == 1u);
}

BOOST_AUTO_TEST_CASE(texts_that_are_no_json_need_the_document_layout) {
  SinkRun out = sink();
  WriteOptions options = documents();
  options.content_type = "text/plain";
  BOOST_TEST(error_code([&] { out.open(options); }) == "E_CONFIG");
}

BOOST_AUTO_TEST_CASE(more_keys_than_a_table_can_have_columns_are_a_rejection) {
  SinkRun out = sink();
  out.open(documents());
  std::string wide = "{";
  for (int i = 0; i < 2001; ++i) wide += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  out.write({wide + "}", R"({"a":1})"});
  out.commit();
  BOOST_TEST(query("SELECT * FROM t") == Lines{"1"});
  BOOST_TEST(out.rejections().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
