// What scans found holds until the file changes, and whatever is wrong with the cache is as if it were not
// there.
#include "host/plugin/scan_cache.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "fake_scanner.hpp"
#include "host/plugin/plugin_folders.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::FakeScanner;
using testing::PluginFolder;

// One process after the other over the same folders.
struct CacheFixture {
  // Opens the cache anew, looks at the folder once, and keeps what was found.
  PluginReport look(const std::string& version = "1.2.3") {
    registry = std::make_unique<EndpointRegistry>();
    ScanCache cache(cache_folder, version);
    const std::vector<fs::path> folders{folder.path()};
    auto reports = load_plugin_folders(folders, *registry, {&scanner, &cache, allowed});
    saved = cache.save();
    BOOST_REQUIRE(reports.size() == 1u);
    return reports[0];
  }
  fs::path cache_file() const { return cache_folder / "plugins.json"; }
  std::string cache_text() const {
    std::ifstream in(cache_file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::shared_ptr<const PluginGeneration> plugin() const { return registry->find("tiny.good")->plugin; }

  PluginFolder folder, around;
  const fs::path cache_folder = around.path() / "deep" / "cache";
  std::unique_ptr<EndpointRegistry> registry;
  FakeScanner scanner;
  std::vector<std::string> allowed;
  Status saved;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scan_cache, CacheFixture)

BOOST_AUTO_TEST_CASE(an_unchanged_file_is_neither_scanned_nor_read_again) {
  const fs::path file = folder.copy("good");
  const PluginReport first = look();
  BOOST_TEST(saved.ok());
  const PluginReport second = look();
  BOOST_TEST((second.outcome == PluginOutcome::loaded), second.reason);
  BOOST_TEST(second.digest == first.digest);
  BOOST_TEST(second.scanned_at == first.scanned_at);
  BOOST_TEST(plugin()->descriptor.vendor == "Sluice tests");
  BOOST_TEST(scanner.calls == 1);
  // Had it been read, the copy would be there.
  folder.write("good.so", testing::good_version("2"));
  const auto changed = plugin()->image();
  BOOST_REQUIRE(changed.has_error());
  BOOST_TEST(changed.error().code() == "E_PLUGIN_CHANGED");
  BOOST_TEST(plugin()->entry().error().code() == "E_PLUGIN_CHANGED");
  // And as it was, it is what it was.
  folder.copy("good");
  BOOST_TEST(plugin()->image().has_value());
  BOOST_TEST(plugin()->entry().has_value());
}

BOOST_AUTO_TEST_CASE(a_changed_file_is_scanned_again) {
  folder.copy("good");
  look();
  folder.write("good.so", testing::good_version("2"));
  BOOST_TEST((look().outcome == PluginOutcome::loaded));
  BOOST_TEST(plugin()->descriptor.version == "2.0");
  BOOST_TEST(scanner.calls == 2);
}

BOOST_AUTO_TEST_CASE(permissions_are_asked_anew) {
  const fs::path file = folder.copy("good");
  look();
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  BOOST_TEST(look().code == "E_PLUGIN_PERMISSIONS");
  BOOST_TEST(scanner.calls == 1);
}

BOOST_AUTO_TEST_CASE(a_crash_is_kept_until_the_file_changes) {
  folder.copy("good");
  scanner.refusal = Refusal::scan_crashed;
  scanner.detail = "signal 11";
  const PluginReport first = look();
  scanner.refusal.reset();
  const PluginReport second = look();
  BOOST_TEST(second.code == "E_PLUGIN_SCAN_CRASHED");
  BOOST_TEST(second.reason == first.reason);
  BOOST_TEST(second.hint == first.hint);
  BOOST_TEST(second.plugin_id == "tiny");
  BOOST_TEST(scanner.calls == 1);
  folder.write("good.so", testing::good_version("2"));
  BOOST_TEST((look().outcome == PluginOutcome::loaded));
}

BOOST_AUTO_TEST_CASE(retry_forgets_that_a_file_was_refused) {
  folder.copy("good");
  scanner.refusal = Refusal::scan_hung;
  look();
  scanner.refusal.reset();
  EndpointRegistry fresh;
  {
    ScanCache cache(cache_folder, "1.2.3");
    PluginFolders plugins({folder.path()}, fresh, {&scanner, &cache, {}});
    BOOST_TEST(plugins.rescan().refused.size() == 1u);
    BOOST_TEST(plugins.retry("nothing.so").error().code() == "E_PLUGIN_UNKNOWN");
    BOOST_TEST(plugins.retry("good.so").value().added.size() == 1u);
    BOOST_TEST(cache.save().ok());
  }
  BOOST_TEST(scanner.calls == 2);
  BOOST_TEST((look().outcome == PluginOutcome::loaded));
  BOOST_TEST(scanner.calls == 2);
}

BOOST_AUTO_TEST_CASE(what_may_be_mended_elsewhere_is_not_kept) {
  for (const RefusalKind& kind : refusal_kinds) {
    const bool passing = kind.code == "E_PLUGIN_SCAN" || kind.code == "E_PLUGIN_LIBRARY_MISSING" ||
                         kind.code == "E_PLUGIN_SYMBOL_MISSING" || kind.code == "E_PLUGIN_LIBRARY_VERSION" ||
                         kind.code == "E_PLUGIN_NOT_ALLOWED" || kind.code == "E_PLUGIN_DUPLICATE_TEMPLATE" ||
                         kind.code == "E_PLUGIN_UNREADABLE" || kind.code == "E_PLUGIN_CHANGED" ||
                         kind.code == "E_PLUGIN_COPY" || kind.code == "E_PLUGIN_NOT_REGULAR" ||
                         kind.code == "E_PLUGIN_LOAD" || kind.code.find("FOLDER") != std::string_view::npos ||
                         kind.code.find("PERMISSIONS") != std::string_view::npos;
    BOOST_TEST(is_lasting_refusal(kind.code) == !passing, kind.code);
  }
  folder.copy("good");
  scanner.refusal = Refusal::scan_failed;
  BOOST_TEST(look().code == "E_PLUGIN_SCAN");
  scanner.refusal.reset();
  BOOST_TEST((look().outcome == PluginOutcome::loaded));
}

BOOST_AUTO_TEST_CASE(the_allow_list_holds_for_what_is_known) {
  folder.copy("good");
  const std::string digest = look().digest;
  allowed = {std::string(64, 'a')};
  BOOST_TEST(look().code == "E_PLUGIN_NOT_ALLOWED");
  allowed = {digest};
  BOOST_TEST((look().outcome == PluginOutcome::loaded));
  BOOST_TEST(scanner.calls == 1);
  // The bytes that are loaded are the ones that were allowed.
  folder.write("good.so", testing::good_version("2"));
  BOOST_TEST(plugin()->entry().error().code() == "E_PLUGIN_CHANGED");
}

BOOST_AUTO_TEST_CASE(another_version_of_the_host_scans_anew) {
  folder.copy("good");
  look("1.2.3");
  look("1.2.4");
  BOOST_TEST(scanner.calls == 2);
}

BOOST_AUTO_TEST_CASE(whatever_is_wrong_with_the_cache_it_is_as_if_absent) {
  folder.copy("good");
  look();
  const std::string sound = cache_text();
  BOOST_REQUIRE(sound.size() > 100u);
  const auto calls_with = [&](const std::string& text) {
    std::ofstream(cache_file(), std::ios::binary) << text;
    scanner.calls = 0;
    BOOST_TEST((look().outcome == PluginOutcome::loaded));
    BOOST_TEST(cache_text().size() == sound.size());  // and then it is sound again
    return scanner.calls;
  };
  BOOST_TEST(calls_with(sound) == 0);
  for (size_t cut = 0; cut < sound.size(); cut += 7) BOOST_TEST(calls_with(sound.substr(0, cut)) == 1);
  for (const char* text :
       {"null", "[]", "{}", "{\"files\":[]}", "{\"format\":1,\"host\":\"1.2.3\",\"files\":{}}",
        "{\"format\":1,\"host\":\"1.2.3\",\"files\":[null,1,{},{\"path\":1,\"state\":{}}]}"})
    BOOST_TEST(calls_with(text) == 1);
}

BOOST_AUTO_TEST_CASE(a_folder_that_others_may_write_to_is_not_believed) {
  folder.copy("good");
  look();
  fs::permissions(cache_folder, fs::perms::all);
  look();
  BOOST_TEST(scanner.calls == 2);
  BOOST_TEST(!saved.ok());
  BOOST_TEST(saved.error().code() == "E_PLUGIN_CACHE");
  fs::permissions(cache_folder, fs::perms::owner_all);
  fs::permissions(cache_file(), fs::perms::others_write, fs::perm_options::add);
  look();
  BOOST_TEST(scanner.calls == 3);
  // Another user's; only root can give a file away.
  if (::chown(cache_file().c_str(), ::geteuid() + 4711, static_cast<gid_t>(-1)) != 0) return;
  look();
  BOOST_TEST(scanner.calls == 4);
}

BOOST_AUTO_TEST_CASE(only_the_hosts_user_can_read_and_write_it) {
  folder.copy("good");
  look();
  struct stat status {};
  BOOST_REQUIRE(::stat(cache_folder.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0700u);
  BOOST_REQUIRE(::stat(cache_file().c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0600u);
  // Nothing is left beside it.
  BOOST_TEST(std::distance(fs::directory_iterator(cache_folder), fs::directory_iterator()) == 1);
}

BOOST_AUTO_TEST_CASE(processes_keep_what_others_found) {
  const fs::path file = folder.copy("good");
  PluginFolder other;
  other.write("other.so", testing::good_with("tiny.good", "tiny.else"));
  EndpointRegistry one, two;
  ScanCache first(cache_folder, "1.2.3"), second(cache_folder, "1.2.3");
  load_plugin_folders(std::vector<fs::path>{folder.path()}, one, {&scanner, &first, {}});
  load_plugin_folders(std::vector<fs::path>{other.path()}, two, {&scanner, &second, {}});
  BOOST_TEST(first.save().ok());
  BOOST_TEST(second.save().ok());
  look();
  BOOST_TEST(scanner.calls == 2);
  // What is gone is forgotten with the next that is written.
  fs::remove(other.path() / "other.so");
  folder.write("good.so", testing::good_version("2"));
  look();
  BOOST_TEST(cache_text().find("other.so") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
