// Folders of good and bad plugins: what is loaded, what is refused and why, and that no refused plugin's code
// ever runs when it was to be refused before (those abort when loaded).
#include "host/plugin/plugin_loader.hpp"
#include "host/plugin/plugin_folders.hpp"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>
#include <set>

#include "host/plugin/plugin_check.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::built;
using testing::bytes_of;
using testing::PluginFolder;

std::vector<PluginReport> load(const PluginFolder& folder, EndpointRegistry& registry) {
  std::vector<fs::path> folders{folder.path()};
  return load_plugin_folders(folders, registry);
}

// What becomes of one file beside a good plugin, which must be loaded whatever the other is.
PluginReport beside_good(const std::function<fs::path(const PluginFolder&)>& put) {
  PluginFolder folder;
  folder.copy("good", "a_good");
  fs::path file = put(folder);
  EndpointRegistry registry;
  std::vector<PluginReport> reports = load(folder, registry);
  BOOST_REQUIRE(reports.size() == 2u);
  auto good = std::find_if(reports.begin(), reports.end(), [&](auto& report) { return report.path != file; });
  BOOST_TEST((good->outcome == PluginOutcome::loaded), good->reason);
  BOOST_TEST(registry.find("tiny.good") != nullptr);
  BOOST_TEST(registry.list().size() == 1u);
  auto other = good == reports.begin() ? reports.begin() + 1 : reports.begin();
  BOOST_TEST(other->path == file);
  return *other;
}

std::function<fs::path(const PluginFolder&)> copied(const char* name) {
  return [name](const PluginFolder& folder) { return folder.copy(name, "b_wrong"); };
}

// A copy of the good plugin, changed.
std::function<fs::path(const PluginFolder&)> patched(
    const std::function<void(std::vector<uint8_t>&)>& change) {
  return [change](const PluginFolder& folder) {
    std::vector<uint8_t> bytes = bytes_of(built("good"));
    change(bytes);
    return folder.write("b_wrong.so", bytes);
  };
}

