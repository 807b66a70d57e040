// What a scan in another process says is judged as if the plugin were here, and the allow-list before it.
#include <boost/test/unit_test.hpp>

#include "fake_scanner.hpp"
#include "host/plugin/plugin_folders.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::built;
using testing::bytes_of;
using testing::FakeScanner;
using testing::PluginFolder;

struct ScanFixture {
  PluginReport load(const char* name, std::vector<std::string> allowed = {}) {
    return load_plugin_file(folder.copy(name), registry, {&scanner, nullptr, std::move(allowed)});
  }

  PluginFolder folder;
  EndpointRegistry registry;
  FakeScanner scanner;
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plugin_scan, ScanFixture)

BOOST_AUTO_TEST_CASE(a_scanned_plugin_is_taken_without_being_loaded_here) {
  // Its constructor aborts: if it were loaded, this process would end.
  BOOST_TEST((load("duplicate_id").outcome == PluginOutcome::loaded));
  BOOST_TEST(registry.find("tiny.good") != nullptr);
}

BOOST_AUTO_TEST_CASE(what_was_scanned_is_what_is_taken) {
  scanner.change = [](ScannedEntry& entry) { entry.descriptor = R"({"not":"the note's"})"; };
  BOOST_TEST(load("good").code == "E_PLUGIN_NOTE_MISMATCH");
  scanner.change = nullptr;
  const PluginReport report = load("good");
  BOOST_TEST((report.outcome == PluginOutcome::loaded), report.reason);
  BOOST_TEST(report.digest == sha256_of(bytes_of(built("good"))));
  BOOST_TEST(report.scanned_at.size() == 20u);
  BOOST_TEST(scanner.digest == report.digest);
  const auto plugin = registry.find("tiny.good")->plugin;
  BOOST_TEST(plugin->digest == report.digest);
  BOOST_TEST(plugin->abi_oldest == 1u);
  BOOST_TEST(plugin->entry().has_value());
}

BOOST_AUTO_TEST_CASE(what_the_scan_says_of_the_entry_is_judged) {
  const auto code_of = [&](std::function<void(ScannedEntry&)> change) {
    scanner.change = std::move(change);
    return load("good").code;
  };
  BOOST_TEST(code_of([](ScannedEntry& entry) { entry.aligned = false; }) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of([](ScannedEntry& entry) { entry.size = 8; }) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of([](ScannedEntry& entry) { entry.descriptor.clear(); }) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of([](ScannedEntry& entry) { entry.create_source = false; }) == "E_PLUGIN_ENTRY");
  BOOST_TEST(code_of([](ScannedEntry& entry) { entry.abi_version = 7; }) == "E_PLUGIN_NOTE_MISMATCH");
  BOOST_TEST(registry.list().empty());
}

BOOST_AUTO_TEST_CASE(how_a_scan_fails_is_the_reason) {
  for (Refusal refusal : {Refusal::scan_crashed, Refusal::scan_exited, Refusal::scan_hung,
                          Refusal::scan_failed, Refusal::load_failed}) {
    scanner.refusal = refusal;
    scanner.detail = "signal 11";
    const PluginReport report = load("good");
    BOOST_TEST(report.code == kind_of(refusal).code);
    BOOST_TEST(holds(report.reason, "signal 11"), report.reason);
    BOOST_TEST(report.plugin_id == "tiny");
    BOOST_TEST(!report.hint.empty());
  }
  BOOST_TEST(registry.list().empty());
}

BOOST_AUTO_TEST_CASE(what_is_refused_before_is_never_scanned) {
  for (const char* name : {"abi_too_new", "no_note", "needs_library", "descriptor_not_json"})
    BOOST_TEST((load(name).outcome == PluginOutcome::refused));
  load("good");
  load("duplicate_id");
  BOOST_TEST(scanner.calls == 1);
}

BOOST_AUTO_TEST_CASE(only_what_is_allowed_is_scanned_and_loaded) {
  const std::string digest = sha256_of(bytes_of(built("good")));
  const PluginReport refused = load("good", {std::string(64, '0')});
  BOOST_TEST(refused.code == "E_PLUGIN_NOT_ALLOWED");
  BOOST_TEST(holds(refused.reason, digest), refused.reason);
  BOOST_TEST(refused.digest == digest);
  BOOST_TEST(scanner.calls == 0);
  BOOST_TEST((load("good", {std::string(64, '0'), digest}).outcome == PluginOutcome::loaded));
}

BOOST_AUTO_TEST_CASE(loaders_words_name_the_file_and_not_the_copy) {
  const Error missing = loader_refusal(
      "/plugins/x.so", "libfoo.so.1: cannot open shared object file: No such file or directory");
  BOOST_TEST(missing.code() == "E_PLUGIN_LIBRARY_MISSING");
  const Error symbol = loader_refusal("/plugins/x.so", "/proc/self/fd/17: undefined symbol: foo");
  BOOST_TEST(symbol.code() == "E_PLUGIN_SYMBOL_MISSING");
  BOOST_TEST(holds(symbol.message(), "/plugins/x.so: undefined symbol: foo"), symbol.message());
  const Error version = loader_refusal(
      "/plugins/x.so", "libc.so.6: version `GLIBC_9.9' not found (required by /proc/self/fd/3)");
  BOOST_TEST(version.code() == "E_PLUGIN_LIBRARY_VERSION");
  BOOST_TEST(holds(version.message(), "(required by /plugins/x.so)"), version.message());
  BOOST_TEST(loader_refusal("/plugins/x.so", "invalid ELF header").code() == "E_PLUGIN_LOAD");
  // It is there; the process may open no more.
  BOOST_TEST(
      loader_refusal("/plugins/x.so", "/proc/self/fd/3: cannot open shared object file: Too many open files")
          .code() == "E_PLUGIN_LOAD");
}

BOOST_AUTO_TEST_CASE(libraries_beside_the_file_go_before_it) {
  const fs::path beside = folder.path() / "beside";
  fs::create_directory(beside);
  const fs::path library = beside / "libwrong_beside.so";
  fs::copy_file(fs::path(WRONG_PLUGINS) / "wrong_beside" / "libwrong_beside.so", library);
  const PluginReport scanned = load("needs_beside");
  BOOST_TEST((scanned.outcome == PluginOutcome::loaded), scanned.reason);
  BOOST_TEST(scanner.companions == std::vector<fs::path>{library}, boost::test_tools::per_element());
  const auto plugin = registry.list().at(0)->plugin;
  BOOST_TEST(plugin->companions == scanner.companions, boost::test_tools::per_element());
  // The copy lies nowhere, and finds the library all the same.
  const auto entry = plugin->entry();
  BOOST_TEST(entry.has_value(), (entry ? "" : entry.error().message()));
}

BOOST_AUTO_TEST_CASE(a_library_beside_the_file_is_to_be_trusted_like_it) {
  const fs::path beside = folder.path() / "beside";
  fs::create_directory(beside);
  const fs::path library = beside / "libwrong_beside.so";
  fs::copy_file(fs::path(WRONG_PLUGINS) / "wrong_beside" / "libwrong_beside.so", library);
  fs::permissions(library, fs::perms::others_write, fs::perm_options::add);
  const PluginReport refused = load("needs_beside");
  BOOST_TEST(refused.code == "E_PLUGIN_PERMISSIONS");
  BOOST_TEST(holds(refused.reason, library.string()), refused.reason);
  // Nor may others put another one in its place.
  fs::permissions(library, fs::perms::others_write, fs::perm_options::remove);
  fs::permissions(beside, fs::perms::others_write, fs::perm_options::add);
  BOOST_TEST(load("needs_beside").code == "E_PLUGIN_PERMISSIONS");
  BOOST_TEST(scanner.calls == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
