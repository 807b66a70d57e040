#include "host/config/config_file.hpp"

#include <boost/json.hpp>

#include "expect_error.hpp"
#include "scratch_folder.hpp"

using namespace sluice;
using namespace sluice::host;
using test::expect_error;
namespace json = boost::json;

namespace {

const char* const example = R"(version: 1
plugins: { path: [ /usr/lib/sluice/plugins ], allow: [] }      # allow: sha256 digests; empty means any
staging: { mmap: { dir: /var/lib/sluice/staging }, memory: { maxBytes: 1GiB } }
endpoints:
  events: { template: file.ndjson, config: { path: ./events/*.ndjson } }
  lake:   { template: sqlite, config: { path: ./lake.db, password: ${env:LAKE_PASSWORD} } }
)";

void refused(std::string_view text, const std::vector<std::string_view>& said) {
  expect_error(parse_config(text, "conf/s.yaml"), ErrorClass::config, "E_CONFIG_INVALID", said);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_file)

BOOST_AUTO_TEST_CASE(the_documented_example_is_read) {
  auto config = parse_config(example, "/srv/sluice.yaml").value();
  BOOST_TEST(config.path == "/srv/sluice.yaml");
  BOOST_TEST(config.base_dir == "/srv");
  BOOST_TEST(config.plugin_paths == std::vector<std::string>{"/usr/lib/sluice/plugins"},
             boost::test_tools::per_element());
  BOOST_TEST(config.plugin_digests.empty());
  BOOST_TEST(json::value(config.staging) == (json::value{{"mmap", {{"dir", "/var/lib/sluice/staging"}}},
                                                         {"memory", {{"maxBytes", "1GiB"}}}}));
  BOOST_TEST_REQUIRE(config.endpoints.size() == 2u);
  const auto& lake = config.endpoints.at("lake");
  BOOST_TEST(lake.template_id == "sqlite");
  BOOST_TEST(json::value(lake.config) ==
             (json::value{{"path", "./lake.db"}, {"password", "${env:LAKE_PASSWORD}"}}));
  BOOST_TEST(lake.file == "/srv/sluice.yaml");
  BOOST_TEST(lake.line == 6);
}

BOOST_AUTO_TEST_CASE(the_least_file_is_a_version) {
  auto config = parse_config("version: 1\nplugins:\nstaging:\nendpoints:\n", "s.yaml").value();
  BOOST_TEST(config.endpoints.empty());
  BOOST_TEST(config.base_dir == std::filesystem::current_path());
}

BOOST_AUTO_TEST_CASE(an_endpoint_needs_no_config) {
  auto config = parse_config("version: 1\nendpoints: { sink: { template: 'null' } }\n", "s.yaml").value();
  BOOST_TEST(config.endpoints.at("sink").template_id == "null");
  BOOST_TEST(config.endpoints.at("sink").config.empty());
}

BOOST_AUTO_TEST_CASE(the_version_must_be_written) {
  refused("", {"conf/s.yaml:1", "version", "write `version: 1`"});
  refused("endpoints: {}\n", {"conf/s.yaml:1", "\"version\" is missing", "write `version: 1`"});
  refused("version: 2\n", {"only version 1"});
  refused("version: \"1\"\n", {"only version 1", "write `version: 1`"});
  refused("version: [ 1 ]\n", {"only version 1"});
}

BOOST_AUTO_TEST_CASE(unknown_keys_are_refused_everywhere_but_in_an_endpoint_config) {
  refused("version: 1\nendpoint: {}\n", {"conf/s.yaml:2", "\"endpoint\"", "did you mean \"endpoints\"?"});
  refused("version: 1\nplugins:\n  paths: []\n", {"conf/s.yaml:3", "plugins", "did you mean \"path\"?"});
  refused("version: 1\nstaging: { memroy: {} }\n", {"staging", "did you mean \"memory\"?"});
  refused("version: 1\nstaging: { memory: { maxByte: 1GiB } }\n", {"did you mean \"maxBytes\"?"});
  refused("version: 1\nendpoints:\n  a:\n    template: x\n    confg: {}\n",
          {"conf/s.yaml:5", "endpoints.a", "did you mean \"config\"?"});
  refused("version: 1\nzebra: 1\n", {"known keys: version, plugins, staging, endpoints"});
  BOOST_TEST(
      parse_config("version: 1\nendpoints: { a: { template: x, config: { any: 1 } } }\n", "s").has_value());
  refused("version: 1\nstaging: { mmap: { dirs: x } }\n", {"staging.mmap", "did you mean \"dir\"?"});
  refused("version: 1\nstaging: { mmap: { zebra: x } }\n", {"known keys: dir, minFree"});
}

BOOST_AUTO_TEST_CASE(wrong_types_are_refused) {
  refused("[ version, 1 ]\n", {"the file", "expected an object", "list"});
  refused("version: 1\nplugins: []\n", {"plugins: expected an object"});
  refused("version: 1\nplugins: { path: /x }\n", {"plugins.path: expected a list"});
  refused("version: 1\nplugins: { path: [ /x, 5 ] }\n", {"plugins.path[1]: expected a text", "number"});
  refused("version: 1\nstaging: { mmap: x }\n", {"staging.mmap: expected an object"});
  refused("version: 1\nstaging: { mmap: { dir: 5 } }\n", {"staging.mmap.dir: expected a text"});
  refused("version: 1\nendpoints: [ a ]\n", {"endpoints: expected an object"});
  refused("version: 1\nendpoints: { a: file.csv }\n", {"endpoints.a: expected an object", "text"});
  refused("version: 1\nendpoints: { a: { template: 5 } }\n", {"endpoints.a.template: expected a text"});
  refused("version: 1\nendpoints: { a: { template: x, config: [] } }\n",
          {"endpoints.a.config: expected an object"});
  refused("version: 1\nendpoints:\n  a: { config: {} }\n", {"conf/s.yaml:3", "\"template\" is missing"});
  refused("version: 1\nendpoints: { '': { template: x } }\n", {"1 to 256 bytes"});
}

BOOST_AUTO_TEST_CASE(what_mmap_leaves_free_is_a_size) {
  refused("version: 1\nstaging:\n  mmap:\n    minFree: some\n", {"conf/s.yaml:4", "minFree", "64MiB"});
  BOOST_TEST(parse_config("version: 1\nstaging: { mmap: { dir: x, minFree: 1GiB } }\n", "s").has_value());
  BOOST_TEST(parse_config("version: 1\nstaging: { mmap: { minFree: 0 } }\n", "s").has_value());
}

BOOST_AUTO_TEST_CASE(the_memory_limit_is_a_size) {
  refused("version: 1\nstaging:\n  memory:\n    maxBytes: lots\n", {"conf/s.yaml:4", "maxBytes", "64MiB"});
  refused("version: 1\nstaging: { memory: { maxBytes: 1024 } }\n", {"maxBytes", "unit is missing"});
  refused("version: 1\nstaging: { memory: { maxBytes: 0 } }\n", {"more than 0"});
}

BOOST_AUTO_TEST_CASE(the_folder_of_scans_is_a_text) {
  BOOST_TEST(parse_config("version: 1\nplugins: { cache: ./cache }\n", "s").value().plugin_cache ==
             "./cache");
  BOOST_TEST(parse_config("version: 1\n", "s").value().plugin_cache == "");
  refused("version: 1\nplugins: { cache: [ a ] }\n", {"plugins.cache", "a text"});
  refused("version: 1\nplugins: { cahce: a }\n", {"cahce", "\"cache\""});
}

BOOST_AUTO_TEST_CASE(allowed_plugins_are_digests) {
  std::string digest(64, 'A');
  auto config = parse_config("version: 1\nplugins: { allow: [ \"sha256:" + digest + "\" ] }\n", "s").value();
  BOOST_TEST(config.plugin_digests == std::vector<std::string>{std::string(64, 'a')},
             boost::test_tools::per_element());
  refused("version: 1\nplugins: { allow: [ abc ] }\n", {"\"abc\" is no sha256 digest", "sha256sum"});
  refused("version: 1\nplugins: { allow: [ " + std::string(64, 'g') + " ] }\n", {"no sha256 digest"});
}

BOOST_AUTO_TEST_CASE(broken_yaml_names_file_and_line) {
  expect_error(parse_config("version: 1\nendpoints: [\n", "s.yaml"), ErrorClass::config, "E_CONFIG_SYNTAX",
               {"s.yaml:"});
  expect_error(parse_config("version: 1\nversion: 1\n", "s.yaml"), ErrorClass::config, "E_CONFIG_SYNTAX",
               {"s.yaml:2", "twice"});
}

BOOST_AUTO_TEST_CASE(the_flag_comes_before_the_environment_and_both_before_the_defaults) {
  test::ScratchFolder folder;
  auto flag = folder.write("flag.yaml", "version: 1\n"),
       environment = folder.write("env.yaml", "version: 1\n"),
       first = folder.write("first.yaml", "version: 1\n"), absent = folder.path() / "absent.yaml";
  BOOST_TEST(load_config({flag, environment, {first}}).value().path == flag);
  BOOST_TEST(load_config({{}, environment, {first}}).value().path == environment);
  BOOST_TEST(load_config({{}, {}, {absent, first}}).value().path == first);
  BOOST_TEST(load_config({{}, {}, {absent}}).value().path.empty());
  BOOST_TEST(load_config({flag, environment, {}}).value().base_dir == folder.path());
}

BOOST_AUTO_TEST_CASE(a_file_asked_for_by_name_must_exist) {
  test::ScratchFolder folder;
  auto absent = folder.path() / "absent.yaml", there = folder.write("there.yaml", "version: 1\n");
  expect_error(load_config({absent, there, {there}}), ErrorClass::system, "E_CONFIG_MISSING",
               {absent.string(), "--config"});
  expect_error(load_config({{}, absent, {there}}), ErrorClass::system, "E_CONFIG_MISSING",
               {absent.string(), "$SLUICE_CONFIG"});
  expect_error(load_config({folder.path(), {}, {}}), ErrorClass::system, "E_CONFIG_UNREADABLE", {"folder"});
  expect_error(load_config({{}, {}, {folder.path()}}), ErrorClass::system, "E_CONFIG_UNREADABLE", {"folder"});
}

BOOST_AUTO_TEST_CASE(a_huge_file_is_refused) {
  test::ScratchFolder folder;
  auto huge = folder.write("huge.yaml", std::string((4u << 20) + 1, '#'));
  expect_error(load_config({huge, {}, {}}), ErrorClass::config, "E_CONFIG_INVALID", {"larger than 4 MiB"});
}

BOOST_AUTO_TEST_CASE(the_standard_lookup_is_the_documented_one) {
  setenv("SLUICE_CONFIG", "/from/environment.yaml", 1);
  auto lookup = standard_lookup("/from/flag.yaml");
  unsetenv("SLUICE_CONFIG");
  BOOST_TEST(lookup.flag == "/from/flag.yaml");
  BOOST_TEST(lookup.environment == "/from/environment.yaml");
  BOOST_TEST_REQUIRE(lookup.defaults.size() == 2u);
  BOOST_TEST(lookup.defaults[0] == "sluice.yaml");
  BOOST_TEST(lookup.defaults[1] == "/etc/sluice/sluice.yaml");
  BOOST_TEST(standard_lookup({}).environment.empty());
}

BOOST_AUTO_TEST_SUITE_END()
