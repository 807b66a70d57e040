// A folder with the whole zoo in it: each file ends as loaded or refused, those that do harm when they are
// loaded do it to a process that is made for it, and the host works.
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "runs.hpp"
#include "surroundings.hpp"

namespace sluice::zoo {
namespace {

struct Refused {
  std::string code, reason;
};

// By library: nothing in it when it is loaded.
std::map<std::string, Refused> outcomes(host::Host& host) {
  std::map<std::string, Refused> out;
  const boost::json::value plugins = boost::json::parse(host.plugins().json);
  for (const auto& plugin : plugins.at("plugins").as_array()) {
    const std::filesystem::path path(std::string(plugin.at("path").as_string()));
    Refused& refused = out[path.stem()];
    if (plugin.at("outcome").as_string() == "loaded") continue;
    refused.code = plugin.at("code").as_string();
    refused.reason = plugin.at("reason").as_string();
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scan)

BOOST_AUTO_TEST_CASE(each_animal_is_loaded_or_refused_and_the_host_lives) {
  const auto folder = make_plugin_folder("whole-zoo", all_animals());
  Surroundings before = look_around(worker_program());
  {
    Runs runs(folder);
    std::map<std::string, Refused> found = outcomes(runs.host());
    const std::map<std::string, std::string> expected{{"crash_when_loaded", "E_PLUGIN_SCAN_CRASHED"},
                                                      {"exit_when_loaded", "E_PLUGIN_SCAN_EXITED"},
                                                      {"hang_when_loaded", "E_PLUGIN_SCAN_HUNG"},
                                                      {"throws_when_loaded", "E_PLUGIN_SCAN_CRASHED"}};
    BOOST_TEST(found.size() == all_animals().size() + 1);
    for (const std::string& animal : all_animals()) {
      const auto code = expected.find(animal);
      BOOST_TEST(found[animal].code == (code == expected.end() ? "" : code->second),
                 animal << ": " << found[animal].code << " " << found[animal].reason);
    }
    const std::string wrong = runs.good_runs();
    BOOST_TEST(wrong.empty(), wrong);
  }
  // The copies of the good source and of the file plugin, which a good run loaded into this process, stay.
  before.descriptors += 2;
  for (const std::string& change : changes_since(before, worker_program())) BOOST_ERROR(change);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::zoo
