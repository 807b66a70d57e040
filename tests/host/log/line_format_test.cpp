#include "host/log/line_format.hpp"

#define BOOST_TEST_MODULE host_log
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "host/log/printable.hpp"

namespace sluice::host {
namespace {

// 2026-11-23T17:00:00.123Z
LogLine line_of(Severity severity, std::string message,
                std::vector<std::pair<std::string, std::string>> fields = {}) {
  return {severity, std::chrono::system_clock::time_point(std::chrono::milliseconds(1795453200123)),
          std::move(message), std::move(fields)};
}

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_text_line_has_time_level_message_and_fields) {
  BOOST_TEST(
      format_text(line_of(Severity::info, "unit opened", {{"endpoint", "events"}, {"unitId", "a b"}}), {}) ==
      "2026-11-23T17:00:00.123Z INFO  unit opened endpoint=events unitId=\"a b\"\n");
}

BOOST_AUTO_TEST_CASE(values_that_would_read_wrong_are_quoted) {
  BOOST_TEST(format_text(line_of(Severity::error, "m", {{"a", ""}, {"b", "x=1"}, {"c", "say \"hi\""}}), {}) ==
             "2026-11-23T17:00:00.123Z ERROR m a=\"\" b=\"x=1\" c=\"say \\\"hi\\\"\"\n");
}

BOOST_AUTO_TEST_CASE(a_line_stays_one_line_and_cannot_drive_the_terminal) {
  const std::string text = format_text(line_of(Severity::warning, "one\ntwo\x1b[2J", {{"k\n", "v\r\n"}}), {});
  BOOST_TEST(text == "2026-11-23T17:00:00.123Z WARN  one\\ntwo\\x1b[2J k\\n=v\\r\\n\n");
}

BOOST_AUTO_TEST_CASE(color_is_around_the_level_only) {
  BOOST_TEST(format_text(line_of(Severity::warning, "m"), {.color = true, .journal_prefix = false}) ==
             "2026-11-23T17:00:00.123Z \x1b[33mWARN \x1b[0m m\n");
}

BOOST_AUTO_TEST_CASE(the_journal_gets_a_priority) {
  BOOST_TEST(
      format_text(line_of(Severity::error, "m"), {.color = false, .journal_prefix = true}).substr(0, 7) ==
      "<3>2026");
}

BOOST_AUTO_TEST_CASE(a_json_line_is_one_object) {
  const std::string text =
      format_json(line_of(Severity::debug, "a\nb \xff", {{"msg", "other"}, {"unitId", "ü"}}));
  BOOST_TEST(text.find('\n') == text.size() - 1);
  const auto object = boost::json::parse(text).as_object();
  BOOST_TEST(object.at("ts").as_string() == "2026-11-23T17:00:00.123Z");
  BOOST_TEST(object.at("level").as_string() == "debug");
  BOOST_TEST(object.at("msg").as_string() == "a\nb \xef\xbf\xbd");
  BOOST_TEST(object.at("msg_").as_string() == "other");
  BOOST_TEST(object.at("unitId").as_string() == "ü");
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_shown_as_bytes) {
  BOOST_TEST(printable("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  BOOST_TEST(printable("\xc3") == "\\xc3");                             // cut off
  BOOST_TEST(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  BOOST_TEST(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  BOOST_TEST(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // past the last code point
  BOOST_TEST(printable("\xe2\x80\xae") == "\\u202e");                   // right-to-left override
  BOOST_TEST(printable("\xc2\x9b") == "\\x9b");                         // C1: control sequence introducer
  BOOST_TEST(printable(std::string_view("a\0b", 3)) == "a\\x00b");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::host
