#include "json_validator.hpp"

#include <boost/test/unit_test.hpp>

#include "json_grammar.hpp"

namespace sluice::file {

namespace {

bool valid(const std::string& text) {
  const std::string padded = text + std::string(JsonValidator::padding, '}');
  JsonValidator validator;
  return !validator.reason_against({padded.data(), text.size()});
}

const char* const good[] = {"{}",
                            "[]",
                            " {\"a\": [1, 2.5, -3e10, true, false, null, \"x\\u00e9\\n\"]} \r\n",
                            "0",
                            "-0.0",
                            "\"\"",
                            "null",
                            "123456789012345678901234567890",
                            "{\"big\":-99999999999999999999999999}",
                            "1e999",
                            "[[[[[]]]]]",
                            "{\"a\":{\"b\":{}},\"c\":[]}",
                            "\"\xc3\xa9\""};
const char* const bad[] = {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "[1 2]",
                           "{} {}",
                           "{}x",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "tru",
                           "nulll",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"a\nb\"",
                           "{\"a\":1,}",
                           "[1}",
                           "'a'",
                           "[12345678901234567890123,]",
                           "{\"a\":1}{\"b\":2}",
                           "1 2",
                           "// x"};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_validation)

BOOST_AUTO_TEST_CASE(one_document_and_nothing_else_is_valid) {
  for (const char* text : good) BOOST_TEST(valid(text), text);
  for (const char* text : bad) BOOST_TEST(!valid(text), text);
}

BOOST_AUTO_TEST_CASE(the_grammar_alone_agrees) {
  for (const char* text : good) BOOST_TEST(!find_json_mistake(text).has_value(), text);
  for (const char* text : bad) BOOST_TEST(find_json_mistake(text).has_value(), text);
  BOOST_TEST(!find_json_mistake(std::string(1000, '[') + std::string(1000, ']')).has_value());
  BOOST_TEST(find_json_mistake(std::string(100000, '[')).has_value());
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_invalid) {
  for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "{\"a\":\"\xc0\x80\"}"})
    BOOST_TEST(!valid(text));
}

BOOST_AUTO_TEST_CASE(documents_larger_than_the_parser_takes_are_validated_too) {
  std::string large = "[\"" + std::string((size_t{16} << 20) + 100, 'x') + "\"]";
  BOOST_TEST(valid(large));
  large[1000] = '\xff';
  BOOST_TEST(!valid(large));
  large[1000] = '\n';
  BOOST_TEST(!valid(large));
}

BOOST_AUTO_TEST_CASE(what_stands_behind_the_text_does_not_matter) {
  const std::string text = "{\"a\":1}" + std::string(JsonValidator::padding, ']');
  JsonValidator validator;
  BOOST_TEST(!validator.reason_against({text.data(), 7}).has_value());
  BOOST_TEST(validator.reason_against({text.data(), 6}).has_value());
  BOOST_TEST(validator.reason_against({text.data(), 8}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::file
