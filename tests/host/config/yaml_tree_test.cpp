#include "host/config/yaml_tree.hpp"

#include <boost/json.hpp>

#include "expect_error.hpp"

using namespace sluice;
using namespace sluice::host;
using test::expect_error;
namespace json = boost::json;

namespace {

json::value yaml(std::string_view text) {
  return parse_yaml(text, "f.yaml").value().to_json();
}

void refused(std::string_view text, const std::vector<std::string_view>& said) {
  BOOST_TEST_CONTEXT("text: " << text.substr(0, 80)) {
    expect_error(parse_yaml(text, "f.yaml"), ErrorClass::config, "E_CONFIG_SYNTAX", said);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_tree)

BOOST_AUTO_TEST_CASE(plain_scalars_follow_the_core_schema) {
  BOOST_TEST(yaml("[ true, False, null, ~, 5, -7, +8, 0x1F, 0o17, 1.5, 1e3, .5, 007 ]") ==
             (json::value{true, false, nullptr, nullptr, 5, -7, 8, 31, 15, 1.5, 1000.0, 0.5, 7}));
  BOOST_TEST(yaml("[ yes, no, on, 1_000, 1:30, 5s, v1, -, +, 0x, 1e, ., 2026-11-23, .inf, .nan ]") ==
             (json::value{"yes", "no", "on", "1_000", "1:30", "5s", "v1", "-", "+", "0x", "1e", ".",
                          "2026-11-23", ".inf", ".nan"}));
  BOOST_TEST(yaml("18446744073709551615") == json::value(18446744073709551615u));
  BOOST_TEST(yaml("18446744073709551616") == json::value(18446744073709551616.0));
  BOOST_TEST(yaml("-9223372036854775808") == json::value(std::numeric_limits<std::int64_t>::min()));
}

BOOST_AUTO_TEST_CASE(quoted_and_tagged_scalars_keep_their_type) {
  BOOST_TEST(yaml("[ \"5\", 'true', \"null\", '', !!str 5, !!int 5, !!float 5, \"~\" ]") ==
             (json::value{"5", "true", "null", "", "5", 5, 5.0, "~"}));
  BOOST_TEST(yaml("a: |\n  5\n  6\n") == (json::value{{"a", "5\n6\n"}}));
  refused("a: !!int x", {"f.yaml:1", "does not fit its tag"});
  refused("a: !secret x", {"tag !secret is unknown"});
}

BOOST_AUTO_TEST_CASE(json_is_read_as_the_same_tree) {
  std::string_view text = R"({"a":1,"b":[true,null,"x\/y\u00e9 \ud83d\ude00 \\ud83d"],
	"c":{"d":"1.0","e":1.5e3}, "f":[], "g":{}})";
  BOOST_TEST(yaml(text) == json::parse(text));
}

BOOST_AUTO_TEST_CASE(lines_are_known) {
  auto root = parse_yaml("a: 1\n\nb:\n  c: [ 1,\n    2 ]\n", "f").value();
  BOOST_TEST(root.members[0].line == 1);
  BOOST_TEST(root.members[1].line == 3);
  BOOST_TEST(root.find("b")->find("c")->items[1].line == 5);
  BOOST_TEST(!root.find("nothing"));
}

BOOST_AUTO_TEST_CASE(references_may_stand_unquoted_in_braces) {
  BOOST_TEST(
      yaml("{ a: ${env:X}, b: [ \"${env:Y}\", pre${file:/run/a-b}post ], c: '${env:Z}' }") ==
      (json::value{{"a", "${env:X}"}, {"b", {"${env:Y}", "pre${file:/run/a-b}post"}}, {"c", "${env:Z}"}}));
  BOOST_TEST(yaml("a: ${env:X}/b # ${env:Y\n") == (json::value{{"a", "${env:X}/b"}}));
  // The characters that stand in for the braces are not mistaken for those of the file.
  BOOST_TEST(yaml("a: \"\\U0010FF00 \xF4\x8F\xBC\x81 ${env:X}\"") ==
             (json::value{{"a", "\xF4\x8F\xBC\x80 \xF4\x8F\xBC\x81 ${env:X}"}}));
}

