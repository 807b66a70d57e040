#include "host/config/schema_check.hpp"

#include <boost/json.hpp>
#include <thread>

#include "expect_error.hpp"

using namespace sluice;
using namespace sluice::host;
using test::expect_error;
namespace json = boost::json;

namespace {

const char* const schema_text = R"({
  "type": "object",
  "additionalProperties": false,
  "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "ratio": {"type": "number", "exclusiveMinimum": 0.5},
    "validate": {"enum": ["full", "none"]},
    "table": {"type": "string", "pattern": "^[a-z_]+$"},
    "columns": {"type": "array", "items": {"$ref": "#/definitions/column"}, "minItems": 1},
    "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "layout": {"const": "document"}
  },
  "definitions": {
    "column": {"type": "object", "additionalProperties": false, "required": ["name"],
               "properties": {"name": {"type": "string"}, "type": {"enum": ["utf8", "int64"]},
                              "columns": {"type": "array", "items": {"$ref": "#/definitions/column"}}}}
  }
})";

ConfigSchema compiled(std::string_view text = schema_text) {
  return ConfigSchema::compile(json::parse(json::string_view(text.data(), text.size())), "file.test").value();
}

std::vector<Error> problems(std::string_view config, std::string_view schema = schema_text) {
  return compiled(schema).check(json::parse(json::string_view(config.data(), config.size())).as_object());
}

void one_problem(std::string_view config, const std::vector<std::string_view>& said,
                 std::string_view schema = schema_text) {
  auto found = problems(config, schema);
  for (const Error& error : found) BOOST_TEST_INFO(error.message());
  BOOST_TEST_REQUIRE(found.size() == 1u, "problems: " << found.size() << " of " << config);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID", said);
}

void unusable(std::string_view schema, std::string_view reason) {
  auto result =
      ConfigSchema::compile(json::parse(json::string_view(schema.data(), schema.size())), "file.test");
  expect_error(result, ErrorClass::config, "E_SCHEMA_INVALID", {"file.test", reason});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_check)

BOOST_AUTO_TEST_CASE(a_valid_configuration_has_no_problems) {
  BOOST_TEST(
      problems(R"({"path": "x", "port": 80, "ratio": 1, "validate": "none", "table": "a_b", "either": 5,
      "layout": "document", "columns": [{"name": "a", "type": "utf8", "columns": [{"name": "b"}]}]})")
          .empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_as_json_schema_means_them) {
  BOOST_TEST(problems(R"({"path": "x", "port": 80.0})").empty());
  json::object config{{"path", "x"}, {"port", std::uint64_t{80}}};
  BOOST_TEST(compiled().check(config).empty());
  one_problem(R"({"path": "x", "port": 80.5})", {"/port", "expected integer, got number"});
}

BOOST_AUTO_TEST_CASE(each_problem_is_told_in_plain_words_at_its_place) {
  one_problem(R"({})", {"required property \"path\" is missing"});
  one_problem(R"({"path": 5})", {"/path", "expected string, got integer"});
  one_problem(R"({"path": ""})", {"/path", "characters or more: 1"});
  one_problem(R"({"path": "x", "port": 0})", {"/port", "must be at least 1"});
  one_problem(R"({"path": "x", "port": 65536})", {"/port", "must be at most 65535"});
  one_problem(R"({"path": "x", "ratio": 0.5})", {"/ratio", "must be more than 0.5"});
  one_problem(R"({"path": "x", "validate": "ful"})",
              {"/validate", "must be one of \"full\" or \"none\"", "did you mean \"full\"?"});
  one_problem(R"({"path": "x", "table": "A B"})", {"/table", "does not match the pattern ^[a-z_]+$"});
  one_problem(R"({"path": "x", "columns": []})", {"/columns", "items or more: 1"});
  one_problem(R"({"path": "x", "columns": [{"name": "a"}, {"name": 5}]})",
              {"/columns/1/name", "expected string"});
  one_problem(R"({"path": "x", "layout": "table"})", {"/layout", "must be \"document\""});
}

