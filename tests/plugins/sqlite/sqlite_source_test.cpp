#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::sqlite_test;
using namespace sluice::testing;

namespace {

Lines ids(const SourceRun& run) {
  Lines out;
  for (const std::string& row : run.rows())
    out.push_back(std::to_string(Json::parse(row).at("id").as_integer()));
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_source, Fixture)

BOOST_AUTO_TEST_CASE(lists_tables_and_views_with_their_modes) {
  execute("CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, at DATETIME)");
  execute("CREATE TABLE a (k TEXT PRIMARY KEY) WITHOUT ROWID");
  execute("CREATE VIEW v AS SELECT name FROM b");
  execute(
      "CREATE TABLE _sluice_tokens (x); CREATE TABLE gone (x); CREATE VIEW broken AS SELECT x FROM gone; "
      "DROP TABLE gone");
  const std::vector<Json> units = make_source<Endpoint>(host, config()).units();
  Lines said;
  for (const Json& unit : units)
    said.push_back(unit.at("unitId").as_string() + " " + unit.at("modes").dump());
  BOOST_TEST(said == (Lines{R"(a ["FULL"])", R"(b ["FULL","INCREMENTAL"])", R"(v ["FULL"])"}));
  BOOST_TEST(
      units[1].at("schema").dump() ==
      R"([{"name":"id","type":"int64","nullable":true},{"name":"name","type":"utf8","nullable":false},{"name":"at","type":"timestamp","nullable":true}])");
  BOOST_TEST(host.logged("broken"));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named_and_not_made) {
  try {
    make_source<Endpoint>(host, config()).check();
    BOOST_ERROR("there is no such file");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == "E_FILE_OPEN");
    BOOST_TEST((error.error_class() == ErrorClass::system));
    BOOST_TEST(error.where() == path.string());
  }
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_table_that_is_missing_is_an_unknown_unit) {
  execute("CREATE TABLE t (id)");
  BOOST_TEST(read("", {.unit_id = "other"}).code() == "E_UNIT_UNKNOWN");
  BOOST_TEST(error_code([&] { make_source<Endpoint>(host, config()).unit("other"); }) == "E_UNIT_UNKNOWN");
}

BOOST_AUTO_TEST_CASE(goes_on_behind_the_last_rowid) {
  execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2), (3)");
  SourceRun first = read("", {.incremental = true});
  BOOST_TEST(ids(first) == (Lines{"1", "2", "3"}));
  BOOST_TEST(first.checkpoint() == R"({"rowid":3})");
  SourceRun nothing = read("", {.checkpoint = first.checkpoint()});
  BOOST_TEST(nothing.rows().empty());
  BOOST_TEST(nothing.checkpoint() == R"({"rowid":3})");
  execute("INSERT INTO t VALUES (4)");
  BOOST_TEST(ids(read("", {.checkpoint = first.checkpoint()})) == Lines{"4"});
}

BOOST_AUTO_TEST_CASE(a_full_read_leaves_a_position_to_go_on_from) {
  execute("CREATE TABLE t (id INTEGER, at TEXT); INSERT INTO t VALUES (1, NULL), (2, 'b'), (3, 'a')");
  SourceRun run = read(R"("cursor":"at")");
  BOOST_TEST(ids(run) == (Lines{"1", "3", "2"}));
  BOOST_TEST(run.checkpoint() == R"({"cursor":"b","rowid":2})");
}

