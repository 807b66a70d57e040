// The registry: all templates of a plugin or none, from many threads, with help for who mistypes.
#define BOOST_TEST_MODULE host_registry
#include "host/registry/endpoint_registry.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "fake_plugin.hpp"

namespace sluice::host {
namespace {

using namespace testing;

std::shared_ptr<const PluginGeneration> plugin(std::string_view id,
                                               std::initializer_list<std::string> templates) {
  return plugin_of(id, templates, functions_of_nothing());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(endpoint_registry)

BOOST_AUTO_TEST_CASE(lists_what_was_added_by_id) {
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin("one", {template_json("b", "sink"), template_json("c", "source")})).ok());
  BOOST_REQUIRE(registry.add(plugin("two", {template_json("a", "staging")})).ok());
  auto all = registry.list();
  BOOST_REQUIRE(all.size() == 3u);
  BOOST_TEST(all[0]->descriptor.id == "a");
  BOOST_TEST(all[1]->descriptor.id == "b");
  BOOST_TEST(all[2]->plugin->descriptor.id == "one");
  BOOST_TEST((registry.find("b") == all[1]));
  BOOST_TEST(!registry.find("d"));
}

BOOST_AUTO_TEST_CASE(takes_all_templates_or_none) {
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin("one", {template_json("taken", "sink")})).ok());
  auto other = plugin("two", {template_json("free", "sink"), template_json("taken", "sink")});
  BOOST_TEST(!registry.can_add(other->descriptor, other->path).ok());
  Status refused = registry.add(other);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST(refused.error().code() == "E_PLUGIN_DUPLICATE_TEMPLATE");
  BOOST_TEST(contains(refused.error().message(), "/plugins/one.so"));
  BOOST_TEST(contains(refused.error().message(), "/plugins/two.so"));
  BOOST_TEST(!registry.find("free"));
  BOOST_TEST(registry.find("taken")->plugin->descriptor.id == "one");
}

