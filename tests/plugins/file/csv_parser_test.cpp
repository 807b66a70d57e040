#include "csv_parser.hpp"

#include <boost/test/unit_test.hpp>

#include "csv_layout.hpp"
#include "csv_value.hpp"

namespace sluice::file {

namespace {

using Outcome = CsvParser::Outcome;

// Rows as "a|b;", with ! for what is no row.
std::string rows(std::string_view text, const CsvDialect& dialect = {}) {
  CsvParser parser(dialect);
  std::string out;
  while (!text.empty()) {
    const Outcome outcome = parser.parse(text, true);
    if (outcome != Outcome::row && outcome != Outcome::blank) return out + "!";
    if (outcome == Outcome::row)
      for (size_t i = 0; i < parser.fields().size(); ++i)
        out += (i ? "|" : "") + std::string(parser.fields()[i].text) + (parser.fields()[i].quoted ? "'" : "");
    out += ";";
    text.remove_prefix(parser.size());
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv_parsing)

BOOST_AUTO_TEST_CASE(rows_are_as_rfc_4180_has_them) {
  BOOST_TEST(rows("a,b\nc,d\n") == "a|b;c|d;");
  BOOST_TEST(rows("a,b\r\nc,d") == "a|b;c|d;");
  BOOST_TEST(rows("\"a,1\",\"b\"\"c\",\"\"\r\n") == "a,1'|b\"c'|';");
  BOOST_TEST(rows("\"two\nlines\",x\n") == "two\nlines'|x;");
  BOOST_TEST(rows("\"two\r\nlines\"\"\"\n") == "two\r\nlines\"';");
  BOOST_TEST(rows(",\n,,\n") == "|;||;");
  BOOST_TEST(rows("a,\n") == "a|;");
  BOOST_TEST(rows("\n\r\na\n") == ";;a;");
  BOOST_TEST(rows("a\"b,c\n") == "a\"b|c;");
  BOOST_TEST(rows("a\rb,c\n") == "a\rb|c;");
  BOOST_TEST(rows("a;'b;''c'\n", {';', '\'', true}) == "a|b;'c';");
}

BOOST_AUTO_TEST_CASE(broken_quotes_are_told) {
  BOOST_TEST(rows("\"a\"b,c\n") == "!");
  BOOST_TEST(rows("a,\"b\nc\n") == "!");
  BOOST_TEST(rows("\"a\"\rb\n") == "!");
}

BOOST_AUTO_TEST_CASE(a_row_that_is_cut_anywhere_needs_more) {
  const std::string row = "a,\"b\"\"c\nd\",e\r\n";
  CsvParser parser({});
  for (size_t size = 0; size < row.size(); ++size)
    BOOST_TEST((parser.parse(row.substr(0, size), false) == Outcome::need_more));
  BOOST_TEST((parser.parse(row, false) == Outcome::row));
  BOOST_TEST(parser.size() == row.size());
  BOOST_TEST(parser.newlines() == 2u);
  BOOST_TEST(parser.terminated());
}

BOOST_AUTO_TEST_CASE(names_are_made_usable) {
  CsvParser parser({});
  parser.parse("a,,a,column_2,a_2,", true);
  BOOST_TEST(usable_names(parser.fields()) ==
             (std::vector<std::string>{"a", "column_2_2", "a_3", "column_2", "a_2", "column_6"}));
}

BOOST_AUTO_TEST_CASE(values_are_parsed_whole_or_not_at_all) {
  BOOST_TEST(parse_int64("-12").value() == -12);
  for (const char* text : {"", " 1", "1 ", "1.0", "9223372036854775808", "x"}) BOOST_TEST(!parse_int64(text));
  BOOST_TEST(parse_float64("1e3").value() == 1000.0);
  BOOST_TEST(!parse_float64("1,5"));
  BOOST_TEST(parse_bool("TRUE").value());
  BOOST_TEST(!parse_bool("0").value());
  BOOST_TEST(!parse_bool("yes"));
  BOOST_TEST(parse_date("1970-01-02").value() == 1);
  BOOST_TEST(parse_date("1969-12-31").value() == -1);
  BOOST_TEST(parse_date("2024-02-29").has_value());
  for (const char* text : {"2023-02-29", "2023-13-01", "2023-1-1", "2023-01-01x", "20230101"})
    BOOST_TEST(!parse_date(text));
  BOOST_TEST(parse_timestamp("1970-01-01T00:00:01Z").value() == 1000000);
  BOOST_TEST(parse_timestamp("1970-01-01 01:00:00.25+01:00").value() == 250000);
  BOOST_TEST(parse_timestamp("1970-01-01T00:01").value() == 60000000);
  for (const char* text : {"1970-01-01", "1970-01-01T24:00:00", "1970-01-01T00:00:00.1234567",
                           "1970-01-01T00:00:00.", "1970-01-01T00:00:00+1", "1970-01-01T00:00:60Z"})
    BOOST_TEST(!parse_timestamp(text), text);
}

BOOST_AUTO_TEST_CASE(types_are_guessed_narrowly) {
  const auto guess = [](std::vector<const char*> values) {
    TypeGuess out;
    for (const char* value : values) out.add(value);
    return to_string(out.type());
  };
  BOOST_TEST(guess({}) == "utf8");
  BOOST_TEST(guess({"1", "-20", "0"}) == "int64");
  BOOST_TEST(guess({"1", "2.5"}) == "float64");
  BOOST_TEST(guess({"0041", "12"}) == "utf8");
  BOOST_TEST(guess({"00.5"}) == "utf8");
  BOOST_TEST(guess({"0.5", "-0.25", "1e6"}) == "float64");
  BOOST_TEST(guess({"nan", "inf"}) == "utf8");
  BOOST_TEST(guess({"true", "False"}) == "bool");
  BOOST_TEST(guess({"1", "0"}) == "int64");
  BOOST_TEST(guess({"2026-11-23"}) == "date32");
  BOOST_TEST(guess({"2026-11-23T10:00:00Z"}) == "timestamp");
  BOOST_TEST(guess({"2026-11-23", "x"}) == "utf8");
  BOOST_TEST(guess({"99999999999999999999"}) == "float64");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