BOOST_AUTO_TEST_CASE(ties_at_the_cursor_are_neither_lost_nor_doubled) {
  execute("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER)");
  for (int i = 1; i <= 20; ++i)
    execute("INSERT INTO t VALUES (" + std::to_string(i) + ", " + std::to_string(i / 7) + ")");
  for (uint64_t cut = 1; cut < 20; ++cut) {
    SourceRun first = read(R"("cursor":"at")",
                           {.incremental = true, .limits = {.max_batch_records = 3, .max_records = cut}});
    SourceRun rest = read(R"("cursor":"at")", {.checkpoint = first.checkpoint()});
    Lines all = ids(first);
    BOOST_TEST(all.size() == cut);
    for (const std::string& id : ids(rest)) all.push_back(id);
    Lines expected;
    for (int i = 1; i <= 20; ++i) expected.push_back(std::to_string(i));
    BOOST_TEST(all == expected);
  }
  SourceRun all = read(R"("cursor":"at")", {.incremental = true});
  execute("INSERT INTO t VALUES (21, 2), (22, 3)");
  BOOST_TEST(ids(read(R"("cursor":"at")", {.checkpoint = all.checkpoint()})) == (Lines{"21", "22"}));
}

BOOST_AUTO_TEST_CASE(cursors_of_every_ordered_type_work) {
  execute("CREATE TABLE t (id INTEGER, r REAL, s TEXT COLLATE NOCASE, any_type)");
  execute("INSERT INTO t VALUES (1, 0.5, 'a', 1), (2, 1.5, 'B', 2.5), (3, 2.0, 'b', 'text')");
  for (const char* cursor : {"r", "s", "any_type", "R"}) {
    const std::string more = std::string(R"("cursor":")") + cursor + "\"";
    SourceRun first = read(more, {.incremental = true, .limits = {.max_records = 2}});
    BOOST_TEST(ids(first) == (Lines{"1", "2"}));
    SourceRun rest = read(more, {.checkpoint = first.checkpoint()});
    BOOST_TEST(ids(rest) == Lines{"3"});
    BOOST_TEST(read(more, {.checkpoint = rest.checkpoint()}).rows().empty());
  }
}

BOOST_AUTO_TEST_CASE(rows_without_a_cursor_are_left_out_with_a_warning) {
  execute("CREATE TABLE t (id INTEGER, at INTEGER); INSERT INTO t VALUES (1, NULL), (2, 5), (3, NULL)");
  BOOST_TEST(ids(read(R"("cursor":"at")", {.incremental = true})) == Lines{"2"});
  BOOST_REQUIRE(host.lines().size() == 1u);
  BOOST_TEST(host.lines()[0].fields == R"({"table":"t","cursor":"at","rows":2})");
}

BOOST_AUTO_TEST_CASE(a_cursor_that_no_checkpoint_can_hold_is_refused) {
  execute("CREATE TABLE t (id INTEGER, at); INSERT INTO t VALUES (1, x'00')");
  BOOST_TEST(read(R"("cursor":"at")", {.incremental = true}).code() == "E_CONFIG");
}

BOOST_AUTO_TEST_CASE(what_has_no_rowid_is_read_as_a_whole) {
  execute("CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES (2), (1)");
  execute("CREATE VIEW v AS SELECT id FROM t");
  for (const char* unit : {"t", "v"}) {
    BOOST_TEST(read("", {.unit_id = unit, .incremental = true}).code() == "E_MODE_UNSUPPORTED");
    SourceRun run = read("", {.unit_id = unit});
    BOOST_TEST(run.rows().size() == 2u);
    BOOST_TEST(run.checkpoint() == "");
  }
}

BOOST_AUTO_TEST_CASE(columns_that_hide_the_rowid_do_not_mislead) {
  execute("CREATE TABLE t (id INTEGER, rowid TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'a')");
  SourceRun run = read("", {.incremental = true, .limits = {.max_records = 1}});
  BOOST_TEST(run.checkpoint() == R"({"rowid":1})");
  BOOST_TEST(ids(read("", {.checkpoint = run.checkpoint()})) == Lines{"2"});
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_kind_is_refused) {
  execute("CREATE TABLE t (id INTEGER, at INTEGER)");
  for (const char* checkpoint : {"{}", R"({"rowid":"1"})", R"({"cursor":1,"rowid":2})"})
    BOOST_TEST(read("", {.checkpoint = checkpoint}).code() == "E_CHECKPOINT");
  for (const char* checkpoint :
       {R"({"rowid":1})", R"({"cursor":null,"rowid":2})", R"({"cursor":[],"rowid":2})"})
    BOOST_TEST(read(R"("cursor":"at")", {.checkpoint = checkpoint}).code() == "E_CHECKPOINT");
}

