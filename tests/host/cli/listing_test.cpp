// Commands that move no data: check, units, preview, plugins, endpoints, validate, doctor.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

#include "house.hpp"

namespace sluice::test {
namespace {

// The entry of a list whose `key` is `value`.
boost::json::object entry(const boost::json::object& answer, const char* list, const char* key,
                          std::string_view value) {
  for (const auto& item : answer.at(list).as_array())
    if (member(item.as_object(), key) == value) return item.as_object();
  BOOST_FAIL("no entry of " << list << " with " << key << " " << value);
  return {};
}

BOOST_FIXTURE_TEST_SUITE(listing, House)

BOOST_AUTO_TEST_CASE(units_lists_the_files) {
  write("events/b.ndjson", "{}\n");
  const Outcome json = sluice({"units", "events", "--json"});
  BOOST_TEST(json.exit_code == 0);
  const auto answer = only_object(json);
  BOOST_TEST(member(answer, "endpoint") == "events");
  BOOST_TEST(member(answer, "template") == "file.ndjson");
  BOOST_TEST(member(entry(answer, "units", "unitId", "b.ndjson"), "bytes") == "3");
  const Outcome text = sluice({"units", "events"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(text.out.starts_with("UNIT"), text.out);
  BOOST_TEST(holds(text.out, "\na.ndjson"), text.out);
  BOOST_TEST(text.err == "");
}

BOOST_AUTO_TEST_CASE(preview_shows_the_first_records) {
  const Outcome json = sluice({"preview", "events", "a.ndjson", "-n", "2", "--json"});
  BOOST_TEST(json.exit_code == 0);
  const auto answer = only_object(json);
  BOOST_TEST(member(answer, "records.1.name") == "two");
  BOOST_TEST(member(answer, "records.2") == "(missing)");
  BOOST_TEST(member(answer, "truncated") == "true");
  const Outcome text = sluice({"preview", "events", "a.ndjson", "-n", "1"});
  BOOST_TEST(text.out == "{\"id\":1,\"name\":\"one\"}\n");
}

BOOST_AUTO_TEST_CASE(preview_warns_of_rejected_records) {
  write("events/bad.ndjson", "{\"id\":1}\nnot json\n");
  const Outcome text = sluice({"preview", "events", "bad.ndjson"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(text.out == "{\"id\":1}\n");
  BOOST_TEST(holds(text.err, "warning: 1 record is rejected\n"), text.err);
  BOOST_TEST(holds(text.err, "bad.ndjson:2"), text.err);
}

BOOST_AUTO_TEST_CASE(check_says_whether_an_endpoint_can_be_reached) {
  const Outcome fine = sluice({"check", "events", "--json"});
  BOOST_TEST(fine.exit_code == 0);
  BOOST_TEST(member(only_object(fine), "ok") == "true");
  const Outcome gone = sluice({"check", "gone"});
  BOOST_TEST(gone.exit_code == 3);
  BOOST_TEST(gone.out == "");
  BOOST_TEST(holds(gone.err, "no-such-folder"), gone.err);
}

BOOST_AUTO_TEST_CASE(unknown_names_exit_2_with_the_nearest_one) {
  struct Case {
    std::vector<std::string> words;
    const char *wrong, *nearest;
  };
  const std::vector<Case> cases{{{"units", "evnts"}, "evnts", "events"},
                                {{"check", "lke"}, "lke", "lake"},
                                {{"preview", "events", "a.ndjsn"}, "a.ndjsn", "a.ndjson"},
                                {{"endpoints", "describe", "file.ndjsn"}, "file.ndjsn", "file.ndjson"},
                                {{"plugins", "inspect", "sqlit"}, "sqlit", "sqlite"}};
  for (const Case& one : cases) {
    const Outcome text = sluice(one.words);
    BOOST_TEST(text.exit_code == 2, one.wrong << ": " << text.err);
    BOOST_TEST(text.out == "");
    BOOST_TEST(holds(text.err, one.wrong), text.err);
    BOOST_TEST(holds(text.err, "\"" + std::string(one.nearest) + "\""), text.err);
    std::vector<std::string> words = one.words;
    words.emplace_back("--json");
    const Outcome json = sluice(words);
    BOOST_TEST(json.exit_code == 2);
    BOOST_TEST(member(only_object(json), "error.class") == "config");
    BOOST_TEST(holds(member(only_object(json), "error.hint"), one.nearest), json.out);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_template_is_found_by_validate) {
  write("sluice.yaml", "version: 1\nendpoints:\n  bad: { template: file.ndjsn, config: { path: x } }\n");
  const Outcome json = sluice({"validate", "--json"});
  BOOST_TEST(json.exit_code == 2);
  const auto answer = only_object(json);
  BOOST_TEST(member(answer, "ok") == "false");
  const auto bad = entry(answer, "endpoints", "endpointId", "bad");
  BOOST_TEST(holds(member(bad, "errors.0.message"), "file.ndjsn"), json.out);
  BOOST_TEST(holds(member(bad, "errors.0.hint"), "file.ndjson"), json.out);
  const Outcome text = sluice({"validate"});
  BOOST_TEST(text.exit_code == 2);
  BOOST_TEST(holds(text.out, "endpoint bad"), text.out);
  BOOST_TEST(holds(text.err, "file.ndjsn"), text.err);
}

BOOST_AUTO_TEST_CASE(validate_takes_a_request_too) {
  write("good.json", R"({"endpointId":"events","unitId":"a.ndjson","sinkEndpointId":"lake"})");
  write("bad.json", R"({"endpointId":"evnts","unitId":"a.ndjson","sinkEndpointId":"lake"})");
  const Outcome good = sluice({"validate", "good.json", "--json"});
  BOOST_TEST(good.exit_code == 0, good.out);
  BOOST_TEST(member(only_object(good), "request.ok") == "true");
  const Outcome bad = sluice({"validate", "bad.json"});
  BOOST_TEST(bad.exit_code == 2);
  BOOST_TEST(holds(bad.err, "\"events\""), bad.err);
}

BOOST_AUTO_TEST_CASE(a_configuration_with_an_unknown_key_names_file_line_and_nearest) {
  write("sluice.yaml", "version: 1\nendpoint:\n  a: { template: generator }\n");
  const Outcome outcome = sluice({"endpoints", "list"});
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(holds(outcome.err, "\"endpoints\""), outcome.err);
  BOOST_TEST(holds(outcome.err, "sluice.yaml:2"), outcome.err);
}

BOOST_AUTO_TEST_CASE(a_missing_configuration_file_is_an_environment_error) {
  const Outcome outcome = sluice({"endpoints", "list", "--config", "nowhere.yaml"});
  BOOST_TEST(outcome.exit_code == 3);
  BOOST_TEST(holds(outcome.err, "nowhere.yaml"), outcome.err);
}

BOOST_AUTO_TEST_CASE(plugins_list_shows_loaded_and_refused) {
  write("drop/libbad.so", "this is no library");
  const Outcome json =
      sluice({"plugins", "list", "--json", "--plugins", "drop", "--plugins", SLUICE_PLUGINS});
  BOOST_TEST(json.exit_code == 0);
  const auto answer = only_object(json);
  BOOST_TEST(member(entry(answer, "plugins", "id", "generator"), "outcome") == "loaded");
  const auto& list = answer.at("plugins").as_array();
  const auto refused = std::find_if(list.begin(), list.end(), [](const auto& item) {
    return member(item.as_object(), "outcome") == "refused";
  });
  BOOST_REQUIRE(refused != list.end());
  BOOST_TEST(holds(member(refused->as_object(), "path"), "libbad.so"));
  BOOST_TEST(member(refused->as_object(), "code").starts_with("E_"));
  const Outcome text = sluice({"plugins", "list", "--plugins", "drop", "--plugins", SLUICE_PLUGINS});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(holds(text.out, "libbad.so is refused: "), text.out);
  BOOST_TEST(holds(text.out, "file.ndjson"), text.out);
}

BOOST_AUTO_TEST_CASE(plugins_list_shows_generation_digest_and_state) {
  const auto answer = only_object(sluice({"plugins", "list", "--json"}));
  const auto plugin = entry(answer, "plugins", "id", "generator");
  BOOST_TEST(member(plugin, "generation") == "1");
  BOOST_TEST(member(plugin, "state") == "active");
  BOOST_TEST(member(plugin, "runs") == "[]");
  const std::string digest = member(plugin, "digest"), when = member(plugin, "scannedAt");
  BOOST_TEST(digest.size() == 64u);
  BOOST_TEST(when.ends_with("Z"), when);
  // Another process knows what this one found.
  const auto again = entry(only_object(sluice({"plugins", "list", "--json"})), "plugins", "id", "generator");
  BOOST_TEST(member(again, "scannedAt") == when);
  BOOST_TEST(has("plugin-cache/plugins.json"));
  const Outcome text = sluice({"plugins", "list"});
  for (const char* column : {"GEN", "STATE", "DIGEST", "active"})
    BOOST_TEST(holds(text.out, column), column << " is not in\n" << text.out);
  BOOST_TEST(holds(text.out, digest.substr(0, 12)), text.out);
}

BOOST_AUTO_TEST_CASE(only_allowed_plugins_are_loaded) {
  const auto plugin = entry(only_object(sluice({"plugins", "list", "--json"})), "plugins", "id", "generator");
  write("allow.yaml", "version: 1\nplugins: { allow: [ \"sha256:" + member(plugin, "digest") + "\" ] }\n");
  const auto answer = only_object(sluice({"plugins", "list", "--json", "--config", "allow.yaml"}));
  BOOST_TEST(member(entry(answer, "plugins", "id", "generator"), "outcome") == "loaded");
  const auto other = entry(answer, "plugins", "id", "sqlite");
  BOOST_TEST(member(other, "code") == "E_PLUGIN_NOT_ALLOWED");
  BOOST_TEST(holds(member(other, "reason"), member(other, "digest")));
  write("wrong.yaml", "version: 1\nplugins:\n  allow: [ \"sha256:12\" ]\n");
  const Outcome wrong = sluice({"plugins", "list", "--config", "wrong.yaml"});
  BOOST_TEST(wrong.exit_code == 2);
  BOOST_TEST(holds(wrong.err, "wrong.yaml:3"), wrong.err);
}

BOOST_AUTO_TEST_CASE(retry_looks_at_refused_files_again) {
  write("drop/libbad.so", "this is no library");
  const Outcome all = sluice({"plugins", "retry", "--plugins", "drop"});
  BOOST_TEST(all.exit_code == 0);
  BOOST_TEST(holds(all.out, "libbad.so: the file is not an ELF library"), all.out);
  BOOST_TEST(holds(all.out, "hint: "), all.out);
  const auto json = only_object(sluice({"plugins", "retry", "libbad.so", "--plugins", "drop", "--json"}));
  BOOST_TEST(member(json, "refused.0.code") == "E_PLUGIN_NOT_ELF");
  BOOST_TEST(member(json, "added") == "[]");
  const Outcome unknown = sluice({"plugins", "retry", "libbda.so", "--plugins", "drop"});
  BOOST_TEST(unknown.exit_code == 2);
  BOOST_TEST(holds(unknown.err, "libbad.so"), unknown.err);
  BOOST_TEST(holds(unknown.err, "code: E_PLUGIN_UNKNOWN"), unknown.err);
}

BOOST_AUTO_TEST_CASE(plugins_are_found_beside_the_executable) {
  const auto answer = only_object(sluice({"plugins", "list", "--json"}));
  for (const char* id : {"file", "sqlite", "generator", "null", "chaos"})
    BOOST_TEST(member(entry(answer, "plugins", "id", id), "outcome") == "loaded");
}

BOOST_AUTO_TEST_CASE(inspect_reads_a_plugin_by_id_and_by_file) {
  const auto by_id = only_object(sluice({"plugins", "inspect", "generator", "--json"}));
  const auto by_file = only_object(sluice({"plugins", "inspect", member(by_id, "path"), "--json"}));
  BOOST_TEST(member(by_id, "id") == "generator");
  BOOST_TEST(member(by_file, "id") == "generator");
  const Outcome text = sluice({"plugins", "inspect", "generator"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(holds(text.out, "generator"), text.out);
}

BOOST_AUTO_TEST_CASE(inspect_shows_what_a_plugin_needs_and_its_keys) {
  const auto json = only_object(sluice({"plugins", "inspect", "sqlite", "--json"}));
  BOOST_TEST(member(json, "summary") == "can be loaded");
  BOOST_TEST(member(json, "templates.0.secrets.0") == "/password");
  BOOST_TEST(member(json, "libraries.0.path") != "");
  const Outcome text = sluice({"plugins", "inspect", "sqlite"});
  BOOST_TEST(holds(text.out, "libsluice_sqlite.so can be loaded\n"), text.out);
  for (const char* part : {"host ABI", "template sqlite", "as sink", "\npassword ", "(secret)", "\nLIBRARY ",
                           "libsqlite3.so.0  "})
    BOOST_TEST(holds(text.out, part), part << " is not in\n" << text.out);
}

BOOST_AUTO_TEST_CASE(inspect_says_first_why_a_plugin_is_refused) {
  write("notes.so", "not a library");
  const Outcome text = sluice({"plugins", "inspect", "notes.so"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(text.out.starts_with("notes.so is refused: the file is not an ELF library"), text.out);
  BOOST_TEST(holds(text.out, "\n  hint: "), text.out);
  const auto json = only_object(sluice({"plugins", "inspect", "notes.so", "--json"}));
  BOOST_TEST(member(json, "summary").starts_with("would be refused: the file is not an ELF library"));
}

BOOST_AUTO_TEST_CASE(a_plugin_is_tried_with_the_endpoints_of_the_configuration) {
  const auto file_of = [this](const char* id) {
    return member(only_object(sluice({"plugins", "inspect", id, "--json"})), "path");
  };
  const Outcome good = sluice({"plugins", "test", file_of("generator"), "--json"});
  BOOST_TEST(good.exit_code == 0, good.out);
  BOOST_TEST(member(only_object(good), "ok") == "true");
  const auto numbers = entry(only_object(good), "checks", "template", "generator");
  BOOST_TEST(!holds(member(numbers, "detail"), "not tried"), good.out);

  const Outcome json = sluice({"plugins", "test", file_of("file"), "--json"});
  const auto answer = only_object(json);
  BOOST_TEST(member(entry(answer, "checks", "name", "load"), "ok") == "true");
  BOOST_TEST(member(entry(answer, "checks", "template", "file.ndjson"), "ok") == "true");
  // No endpoint has this template, and it needs a path.
  BOOST_TEST(holds(member(entry(answer, "checks", "template", "file.csv"), "detail"), "not tried"), json.out);
  // The endpoint "gone" speaks of a folder that is not there.
  BOOST_TEST(member(entry(answer, "checks", "template", "file.lines"), "ok") == "false");
  BOOST_TEST(json.exit_code == 4);
  const Outcome text = sluice({"plugins", "test", file_of("file")});
  BOOST_TEST(text.exit_code == 4);
  BOOST_TEST(holds(text.out, "not ok"), text.out);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_would_be_refused_fails_its_trial) {
  write("notes.so", "not a library");
  const Outcome text = sluice({"plugins", "test", "notes.so"});
  BOOST_TEST(text.exit_code == 4);
  BOOST_TEST(holds(text.out, "E_PLUGIN_NOT_ELF"), text.out);
  const Outcome json = sluice({"plugins", "test", "notes.so", "--json"});
  BOOST_TEST(json.exit_code == 4);
  BOOST_TEST(member(only_object(json), "ok") == "false");
}

BOOST_AUTO_TEST_CASE(describe_prints_the_configuration_keys) {
  const Outcome text = sluice({"endpoints", "describe", "file.ndjson"});
  BOOST_TEST(text.exit_code == 0);
  BOOST_TEST(holds(text.out, "KEY"), text.out);
  BOOST_TEST(holds(text.out, "REQUIRED"), text.out);
  BOOST_TEST(holds(text.out, "\npath "), text.out);
  const auto answer = only_object(sluice({"endpoints", "describe", "file.ndjson", "--json"}));
  BOOST_TEST(member(answer, "configSchema.properties.path.type") == "string");
}

BOOST_AUTO_TEST_CASE(endpoints_list_shows_no_secret) {
  write("sluice.yaml",
        "version: 1\nendpoints:\n  a: { template: generator, config: { seed: \"${env:HIDDEN_SEED}\" } }\n");
  Spawn spawn = command({"endpoints", "list", "--json"});
  spawn.environment = {{"HIDDEN_SEED", "7351926"}};
  const Outcome outcome = run_child(spawn);
  BOOST_TEST(outcome.exit_code == 0);
  BOOST_TEST(!holds(outcome.out + outcome.err, "7351926"));
}

BOOST_AUTO_TEST_CASE(doctor_gives_checks_and_an_exit_code_that_fits) {
  const Outcome outcome = sluice({"doctor", "--json"});
  const auto answer = only_object(outcome);
  BOOST_TEST(member(answer, "checks.0.name") != "(missing)");
  BOOST_TEST((member(answer, "ok") == "true") == (outcome.exit_code == 0), outcome.out);
  BOOST_TEST(holds(sluice({"doctor"}).out, "CHECK"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace sluice::test