void set_half(std::vector<uint8_t>& bytes, size_t offset, uint16_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

struct Case {
  const char* what;
  std::function<fs::path(const PluginFolder&)> put;
  const char* code;
  const char* part_of_reason;
};

std::vector<Case> cases() {
  return {
      {"empty", [](auto& folder) { return folder.write("b.so", std::string_view()); }, "E_PLUGIN_NOT_ELF",
       "empty"},
      {"text", [](auto& folder) { return folder.write("b.so", "#!/bin/sh\necho no\n"); }, "E_PLUGIN_NOT_ELF",
       "magic"},
      {"truncated", patched([](auto& bytes) { bytes.resize(bytes.size() / 2); }), "E_PLUGIN_DAMAGED",
       "outside"},
      {"other machine",
       patched([](auto& bytes) { set_half(bytes, offsetof(Elf64_Ehdr, e_machine), EM_S390); }),
       "E_PLUGIN_MACHINE", "S/390"},
      {"object file", patched([](auto& bytes) { set_half(bytes, offsetof(Elf64_Ehdr, e_type), ET_REL); }),
       "E_PLUGIN_NOT_LIBRARY", ""},
      {"no note", copied("no_note"), "E_PLUGIN_NO_NOTE", ""},
      {"bad note", copied("bad_note"), "E_PLUGIN_NOTE", "100000"},
      {"no entry", copied("no_entry"), "E_PLUGIN_NO_ENTRY", "sluice_plugin_entry"},
      {"entry is a function", copied("entry_is_function"), "E_PLUGIN_ENTRY", "not data"},
      {"entry too short", copied("entry_too_short"), "E_PLUGIN_ENTRY", "bytes long"},
      {"entry says short", copied("entry_says_short"), "E_PLUGIN_ENTRY", "8 bytes long"},
      {"no create function", copied("no_create_source"), "E_PLUGIN_ENTRY", "create_source"},
      {"ABI too old", copied("abi_too_old"), "E_PLUGIN_ABI", "0..0"},
      {"ABI too new", copied("abi_too_new"), "E_PLUGIN_ABI", "2..3"},
      {"not JSON", copied("descriptor_not_json"), "E_PLUGIN_DESCRIPTOR", "not JSON"},
      {"schema", copied("schema_not_object"), "E_PLUGIN_DESCRIPTOR", "/templates/0/configSchema"},
      {"repeated id", copied("repeated_id"), "E_PLUGIN_DESCRIPTOR", "tiny.twice"},
      {"duplicate id", copied("duplicate_id"), "E_PLUGIN_DUPLICATE_TEMPLATE", "a_good.so"},
      {"one id of two duplicate", copied("half_duplicate"), "E_PLUGIN_DUPLICATE_TEMPLATE", "b_wrong.so"},
      {"note disagrees", copied("note_disagrees"), "E_PLUGIN_NOTE_MISMATCH", "descriptors"},
      {"ABI disagrees", copied("abi_disagrees"), "E_PLUGIN_NOTE_MISMATCH", "ABI"},
      {"needs library", copied("needs_library"), "E_PLUGIN_LIBRARY_MISSING", "libwrong_absent_library.so"},
      {"needs symbol", copied("needs_symbol"), "E_PLUGIN_SYMBOL_MISSING", "nobody_defines_this"},
      {"needs symbols", copied("needs_cpp_symbol"), "E_PLUGIN_SYMBOL_MISSING", "and 2 more"},
      {"needs version", copied("needs_version"), "E_PLUGIN_LIBRARY_VERSION", "TINY_2"},
      {"world-writable",
       [](auto& folder) {
         fs::path file = folder.copy("duplicate_id", "b_wrong");
         chmod(file.c_str(), 0646);
         return file;
       },
       "E_PLUGIN_PERMISSIONS", "everybody"},
      {"symbolic link",
       [](auto& folder) {
         fs::path link = folder.path() / "b_link.so";
         fs::create_symlink(built("duplicate_id"), link);
         return link;
       },
       "E_PLUGIN_NOT_REGULAR", "symbolic link"},
      {"folder",
       [](auto& folder) {
         fs::path inner = folder.path() / "b_folder.so";
         fs::create_directory(inner);
         return inner;
       },
       "E_PLUGIN_NOT_REGULAR", ""},
      {"pipe",
       [](auto& folder) {
         fs::path pipe = folder.path() / "b_pipe.so";
         BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
         return pipe;
       },
       "E_PLUGIN_NOT_REGULAR", ""},
      {"too large",
       [](auto& folder) {
         fs::path file = folder.write("b.so", "sparse");
         fs::resize_file(file, max_plugin_bytes + 1);
         return file;
       },
       "E_PLUGIN_TOO_LARGE", "1073741825"},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_loader)

BOOST_AUTO_TEST_CASE(each_wrong_file_is_refused_for_its_reason_and_the_good_one_is_loaded) {
  for (const Case& item : cases()) {
    BOOST_TEST_CONTEXT(item.what) {
      PluginReport report = beside_good(item.put);
      BOOST_TEST((report.outcome == PluginOutcome::refused));
      BOOST_TEST(report.code == item.code);
      BOOST_TEST((report.reason.find(item.part_of_reason) != std::string::npos),
                 "\"" << report.reason << "\" does not name " << item.part_of_reason);
      BOOST_TEST(!report.hint.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(every_refusal_of_a_file_is_tried) {
  std::set<std::string_view> tried{
      // Each has a test case of its own.
      "E_PLUGIN_FOLDER", "E_PLUGIN_FOLDER_PERMISSIONS", "E_PLUGIN_UNREADABLE", "E_PLUGIN_LOAD",
      // plugin_image_test.cpp, plugin_scan_test.cpp, scan_cache_test.cpp
      "E_PLUGIN_COPY", "E_PLUGIN_NOT_ALLOWED", "E_PLUGIN_SCAN", "E_PLUGIN_SCAN_CRASHED",
      "E_PLUGIN_SCAN_EXITED", "E_PLUGIN_SCAN_HUNG", "E_PLUGIN_CHANGED"};
  for (const Case& item : cases()) tried.insert(item.code);
  for (const RefusalKind& kind : refusal_kinds)
    BOOST_TEST(tried.contains(kind.code), kind.code << " is never tried");
}

BOOST_AUTO_TEST_CASE(one_bad_folder_full_leaves_the_good_plugin_alone) {
  PluginFolder folder;
  for (const char* name : {"abi_too_new", "descriptor_not_json", "good", "needs_library", "no_note"})
    folder.copy(name);
  folder.write("readme.txt", "not a plugin");
  folder.write("libfoo.so.1", "not a plugin's name");
  EndpointRegistry registry;
  std::vector<PluginReport> reports = load(folder, registry);
  BOOST_REQUIRE(reports.size() == 5u);  // what does not end in .so is not spoken of
  BOOST_TEST(
      std::is_sorted(reports.begin(), reports.end(), [](auto& a, auto& b) { return a.path < b.path; }));
  for (const PluginReport& report : reports) {
    bool good = report.path.filename() == "good.so";
    BOOST_TEST((report.outcome == PluginOutcome::loaded) == good, report.path << ": " << report.reason);
    BOOST_TEST(report.code.empty() == good);
  }
  BOOST_TEST(registry.list().size() == 1u);
  BOOST_TEST(registry.reports().size() == 5u);
  EndpointTemplatePtr found = registry.find("tiny.good");
  BOOST_REQUIRE(found);
  BOOST_TEST(found->plugin->path == folder.path() / "good.so");
  BOOST_TEST(found->plugin->descriptor.vendor == "Sluice tests");
}

BOOST_AUTO_TEST_CASE(the_loaders_own_words_are_kept) {
  // Sound in every part that is read without loading, and nothing that the loader could map.
  PluginFolder folder;
  std::vector<uint8_t> bytes = bytes_of(built("good"));
  set_half(bytes, offsetof(Elf64_Ehdr, e_phnum), 0);
  folder.write("good.so", bytes);
  EndpointRegistry registry;
  std::vector<PluginReport> reports = load(folder, registry);
  BOOST_REQUIRE(reports.size() == 1u);
  BOOST_TEST(reports[0].code == "E_PLUGIN_LOAD");
  BOOST_TEST((reports[0].reason.find("good.so") != std::string::npos), reports[0].reason);
  BOOST_TEST(registry.list().empty());
}

BOOST_AUTO_TEST_CASE(a_template_in_two_folders_is_refused_naming_both_files) {
  PluginFolder first, second;
  fs::path one = first.copy("good"), two = second.copy("duplicate_id");
  EndpointRegistry registry;
  std::vector<fs::path> folders{first.path(), second.path(), first.path() / "."};
  std::vector<PluginReport> reports = load_plugin_folders(folders, registry);
  BOOST_REQUIRE(reports.size() == 2u);  // the first folder, named again, is taken once
  BOOST_TEST((reports[0].outcome == PluginOutcome::loaded), reports[0].reason);
  BOOST_TEST(reports[1].code == "E_PLUGIN_DUPLICATE_TEMPLATE");
  BOOST_TEST((reports[1].reason.find(one.string()) != std::string::npos), reports[1].reason);
  BOOST_TEST((reports[1].reason.find(two.string()) != std::string::npos), reports[1].reason);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_listed_is_reported_and_the_next_is_taken) {
  PluginFolder good;
  good.copy("good");
  fs::path file = good.write("not_a_folder", "");
  EndpointRegistry registry;
  std::vector<fs::path> folders{good.path() / "missing", file, good.path()};
  std::vector<PluginReport> reports = load_plugin_folders(folders, registry);
  BOOST_REQUIRE(reports.size() == 3u);
  for (size_t i : {0u, 1u}) {
    BOOST_TEST(reports[i].path == folders[i]);
    BOOST_TEST(reports[i].code == "E_PLUGIN_FOLDER");
  }
  BOOST_TEST((reports[2].outcome == PluginOutcome::loaded), reports[2].reason);
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_from_a_folder_that_everybody_may_write_to) {
  PluginFolder folder;
  folder.copy("duplicate_id");
  BOOST_REQUIRE(chmod(folder.path().c_str(), 01777) == 0);
  EndpointRegistry registry;
  std::vector<PluginReport> reports = load(folder, registry);
  BOOST_REQUIRE(reports.size() == 2u);
  BOOST_TEST(reports[0].path == folder.path());
  BOOST_TEST(reports[1].path == folder.path() / "duplicate_id.so");
  for (const PluginReport& report : reports) BOOST_TEST(report.code == "E_PLUGIN_FOLDER_PERMISSIONS");
  BOOST_TEST(load_plugin_file(folder.path() / "duplicate_id.so", registry).code ==
             "E_PLUGIN_FOLDER_PERMISSIONS");
  BOOST_TEST(registry.list().empty());
}

BOOST_AUTO_TEST_CASE(files_of_other_users_are_not_trusted) {
  struct stat status {};
  status.st_mode = S_IFREG | 0644;
  status.st_uid = 0;
  BOOST_TEST(!distrust(status).has_value());
  status.st_uid = geteuid();
  BOOST_TEST(!distrust(status).has_value());
  status.st_uid = geteuid() + 4711;
  BOOST_REQUIRE(distrust(status).has_value());
  BOOST_TEST((distrust(status)->find(std::to_string(status.st_uid)) != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_single_file_may_have_any_name) {
  PluginFolder folder;
  fs::path file = folder.write("plugin.bin", bytes_of(built("good")));
  EndpointRegistry registry;
  PluginReport report = load_plugin_file(file, registry);
  BOOST_TEST((report.outcome == PluginOutcome::loaded), report.reason);
  BOOST_TEST(report.plugin_id == "tiny");
  BOOST_TEST(load_plugin_file(folder.path() / "missing.so", registry).code == "E_PLUGIN_UNREADABLE");
  BOOST_TEST(registry.reports().size() == 2u);
}

BOOST_AUTO_TEST_CASE(inspecting_tells_what_the_file_says_and_runs_none_of_it) {
  PluginFolder folder;
  PluginInspection needy = inspect_plugin(folder.copy("needs_library"));
  BOOST_REQUIRE(needy.refusal);
  BOOST_TEST(needy.refusal->code() == "E_PLUGIN_LIBRARY_MISSING");
  BOOST_REQUIRE(needy.note);
  BOOST_TEST(needy.note->abi_version == 1u);
  BOOST_REQUIRE(needy.descriptor);
  BOOST_TEST(needy.descriptor->templates.at(0).id == "tiny.library");
  BOOST_TEST((std::find(needy.needed.begin(), needy.needed.end(), "libwrong_absent_library.so") !=
              needy.needed.end()));
  BOOST_TEST(!inspect_plugin(folder.copy("good")).refusal.has_value());

  PluginInspection newer = inspect_plugin(folder.copy("abi_too_new"));
  BOOST_REQUIRE(newer.refusal);
  BOOST_TEST(newer.refusal->code() == "E_PLUGIN_ABI");
  BOOST_REQUIRE(newer.note);
  BOOST_TEST(newer.note->abi_version == 3u);
  BOOST_TEST(!newer.descriptor.has_value());

  BOOST_TEST(inspect_plugin(folder.write("notes.txt", "text")).refusal->code() == "E_PLUGIN_NOT_ELF");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