BOOST_AUTO_TEST_CASE(aliases_are_copies) {
  BOOST_TEST(yaml("a: &x { n: 1 }\nb: *x\nc: [ *x ]\n") ==
             (json::value{{"a", {{"n", 1}}}, {"b", {{"n", 1}}}, {"c", json::array{json::object{{"n", 1}}}}}));
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_null) {
  for (std::string_view text : {"", "\n", "# nothing\n", "---\n"})
    BOOST_TEST(parse_yaml(text, "f").value().is_null(), "text: " << text);
}

BOOST_AUTO_TEST_CASE(broken_yaml_is_refused_with_its_line) {
  refused("a: 1\nb: [ 1, 2\nc: 3\n", {"f.yaml:"});
  refused("a: 1\n b: 2\n", {"f.yaml:2"});
  refused("a: 1\nb: [ 1, 2\n", {"f.yaml:"});
  refused("a: 1\nb: 2\na: 3\n", {"f.yaml:3", "\"a\"", "twice"});
  refused("a: { \"x\": 1, x: 2 }", {"\"x\"", "twice"});
  refused("a: 1\n---\nb: 2\n", {"second document"});
  refused("? [ 1 ]\n: 2\n", {"key must be a text"});
  refused("a: &x { n: 1 }\nb: { <<: *x }\n", {"f.yaml:2", "merge keys"});
  refused("a: *nothing\n", {"f.yaml:1"});
  refused("a: &x [ *x ]\n", {"f.yaml:1", "alias"});
  refused("a: 1\nb: \xff\n", {"f.yaml:2", "UTF-8"});
  refused(std::string_view("a: 1\0", 5), {"UTF-8"});
}

BOOST_AUTO_TEST_CASE(a_quote_left_open_does_not_swallow_the_rest) {
  for (std::string_view text :
       {"a: \"open", "a: \"open\n", "a: 'open\nb: 2\n", "a: \"open\n\n", "{\"a\": \"open\n"})
    refused(text, {"f.yaml:", "never closed"});
}

BOOST_AUTO_TEST_CASE(the_end_of_a_file_is_read_as_written) {
  BOOST_TEST(yaml("a: |\n  x\n\n\n") == (json::value{{"a", "x\n"}}));
  BOOST_TEST(yaml("a: |+\n  x\n\n\n") == (json::value{{"a", "x\n\n\n"}}));
  BOOST_TEST(yaml("a: 1\n...\n") == (json::value{{"a", 1}}));
  BOOST_TEST(yaml("---\na:\n") == (json::value{{"a", nullptr}}));
  BOOST_TEST(yaml("a: [ 1,\n 2 ]\n# end\n") == (json::value{{"a", {1, 2}}}));
}

BOOST_AUTO_TEST_CASE(an_alias_bomb_is_refused) {
  std::string nodes = "a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n";
  std::string text = "a0: &a0 " + std::string(100'000, 'x') + "\n";
  for (int i = 1; i < 12; ++i) {
    std::string last = "*a" + std::to_string(i - 1), list;
    for (int n = 0; n < 10; ++n) list += (n ? ", " : "") + last;
    std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [ " + list + " ]\n";
    nodes += line;
    text += line;
  }
  refused(nodes, {"too large once its aliases are expanded"});
  refused(text, {"too large once its aliases are expanded"});
}

BOOST_AUTO_TEST_CASE(depth_is_bounded_with_and_without_aliases) {
  BOOST_TEST(parse_yaml(std::string(63, '[') + std::string(63, ']'), "f").has_value());
  refused(std::string(65, '[') + std::string(65, ']'), {"nested too deeply"});
  refused(std::string(100'000, '['), {"f.yaml:1"});
  refused("a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(40, '[') + "*a" +
              std::string(40, ']') + "\n",
          {"f.yaml:2", "nested too deeply"});
}

BOOST_AUTO_TEST_SUITE_END()
