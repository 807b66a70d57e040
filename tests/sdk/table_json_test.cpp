#include "sluice/batch/table_json.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "sluice/testing/frames.hpp"

namespace sluice {

namespace {

using testing::FakeWriter;

std::string json_of(const FrameBytes& frame, uint32_t row = 0) {
  std::string out = "> ";
  append_row_json(BatchView(frame), row, out);
  return out.substr(2);
}
std::string cell(Type type, const std::string& value) {
  return json_of(testing::table_frame({{"c", type}}, {"[" + value + "]"}));
}
std::string text_cell(Type type, std::string_view value) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  TableBuilder rows(out, {{"c", type}});
  rows.begin_row();
  rows.set_text(0, value);
  rows.end_row();
  rows.flush();
  return json_of(writer.frames()[0]);
}
std::string double_cell(double value) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  TableBuilder rows(out, {{"c", Type::float64}});
  rows.begin_row();
  rows.set_float64(0, value);
  rows.end_row();
  rows.flush();
  return json_of(writer.frames()[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table_json)

BOOST_AUTO_TEST_CASE(every_type_has_its_json) {
  BOOST_TEST(cell(Type::boolean, "true") == R"({"c":true})");
  BOOST_TEST(cell(Type::boolean, "false") == R"({"c":false})");
  BOOST_TEST(cell(Type::int64, "9223372036854775807") == R"({"c":9223372036854775807})");
  BOOST_TEST(cell(Type::int64, "-9223372036854775808") == R"({"c":-9223372036854775808})");
  BOOST_TEST(cell(Type::utf8, "\"\"") == R"({"c":""})");
  BOOST_TEST(cell(Type::json, R"({"a":[1,null]})") == R"({"c":{"a":[1,null]}})");
  for (const auto& field : type_names) BOOST_TEST(cell(field.second, "null") == R"({"c":null})");
}

BOOST_AUTO_TEST_CASE(doubles_read_back_the_same) {
  for (double value : {0.1, 1.0, -2.5, 1e300, 5e-324, 1.7976931348623157e308, 123456789.123456789}) {
    const std::string text = double_cell(value);
    BOOST_TEST(Json::parse(text).at("c").as_number() == value);
  }
  BOOST_TEST(double_cell(0.1) == R"({"c":0.1})");
  BOOST_TEST(double_cell(std::numeric_limits<double>::quiet_NaN()) == R"({"c":null})");
  BOOST_TEST(double_cell(std::numeric_limits<double>::infinity()) == R"({"c":null})");
  BOOST_TEST(double_cell(-std::numeric_limits<double>::infinity()) == R"({"c":null})");
}

BOOST_AUTO_TEST_CASE(text_is_escaped_and_comes_back) {
  const std::string_view nasty("\"\\\n\r\t\b\0\x1f/\xC3\xA9", 11);
  const std::string text = text_cell(Type::utf8, nasty);
  BOOST_TEST(text == "{\"c\":\"\\\"\\\\\\n\\r\\t\\u0008\\u0000\\u001f/\xC3\xA9\"}");
  BOOST_TEST(Json::parse(text).at("c").as_string() == nasty);
}

BOOST_AUTO_TEST_CASE(binary_is_base64) {
  BOOST_TEST(text_cell(Type::binary, "") == R"({"c":""})");
  BOOST_TEST(text_cell(Type::binary, "f") == R"({"c":"Zg=="})");
  BOOST_TEST(text_cell(Type::binary, "fo") == R"({"c":"Zm8="})");
  BOOST_TEST(text_cell(Type::binary, "foo") == R"({"c":"Zm9v"})");
  BOOST_TEST(text_cell(Type::binary, "\xFF\xFE\xFD") == R"({"c":"//79"})");
}

BOOST_AUTO_TEST_CASE(dates_follow_the_gregorian_calendar) {
  const std::vector<std::pair<const char*, const char*>> dates{
      {"0", "1970-01-01"},         {"-1", "1969-12-31"},         {"59", "1970-03-01"},
      {"789", "1972-02-29"},       {"11016", "2000-02-29"},      {"11017", "2000-03-01"},
      {"-25509", "1900-02-28"},    {"-25508", "1900-03-01"},     {"20780", "2026-11-23"},
      {"2932896", "9999-12-31"},   {"2932897", "+010000-01-01"}, {"-719528", "0000-01-01"},
      {"-719529", "-000001-12-31"}};
  for (const auto& [days, date] : dates)
    BOOST_TEST(cell(Type::date32, days) == "{\"c\":\"" + std::string(date) + "\"}");
  // Day after day through four centuries, against a calendar that only counts.
  int year = 1800, month = 1, day = 1, differ = 0;
  char expected[48], text[32];
  for (int64_t at = -62091; at < 84006; ++at) {
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
    *detail::put_date(text, at) = '\0';
    differ += std::string_view(text) != expected;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day > days[month - 1]) day = 1, ++month;
    if (month > 12) month = 1, ++year;
  }
  BOOST_TEST(differ == 0);
  BOOST_TEST(year == 2200);
}

BOOST_AUTO_TEST_CASE(timestamps_are_rfc_3339_in_utc) {
  const std::vector<std::pair<const char*, const char*>> times{
      {"0", "1970-01-01T00:00:00Z"},
      {"-1", "1969-12-31T23:59:59.999999Z"},
      {"-1000000", "1969-12-31T23:59:59Z"},
      {"1500000", "1970-01-01T00:00:01.500Z"},
      {"1795454152123456", "2026-11-23T17:15:52.123456Z"},
      {"-86400000000", "1969-12-31T00:00:00Z"},
      {"253402300799999999", "9999-12-31T23:59:59.999999Z"}};
  for (const auto& [micros, time] : times)
    BOOST_TEST(cell(Type::timestamp, micros) == "{\"c\":\"" + std::string(time) + "\"}");
  BOOST_TEST(cell(Type::timestamp, "-9223372036854775808") == R"({"c":"-290308-12-21T19:59:05.224192Z"})");
  BOOST_TEST(cell(Type::timestamp, "9223372036854775807") == R"({"c":"+294247-01-10T04:00:54.775807Z"})");
}

BOOST_AUTO_TEST_CASE(json_text_becomes_one_line) {
  BOOST_TEST(text_cell(Type::json, "{\n \"a\": 1,\r\n \"b\": \"x\\ny\"\n}") ==
             "{\"c\":{  \"a\": 1,   \"b\": \"x\\ny\" }}");
}

BOOST_AUTO_TEST_CASE(names_are_escaped) {
  BOOST_TEST(json_of(testing::table_frame({{"a\"b", Type::int64}, {"", Type::int64}}, {"[1,2]"})) ==
             R"({"a\"b":1,"":2})");
}

BOOST_AUTO_TEST_CASE(a_table_becomes_documents_and_keeps_its_accounting) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  TableBuilder rows(out, {{"i", Type::int64}, {"u", Type::utf8}}, [] { return Json::object({{"at", 9}}); });
  for (int i = 0; i < 1000; ++i) {
    rows.begin_row();
    rows.set_int64(0, i);
    if (i % 2) rows.set_text(1, "row " + std::to_string(i));
    rows.end_row();
  }
  out.filter(3);
  out.reject("E_X", "x", "y");
  rows.add_bytes_read(12345);
  rows.flush();
  FrameBytes first = writer.frames()[0];
  sluice_frame_header header = BatchView(first).header();
  header.sequence = 42;
  std::memcpy(first.data(), &header, sizeof header);