BOOST_AUTO_TEST_CASE(takes_one_generation_in_place_of_another) {
  EndpointRegistry registry;
  auto old = plugin("one", {template_json("a", "sink"), template_json("b", "sink")});
  auto other = plugin("two", {template_json("c", "sink")});
  BOOST_REQUIRE(registry.add(old).ok());
  BOOST_REQUIRE(registry.add(other).ok());
  auto next = plugin("one", {template_json("b", "sink"), template_json("d", "sink")});
  auto wrong = plugin("one", {template_json("b", "sink"), template_json("c", "sink")});
  BOOST_TEST(registry.add(next).error().code() == "E_PLUGIN_DUPLICATE_TEMPLATE");
  BOOST_TEST(registry.add(wrong, old.get()).error().code() == "E_PLUGIN_DUPLICATE_TEMPLATE");
  BOOST_TEST((registry.find("b")->plugin == old));
  BOOST_REQUIRE(registry.add(next, old.get()).ok());
  BOOST_TEST(!registry.find("a"));
  BOOST_TEST((registry.find("b")->plugin == next));
  BOOST_TEST((registry.find("d")->plugin == next));
  BOOST_TEST(registry.generations().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_older_generation_is_known_as_long_as_it_serves_runs) {
  EndpointRegistry registry;
  auto old = plugin("one", {template_json("a", "sink")});
  BOOST_REQUIRE(registry.add(old).ok());
  std::optional<RunUse> run(old->serve("r1"));
  auto next = plugin("one", {template_json("a", "sink")});
  BOOST_REQUIRE(registry.add(next, old.get()).ok());
  registry.retire(*next);
  auto known = registry.generations();
  BOOST_REQUIRE(known.size() == 1u);
  BOOST_TEST((known[0].plugin == old));
  BOOST_TEST(to_string(known[0].state) == "replaced");
  BOOST_TEST(registry.list().empty());
  known.clear();
  run.reset();
  BOOST_TEST(registry.generations().empty());
}

BOOST_AUTO_TEST_CASE(names_the_nearest_template_to_who_mistypes) {
  EndpointRegistry registry;
  BOOST_REQUIRE(registry.add(plugin("one", {template_json("file.ndjson", "source")})).ok());
  BOOST_TEST(registry.nearest("file.ndjsn").value_or("") == "file.ndjson");
  auto created = registry.create_source("file.ndjsn", "{}", nullptr);
  BOOST_REQUIRE(created.has_error());
  BOOST_TEST(created.error().code() == "E_TEMPLATE_UNKNOWN");
  BOOST_TEST((created.error().error_class() == ErrorClass::config));
  BOOST_TEST(contains(created.error().message(), "file.ndjsn"));
  BOOST_TEST(contains(created.error().hint(), "file.ndjson"));
  BOOST_TEST(contains(registry.create_sink("oracle", "{}", nullptr).error().hint(), "list"));
}

BOOST_AUTO_TEST_CASE(refuses_a_role_that_the_template_lacks) {
  EndpointRegistry registry;
  BOOST_REQUIRE(
      registry.add(plugin("one", {template_json("in", "source"), template_json("out", "sink")})).ok());
  auto check = [](const Error& error, std::string_view role) {
    BOOST_TEST(error.code() == "E_ENDPOINT_ROLE");
    BOOST_TEST((error.error_class() == ErrorClass::config));
    BOOST_TEST(contains(error.message(), role), error.message());
  };
  check(registry.create_source("out", "{}", nullptr).error(),
        "cannot be used as source; its roles are: sink");
  check(registry.create_sink("in", "{}", nullptr).error(), "cannot be used as sink");
  check(registry.create_staging("in", "{}", nullptr).error(), "cannot be used as staging");
}

BOOST_AUTO_TEST_CASE(keeps_the_last_report_of_each_path) {
  EndpointRegistry registry;
  registry.record({"/a.so", PluginOutcome::refused, "E_PLUGIN_DAMAGED", "cut off", "copy it again", ""});
  registry.record({"/b.so", PluginOutcome::loaded, "", "", "", "b"});
  registry.record({"/a.so", PluginOutcome::loaded, "", "", "", "a"});
  auto reports = registry.reports();
  BOOST_REQUIRE(reports.size() == 2u);
  BOOST_TEST(reports[0].path == "/a.so");
  BOOST_TEST((reports[0].outcome == PluginOutcome::loaded));
  BOOST_TEST(reports[1].plugin_id == "b");
}

BOOST_AUTO_TEST_CASE(one_of_many_threads_wins_a_contested_id) {
  constexpr size_t threads = 8;
  std::vector<std::shared_ptr<const PluginGeneration>> plugins;
  for (size_t i = 0; i < threads; ++i)
    plugins.push_back(plugin("p" + std::to_string(i), {template_json("own" + std::to_string(i), "sink"),
                                                       template_json("shared", "sink")}));
  EndpointRegistry registry;
  std::atomic<size_t> added = 0, torn = 0;
  {
    std::vector<std::jthread> running;
    for (size_t i = 0; i < threads; ++i)
      running.emplace_back([&, i] {
        if (registry.add(plugins[i]).ok()) ++added;
        // Whoever sees a plugin's own template sees the shared one too.
        if (registry.find("own" + std::to_string(i)) && !registry.find("shared")) ++torn;
        registry.record({"/" + std::to_string(i), PluginOutcome::loaded, "", "", "", ""});
      });
  }
  BOOST_TEST(added == 1u);
  BOOST_TEST(torn == 0u);
  BOOST_TEST(registry.list().size() == 2u);
  BOOST_TEST(registry.reports().size() == threads);
}

BOOST_AUTO_TEST_CASE(a_plugin_of_the_program_is_held_to_the_rules_of_a_library) {
  static const std::string descriptor = descriptor_json("mine", {template_json("mine.in", "source")});
  sluice_plugin entry = functions_of_nothing();
  entry.size = sizeof entry;
  entry.abi_oldest = entry.abi_version = 1;
  entry.descriptor = abi(descriptor);
  BOOST_TEST(adopt_plugin(entry, "mine").has_value());
  auto code_of = [](const sluice_plugin& changed) {
    auto adopted = adopt_plugin(changed, "mine");
    return adopted ? std::string() : adopted.error().code();
  };
  sluice_plugin newer = entry, lacking = entry, silent = entry, small = entry;
  newer.abi_oldest = newer.abi_version = 9;
  lacking.create_source = nullptr;
  silent.descriptor = {};
  small.size = 12;
  BOOST_TEST(code_of(newer) == "E_PLUGIN_ABI");
  BOOST_TEST(code_of(lacking) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of(silent) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of(small) == "E_PLUGIN_ENTRY");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
