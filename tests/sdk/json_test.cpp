#include "sluice/json.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace sluice {

namespace {

std::string again(std::string_view text) {
  return Json::parse(text).dump();
}

std::string code_of(std::string_view text) {
  try {
    (void)Json::parse(text);
    return "accepted";
  } catch (const Error& error) {
    return error.code();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(what_is_read_is_written_alike) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "1.5", "\"\"", "[]", "{}", "[1,[2,{\"a\":null}]]",
        R"({"b":1,"a":2})", R"("\"\\\n\t\r")", "1e+300", "\"\xC3\xA9\""})
    BOOST_TEST(again(text) == text);
  BOOST_TEST(again(" [ 1 , 2 ] \n") == "[1,2]");
  BOOST_TEST(again(R"("\u00e9\ud83d\ude00\/")") == "\"\xC3\xA9\xF0\x9F\x98\x80/\"");
}

BOOST_AUTO_TEST_CASE(integers_stay_exact) {
  BOOST_TEST(again("9223372036854775807") == "9223372036854775807");
  BOOST_TEST(again("-9223372036854775808") == "-9223372036854775808");
  BOOST_TEST(Json::parse("9223372036854775807").as_integer() == std::numeric_limits<int64_t>::max());
  BOOST_TEST(Json::parse("9223372036854775808").is_number());
  BOOST_TEST(!Json::parse("9223372036854775808").is_integer());
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_refused) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "-",
                           "+1",
                           "1e",
                           "tru",
                           "nul",
                           "\"",
                           "\"\n\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "1 2",
                           "[1 2]",
                           "NaN",
                           "1e999",
                           "'a'",
                           "{\"a\":1}}"})
    BOOST_TEST(code_of(text) == "E_JSON", text);
  BOOST_TEST(code_of(std::string_view("\"\0\"", 3)) == "E_JSON");
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  BOOST_TEST(code_of(nested(64)) == "accepted");
  BOOST_TEST(code_of(nested(100)) == "E_JSON");
  BOOST_TEST(code_of(std::string(1000000, '[')) == "E_JSON");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_lacks_become_null) {
  BOOST_TEST(Json(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
  BOOST_TEST(Json(-std::numeric_limits<double>::infinity()).dump() == "null");
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped) {
  std::string out;
  Json::write_string(std::string_view("\0\x01\x1f\x7f", 4), out);
  BOOST_TEST(out == "\"\\u0000\\u0001\\u001f\x7f\"");
}

BOOST_AUTO_TEST_CASE(members_have_fallbacks_and_types) {
  const Json json = Json::parse(R"({"n":7,"s":"x","b":true,"z":null})");
  BOOST_TEST(json.integer("n", 1) == 7);
  BOOST_TEST(json.integer("z", 1) == 1);
  BOOST_TEST(json.integer("none", 1) == 1);
  BOOST_TEST(json.string("s", "") == "x");
  BOOST_TEST(json.boolean("b", false));
  BOOST_CHECK_EXCEPTION((void)json.integer("s", 1), Error,
                        [](const Error& error) { return error.code() == "E_JSON_TYPE"; });
  BOOST_CHECK_EXCEPTION((void)json.at("z"), Error,
                        [](const Error& error) { return error.code() == "E_JSON_MISSING"; });
}

BOOST_AUTO_TEST_CASE(setting_keeps_order_and_replaces) {
  Json json;
  json.set("b", 1);
  json.set("a", 2);
  json.set("b", Json::array({3, "x"}));
  BOOST_TEST(json.dump() == R"({"b":[3,"x"],"a":2})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