BOOST_AUTO_TEST_CASE(unknown_properties_name_the_nearest) {
  one_problem(R"({"path": "x", "prot": 5})", {"/prot", "\"prot\" is unknown", "did you mean \"port\"?"});
  one_problem(R"({"path": "x", "columns": [{"name": "a", "tpye": "utf8"}]})",
              {"/columns/0/tpye", "did you mean \"type\"?"});
  one_problem(R"({"path": "x", "zebra": 5})", {"/zebra", "known properties: path, port"});
  BOOST_TEST(problems(R"({"path": "x", "a": 1, "b": 2, "c": 3})").size() == 3u);
}

BOOST_AUTO_TEST_CASE(alternatives_are_told_once) {
  auto found = problems(R"({"path": "x", "either": true})");
  BOOST_TEST_REQUIRE(found.size() == 1u);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID",
               {"/either", "expected string or integer, got boolean"});
}

BOOST_AUTO_TEST_CASE(a_value_that_is_right_in_one_alternative_is_not_blamed) {
  std::string_view schema = R"({"properties": {"auth": {"oneOf": [
      {"properties": {"kind": {"const": "token"}, "token": {"type": "string"}}, "required": ["kind", "token"]},
      {"properties": {"kind": {"const": "basic"}, "user": {"type": "string"}}, "required": ["kind", "user"]}]}}})";
  auto found = problems(R"({"auth": {"kind": "basic"}})", schema);
  BOOST_TEST_REQUIRE(found.size() == 2u);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID", {"/auth: ", "\"token\" is missing"});
  expect_error(found[1], ErrorClass::config, "E_CONFIG_INVALID", {"/auth: ", "\"user\" is missing"});
  one_problem(R"({"a": 1, "b": 2})", {"together with the values beside it"},
              R"({"oneOf": [{"properties": {"a": {"const": 1}, "b": {"const": 1}}},
                            {"properties": {"a": {"const": 2}, "b": {"const": 2}}}]})");
}

BOOST_AUTO_TEST_CASE(rules_without_words_of_their_own_still_give_a_problem) {
  one_problem(R"({"a": 1})", {"/a", "form that the schema does not allow"},
              R"({"properties": {"a": false}})");
  one_problem(R"({"a": 1})", {"does not fit the schema"}, R"({"propertyNames": {"pattern": "^b"}})");
  one_problem(R"({"a": 1})", {"excludes"}, R"({"not": {"required": ["a"]}})");
  one_problem(R"({"a": 1})", {"fits more than one"},
              R"({"oneOf": [{"required": ["a"]}, {"type": "object"}]})");
  one_problem(R"({"a": 1})", {"\"b\" is needed as well"}, R"({"dependencies": {"a": ["b"]}})");
  one_problem(R"({"a": [1, 1]})", {"/a", "twice"}, R"({"properties": {"a": {"uniqueItems": true}}})");
}

BOOST_AUTO_TEST_CASE(at_most_eight_problems_are_told) {
  json::object config{{"path", "x"}};
  for (int i = 0; i < 50; ++i) config["wrong" + std::to_string(i)] = i;
  BOOST_TEST(compiled().check(config).size() == 8u);
}

