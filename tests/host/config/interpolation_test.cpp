#include "host/config/interpolation.hpp"

#include <sys/stat.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "expect_error.hpp"
#include "scratch_folder.hpp"

using namespace sluice;
using namespace sluice::host;
using test::expect_error;
namespace json = boost::json;

namespace {

struct Variable {
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  const char* name_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(interpolation)

BOOST_AUTO_TEST_CASE(references_are_replaced_in_values_only) {
  Variable password("SLUICE_TEST_PASSWORD", "hunter22");
  json::value config{
      {"${env:SLUICE_TEST_PASSWORD}", "a ${env:SLUICE_TEST_PASSWORD} b ${env:SLUICE_TEST_PASSWORD}"},
      {"list", {1, true, nullptr, {{"deep", "${env:SLUICE_TEST_PASSWORD}"}}}}};
  auto resolved = resolve_references(config, "").value();
  json::value expected{{"${env:SLUICE_TEST_PASSWORD}", "a hunter22 b hunter22"},
                       {"list", {1, true, nullptr, {{"deep", "hunter22"}}}}};
  BOOST_TEST(resolved.value == expected);
  BOOST_TEST(resolved.secrets == std::vector<std::string>(3, "hunter22"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_gives_its_content_without_one_newline) {
  test::ScratchFolder folder;
  folder.write("token", "s3cret\n\n");
  folder.write("windows", "s3cret\r\n");
  folder.write("bare", "s3cret\r");
  json::value config{"${file:token}", "${file:windows}", "${file:bare}",
                     "${file:" + (folder.path() / "token").string() + "}"};
  auto resolved = resolve_references(config, folder.path()).value();
  BOOST_TEST(resolved.value == (json::value{"s3cret\n", "s3cret", "s3cret\r", "s3cret\n"}));
  BOOST_TEST(resolved.secrets.size() == 4u);
}

BOOST_AUTO_TEST_CASE(what_a_secret_holds_is_not_resolved_again) {
  Variable outer("SLUICE_TEST_OUTER", "${env:HOME}");
  auto resolved = resolve_references(json::value("${env:SLUICE_TEST_OUTER}"), "").value();
  BOOST_TEST(resolved.value == json::value("${env:HOME}"));
}

BOOST_AUTO_TEST_CASE(other_dollar_texts_stay) {
  for (std::string text : {"$5", "${HOME}", "${date:yyyy}", "${}", "${", "$$", "a ${ENV:X}"})
    BOOST_TEST(resolve_references(json::value(text), "").value().value == json::value(text), text);
  BOOST_TEST(resolve_references(json::value("$${env:X} and $${file:Y}"), "").value().value ==
             json::value("${env:X} and ${file:Y}"));
}

BOOST_AUTO_TEST_CASE(a_missing_secret_is_named_with_its_place) {
  test::ScratchFolder folder;
  expect_error(resolve_references(json::value{{"a/b", {{"password", "${env:SLUICE_TEST_ABSENT}"}}}}, ""),
               ErrorClass::config, "E_SECRET_MISSING",
               {"${env:SLUICE_TEST_ABSENT}", "not set", "/a~1b/password"});
  expect_error(resolve_references(json::value{"${file:nowhere}"}, folder.path()), ErrorClass::config,
               "E_SECRET_MISSING", {"${file:nowhere}", "/0", (folder.path() / "nowhere").string()});
  expect_error(resolve_references(json::value{"${file:.}"}, folder.path()), ErrorClass::config,
               "E_SECRET_MISSING", {"not a regular file"});
  BOOST_TEST_REQUIRE(mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  expect_error(resolve_references(json::value{"${file:pipe}"}, folder.path()), ErrorClass::config,
               "E_SECRET_MISSING", {"not a regular file"});
}

BOOST_AUTO_TEST_CASE(an_unusable_secret_is_refused_without_its_content) {
  test::ScratchFolder folder;
  folder.write("fits", std::string(1u << 20, 'x'));
  folder.write("large", std::string((1u << 20) + 1, 'x'));
  folder.write("binary", "topsecret\xff");
  BOOST_TEST(resolve_references(json::value("${file:fits}"), folder.path()).has_value());
  expect_error(resolve_references(json::value("${file:large}"), folder.path()), ErrorClass::config,
               "E_SECRET_INVALID", {"larger than 1 MiB"});
  auto binary = resolve_references(json::value("${file:binary}"), folder.path());
  expect_error(binary, ErrorClass::config, "E_SECRET_INVALID", {"not UTF-8"});
  BOOST_TEST(binary.error().message().find("topsecret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_broken_reference_is_an_error) {
  expect_error(resolve_references(json::value("${env:OPEN"), ""), ErrorClass::config, "E_CONFIG_INVALID",
               {"closing brace"});
  expect_error(resolve_references(json::value("${env:}"), ""), ErrorClass::config, "E_CONFIG_INVALID",
               {"names nothing"});
  expect_error(resolve_references(json::value("${evn:X}"), ""), ErrorClass::config, "E_CONFIG_INVALID",
               {"did you mean \"env\"?"});
}

BOOST_AUTO_TEST_CASE(only_a_whole_reference_is_a_reference) {
  BOOST_TEST(is_reference("${env:X}"));
  BOOST_TEST(is_reference("${file:/run/x}"));
  BOOST_TEST(!is_reference("${env:X} "));
  BOOST_TEST(!is_reference("pass${env:X}"));
  BOOST_TEST(!is_reference("${env:X}${env:Y}"));
  BOOST_TEST(!is_reference("${other:X}"));
}

BOOST_AUTO_TEST_CASE(secrets_are_scrubbed_from_texts) {
  Scrubber scrubber({"hunter22", "abc", "hunter22extra", "22ext-overlap"});
  BOOST_TEST(scrubber.scrub("user:hunter22@host, hunter22!") == "user:***@host, ***!");
  BOOST_TEST(scrubber.scrub("abc stays") == "abc stays");
  BOOST_TEST(scrubber.scrub("hunter22extra") == "***");
  BOOST_TEST(scrubber.scrub("hunter22ext-overlap") == "***");
  BOOST_TEST(scrubber.scrub("") == "");
  BOOST_TEST(Scrubber().scrub("anything") == "anything");
  BOOST_TEST(Scrubber({"aaaa"}).scrub("xaaaaaay") == "x***y");
}

BOOST_AUTO_TEST_CASE(secrets_are_scrubbed_as_json_shows_them) {
  Scrubber scrubber({"line1\n\"line2\""});
  BOOST_TEST(scrubber.scrub(R"({"p":"line1\n\"line2\""})") == R"({"p":"***"})");
}

BOOST_AUTO_TEST_CASE(secrets_are_scrubbed_from_errors_and_json) {
  Scrubber scrubber({"hunter22"});
  Error error =
      scrubber.scrub(Error(ErrorClass::transient, "E_X", "bad hunter22", "at hunter22", "try hunter22"));
  BOOST_TEST((error.error_class() == ErrorClass::transient));
  BOOST_TEST(error.code() == "E_X");
  BOOST_TEST(error.message() == "bad ***");
  BOOST_TEST(error.where() == "at ***");
  BOOST_TEST(error.hint() == "try ***");
  BOOST_TEST(scrubber.scrub_json(json::value{{"hunter22", {1, "a hunter22"}}}) ==
             (json::value{{"***", {1, "a ***"}}}));
}

BOOST_AUTO_TEST_SUITE_END()