  FrameBytes frame;
  for (int again = 0; again < 2; ++again) {  // the second time into the same storage
    BOOST_REQUIRE(table_to_documents(BatchView(first), frame).ok());
    BOOST_REQUIRE(check_frame(frame).ok());
    BOOST_TEST(reinterpret_cast<uintptr_t>(frame.data()) % 64 == 0u);
    const BatchView batch(frame);
    const DocumentsView documents(batch);
    BOOST_REQUIRE(documents.size() == 1000u);
    for (uint32_t i = 0; i < 1000; ++i) BOOST_REQUIRE(documents.value(i) == json_of(first, i));
    BOOST_TEST(documents.value(1) == R"({"i":1,"u":"row 1"})");
    BOOST_TEST(documents.last_delimited());
    BOOST_TEST(batch.sequence() == 42u);
    BOOST_TEST(batch.checkpoint() == R"({"at":9})");
    BOOST_TEST(batch.header().rejected == 1u);
    BOOST_TEST(batch.header().filtered == 3u);
    BOOST_TEST(batch.header().bytes_read == 12345u);
    BOOST_TEST(batch.header().payload_bytes == documents.all_bytes().size());
  }
}

BOOST_AUTO_TEST_CASE(a_frame_without_records_keeps_its_checkpoint) {
  FakeWriter writer;
  SourceWriter out(writer.abi());
  out.publish_checkpoint(R"({"at":1})", 7);
  FrameBytes frame;
  BOOST_REQUIRE(table_to_documents(writer.batch(0), frame).ok());
  BOOST_TEST(check_frame(frame).ok());
  BOOST_TEST(BatchView(frame).size() == 0u);
  BOOST_TEST(BatchView(frame).checkpoint() == R"({"at":1})");
  BOOST_TEST(BatchView(frame).header().bytes_read == 7u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