BOOST_AUTO_TEST_CASE(no_problem_shows_a_value) {
  for (std::string_view config :
       {R"({"path": ["hunter22"]})", R"({"path": "x", "validate": "hunter22"})",
        R"({"path": "x", "table": "hunter22"})", R"({"path": "x", "port": "hunter22"})",
        R"({"path": "x", "layout": "hunter22"})"})
    for (const Error& error : problems(config))
      BOOST_TEST((error.message() + error.where() + error.hint()).find("hunter22") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(pointers_are_escaped) {
  one_problem(R"({"a/b": {"c~d": 5}})", {"/a~1b/c~0d", "expected string"},
              R"({"properties": {"a/b": {"properties": {"c~d": {"type": "string"}}}}})");
}

BOOST_AUTO_TEST_CASE(values_that_would_break_the_validator_are_refused) {
  json::object config{{"path", "x"}, {"table", std::string(100'000, 'a')}};
  auto found = compiled().check(config);
  BOOST_TEST_REQUIRE(found.size() == 1u);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID", {"/table", "longer than 2048"});

  found = compiled().check({{"path", std::string_view("a\0b", 3)}});
  BOOST_TEST_REQUIRE(found.size() == 1u);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID", {"/path", "zero byte"});

  json::value deep = 1;
  for (int i = 0; i < 1000; ++i) deep = json::array{deep};
  found = compiled().check({{"path", "x"}, {"either", deep}});
  BOOST_TEST_REQUIRE(found.size() == 1u);
  expect_error(found[0], ErrorClass::config, "E_CONFIG_INVALID", {"nested deeper"});

  BOOST_TEST(compiled().check({{"path", std::string(100'000, 'a')}}).empty());
}

BOOST_AUTO_TEST_CASE(an_unusable_schema_is_the_plugins_fault) {
  unusable("[]", "not an object");
  unusable("true", "not an object");
  unusable(R"({"type": "strin"})", "unusable");
  unusable(R"({"properties": 5})", "unusable");
  unusable(R"({"properties": {"a": {"pattern": "("}}})", "no regular expression");
  unusable(R"({"patternProperties": {"[": {}}})", "no regular expression");
  unusable(R"({"properties": {"a": {"$ref": "#/definitions/none"}}})", "leads to no schema");
  unusable(R"({"properties": {"a": {"$ref": "https://example.org/schema.json"}}})", "leads to no schema");
}

BOOST_AUTO_TEST_CASE(a_schema_that_would_never_end_is_refused) {
  unusable(R"({"$ref": "#"})", "endless");
  unusable(R"({"allOf": [{"$ref": "#"}]})", "endless");
  unusable(R"({"not": {"anyOf": [{"$ref": "#"}]}})", "endless");
  unusable(R"({"properties": {"x": {"$ref": "#/definitions/a"}},
               "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}})",
           "endless");
  json::object definitions;
  for (int i = 0; i < 40; ++i) {
    json::value next{{"$ref", "#/definitions/d" + std::to_string(i + 1)}};
    definitions["d" + std::to_string(i)] = json::object{{"allOf", json::array{next, next}}};
  }
  definitions["d40"] = json::object{{"type", "object"}};
  json::value doubling{{"properties", {{"x", {{"$ref", "#/definitions/d0"}}}}}, {"definitions", definitions}};
  expect_error(ConfigSchema::compile(doubling, "p"), ErrorClass::config, "E_SCHEMA_INVALID", {"enormous"});
  json::value deep = json::object{};
  for (int i = 0; i < 200; ++i) deep = json::object{{"not", deep}};
  expect_error(ConfigSchema::compile(deep, "p"), ErrorClass::config, "E_SCHEMA_INVALID", {"nested deeper"});
}

BOOST_AUTO_TEST_CASE(a_schema_that_contains_itself_below_is_fine) {
  auto schema = compiled(R"({"properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}})");
  BOOST_TEST(schema.check(json::parse(R"({"next": {"next": {"n": 1}}})").as_object()).empty());
  auto found = schema.check(json::parse(R"({"next": {"next": {"n": "x"}}})").as_object());
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].where() == "/next/next/n");
}

BOOST_AUTO_TEST_CASE(threads_may_share_a_schema) {
  auto schema = compiled();
  auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      auto found = schema.check({{"path", "x"}, {"table", "A"}});
      if (found.size() != 1) throw std::logic_error("wrong answer");
    }
  };
  std::thread other(work);
  work();
  other.join();
}

BOOST_AUTO_TEST_SUITE_END()
