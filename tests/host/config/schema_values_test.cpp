#include "host/config/schema_values.hpp"

#include <boost/json.hpp>

#include "expect_error.hpp"
#include "host/config/schema_check.hpp"

using namespace sluice;
using namespace sluice::host;
namespace json = boost::json;

namespace {

const json::value schema = json::parse(R"({
  "type": "object",
  "properties": {
    "port": {"type": "integer", "default": 5432},
    "ratio": {"type": "number"},
    "tls": {"type": "boolean", "default": true},
    "tables": {"type": "array", "items": {"type": "integer"}},
    "options": {"type": "object", "properties": {"depth": {"type": "integer", "default": 3}}},
    "name": {"type": "string"},
    "label": {"type": ["string", "integer"]},
    "limit": {"type": ["integer", "null"]},
    "password": {"type": "string", "x-secret": true},
    "auth": {"oneOf": [
      {"properties": {"token": {"type": "string", "airbyte_secret": true}}},
      {"properties": {"user": {"type": "string"}, "key": {"$ref": "#/definitions/key"}}}]},
    "replicas": {"type": "array", "items": {"properties": {"pass/word": {"writeOnly": true}, "port": {"type": "integer"}}}},
    "headers": {"type": "object", "additionalProperties": {"type": "string", "x-secret": true}},
    "child": {"$ref": "#"}
  },
  "definitions": {"key": {"type": "object", "x-secret": true}}
})");

json::value coerced(const char* config) {
  return coerce(schema, json::parse(config).as_object());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_values)

BOOST_AUTO_TEST_CASE(texts_become_the_declared_type) {
  BOOST_TEST(
      coerced(
          R"({"port": "80", "ratio": "1.5", "tls": "True", "tables": "1, 2,3", "options": "{\"depth\": \"7\"}",
                         "child": {"port": "+5"}, "replicas": [{"port": "1"}]})") ==
      json::parse(R"({"port": 80, "ratio": 1.5, "tls": true, "tables": [1, 2, 3], "options": {"depth": 7},
                         "child": {"port": 5}, "replicas": [{"port": 1}]})"));
  BOOST_TEST(coerced(R"({"tables": "[4, 5]", "tls": "false"})") ==
             json::parse(R"({"tables": [4, 5], "tls": false})"));
  BOOST_TEST(coerced(R"({"tables": ""})") == json::parse(R"({"tables": []})"));
  BOOST_TEST(coerced(R"({"port": 80.0})") == json::parse(R"({"port": 80})"));
  BOOST_TEST(coerced(R"({"limit": "null"})") == json::parse(R"({"limit": null})"));
}

BOOST_AUTO_TEST_CASE(texts_stay_where_texts_are_taken_or_nothing_fits) {
  for (const char* same :
       {R"({"name": "80"})", R"({"label": "80"})", R"({"port": "eighty"})", R"({"port": "8.5"})",
        R"({"tls": "yes"})", R"({"options": "{broken"})", R"({"tables": "[broken"})", R"({"ratio": "inf"})",
        R"({"unknown": "5"})", R"({"port": ""})"})
    BOOST_TEST(coerced(same) == json::parse(same), same);
}

BOOST_AUTO_TEST_CASE(null_means_absent_where_the_schema_takes_none) {
  BOOST_TEST(coerced(R"({"port": null, "limit": null, "unknown": null, "options": {"depth": null}})") ==
             json::parse(R"({"limit": null, "unknown": null, "options": {}})"));
}

BOOST_AUTO_TEST_CASE(defaults_fill_what_is_absent) {
  auto filled = [](const char* config) {
    return json::value(apply_defaults(schema, json::parse(config).as_object()));
  };
  BOOST_TEST(filled("{}") == json::parse(R"({"port": 5432, "tls": true})"));
  BOOST_TEST(filled(R"({"port": 1, "tls": false, "options": {}})") ==
             json::parse(R"({"port": 1, "tls": false, "options": {"depth": 3}})"));
}

BOOST_AUTO_TEST_CASE(secret_properties_are_found_at_any_depth) {
  const std::vector<std::string> expected{"/auth/key", "/auth/token", "/headers/*", "/password",
                                          "/replicas/*/pass~1word"};
  BOOST_TEST(secret_paths(schema) == expected, boost::test_tools::per_element());
  BOOST_TEST(secret_paths(json::parse("{}")).empty());
}

BOOST_AUTO_TEST_CASE(listings_are_masked) {
  auto masked =
      mask(schema, json::parse(R"({"port": 1, "password": "hunter22", "auth": {"user": "u", "key": {"a": 1}},
      "replicas": [{"pass/word": "x", "port": 2}], "headers": {"x": "y"}, "child": {"password": "deep"}})")
                       .as_object());
  BOOST_TEST(json::value(masked) ==
             json::parse(R"({"port": 1, "password": "***", "auth": {"user": "u", "key": "***"},
      "replicas": [{"pass/word": "***", "port": 2}], "headers": {"x": "***"}, "child": {"password": "***"}})"));
}

BOOST_AUTO_TEST_CASE(a_reference_in_a_secret_place_may_be_listed) {
  auto masked = mask(schema, {{"password", "${env:DB_PASSWORD}"}, {"headers", {{"a", "Bearer ${env:T}"}}}});
  BOOST_TEST(json::value(masked) ==
             (json::value{{"password", "${env:DB_PASSWORD}"}, {"headers", {{"a", "***"}}}}));
}

BOOST_AUTO_TEST_CASE(the_schema_of_these_tests_compiles) {
  auto compiled = ConfigSchema::compile(schema, "t");
  BOOST_TEST_REQUIRE(compiled.has_value());
  BOOST_TEST(
      compiled->check(apply_defaults(schema, coerce(schema, {{"port", "1"}, {"tables", "1,2"}}))).empty());
}

BOOST_AUTO_TEST_SUITE_END()