BOOST_AUTO_TEST_CASE(values_that_do_not_fit_their_column_are_rejected_with_their_place) {
  execute("CREATE TABLE t (id INTEGER, s TEXT, d DATE, b BOOLEAN, j JSON)");
  execute("INSERT INTO t VALUES (1, 'ok', '2026-01-31', 1, '{}'), ('x', 'a', NULL, 0, NULL)");
  execute("INSERT INTO t VALUES (3, CAST(x'ff' AS TEXT), NULL, 0, NULL), (4, 'a', '2026-02-30', 0, NULL)");
  execute(
      "INSERT INTO t VALUES (5, 'a', NULL, 2, NULL), (6, 'a', NULL, 0, '{'), (7, 'ok', NULL, NULL, '[1.0]')");
  SourceRun run = read("", {.incremental = true});
  BOOST_TEST(ids(run) == (Lines{"1", "7"}));
  BOOST_REQUIRE(run.rejections().size() == 5u);
  for (size_t i = 0; i < 5; ++i) {
    BOOST_TEST(run.rejections()[i].code == "E_VALUE");
    BOOST_TEST(run.rejections()[i].where == "table \"t\", rowid " + std::to_string(i + 2));
  }
  BOOST_TEST(run.rejections()[0].reason ==
             "column \"id\" is read as int64 and has text that does not fit (x)");
  BOOST_TEST(run.checkpoint() == R"({"rowid":7})");
}

BOOST_AUTO_TEST_CASE(a_column_without_a_type_is_read_as_json) {
  execute("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2.5), ('a\"b'), (NULL)");
  BOOST_TEST(read().rows() == (Lines{R"({"x":1})", R"({"x":2.5})", R"({"x":"a\"b"})", R"({"x":null})"}));
}

BOOST_AUTO_TEST_CASE(generated_columns_are_read_and_hidden_ones_are_not_needed) {
  execute(
      "CREATE TABLE t (id INTEGER, twice INTEGER GENERATED ALWAYS AS (id * 2)); INSERT INTO t VALUES (4)");
  BOOST_TEST(read().rows() == Lines{R"({"id":4,"twice":8})"});
}

BOOST_AUTO_TEST_CASE(the_database_is_never_changed) {
  execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)");
  const auto before = std::filesystem::last_write_time(path);
  read("", {.incremental = true});
  BOOST_TEST((std::filesystem::last_write_time(path) == before));
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_read) {
  execute("CREATE TABLE t (id INTEGER)");
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i "
      "FROM n");
  host.cancel_at_question(3);
  SourceRun run = read("", {.incremental = true, .limits = {.max_batch_records = 100}});
  BOOST_TEST(run.code() == "E_CANCELLED");
  BOOST_TEST(run.rows().size() >= 1024u);
  BOOST_TEST(run.rows().size() <= 2048u);
}

BOOST_AUTO_TEST_CASE(a_copy_from_database_to_database_is_equal) {
  execute("CREATE TABLE \"from\" (id INTEGER PRIMARY KEY, name TEXT, amount REAL, raw BLOB)");
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO \"from\" "
      "SELECT i, 'name ' || i, i / 8.0, randomblob(i % 50) FROM n");
  SourceRun in = read("", {.unit_id = "from"});
  SinkRun out = sink(R"("table":"copy","key":["id"])");
  out.open();
  for (const FrameBytes& frame : in.frames()) out.write_frame(frame);
  out.commit();
  BOOST_TEST(
      query("SELECT count(*) FROM \"from\" f JOIN copy c ON f.id = c.id AND f.name = c.name AND f.amount "
            "= c.amount AND f.raw = c.raw") == Lines{"3000"});
}

BOOST_AUTO_TEST_SUITE_END()
