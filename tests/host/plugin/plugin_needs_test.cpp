// What plugins need of the system: what is found and where, what is refused, and when nothing can be said.
#include "host/plugin/plugin_needs.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "host/plugin/plugin_folders.hpp"
#include "host/plugin/plugin_loader.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::built;
using testing::bytes_of;
using testing::PluginFolder;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string refusal_of(const fs::path& file) {
  const PluginInspection found = inspect_plugin(file);
  return found.refusal ? found.refusal->code() + " " + found.refusal->message() : "";
}

PluginNeeds needs_of(const fs::path& file, SystemLibraries& libraries) {
  const std::vector<uint8_t> bytes = bytes_of(file);
  Result<ElfImage> image = ElfImage::parse(bytes, file);
  BOOST_REQUIRE(image.has_value());
  return find_needs(*image, file, libraries);
}

const NeededLibrary* library_of(const PluginNeeds& needs, std::string_view name) {
  const auto found = std::find_if(needs.libraries.begin(), needs.libraries.end(),
                                  [&](const NeededLibrary& each) { return each.name == name; });
  return found == needs.libraries.end() ? nullptr : &*found;
}

// A plugin that is fine by itself and calls abort(), with another version in the place of the C library's
// oldest.
fs::path needing_version(const PluginFolder& folder, std::string_view version) {
  std::vector<uint8_t> bytes = bytes_of(built("duplicate_id"));
  const std::string_view oldest = "GLIBC_2.2.5";
  BOOST_REQUIRE(version.size() == oldest.size());
  auto at = std::search(bytes.begin(), bytes.end(), oldest.begin(), oldest.end());
  BOOST_REQUIRE((at != bytes.end()));
  std::copy(version.begin(), version.end(), at);
  return folder.write("newer.so", bytes);
}

void put_beside(const PluginFolder& folder, std::string_view which) {
  fs::create_directories(folder.path() / "beside");
  fs::copy_file(fs::path(WRONG_PLUGINS) / which / "libwrong_beside.so",
                folder.path() / "beside/libwrong_beside.so");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_needs)

BOOST_AUTO_TEST_CASE(a_missing_library_is_named_with_the_places_searched) {
  const std::string why = refusal_of(built("needs_library"));
  BOOST_TEST(why.starts_with("E_PLUGIN_LIBRARY_MISSING"), why);
  BOOST_TEST(holds(why, "libwrong_absent_library.so is not found; looked in"), why);
  BOOST_TEST(holds(why, "/etc/ld.so.cache"), why);
}

BOOST_AUTO_TEST_CASE(missing_symbols_are_named_as_people_write_them) {
  const std::string why = refusal_of(built("needs_cpp_symbol"));
  BOOST_TEST(why.starts_with("E_PLUGIN_SYMBOL_MISSING"), why);
  BOOST_TEST(holds(why, "bar(int)"), why);
  BOOST_TEST(holds(why, "and 2 more, which no library it links exports"), why);
  SystemLibraries libraries;
  BOOST_TEST(needs_of(built("needs_cpp_symbol"), libraries).missing_symbols.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_version_that_the_library_lacks_is_named_with_the_one_it_has) {
  const std::string why = refusal_of(built("needs_version"));
  BOOST_TEST(why.starts_with("E_PLUGIN_LIBRARY_VERSION"), why);
  BOOST_TEST(holds(why, "it needs TINY_2 of libwrong_versioned.so, this system has TINY_1"), why);
}

BOOST_AUTO_TEST_CASE(a_newer_c_library_is_asked_for_by_number) {
  PluginFolder folder;
  SystemLibraries libraries;
  if (needs_of(built("good"), libraries).libc_here.empty()) return;
  const fs::path file = needing_version(folder, "GLIBC_9.9.9");
  const std::string why = refusal_of(file);
  BOOST_TEST(why.starts_with("E_PLUGIN_LIBRARY_VERSION"), why);
  const PluginNeeds needs = needs_of(file, libraries);
  BOOST_TEST(needs.libc_floor == "9.9.9");
  BOOST_TEST(
      holds(why, "it needs GLIBC_9.9.9 of libc.so.6, this system has GLIBC_" + needs.libc_here.substr(0, 2)),
      why);
}

BOOST_AUTO_TEST_CASE(what_is_weak_may_be_missing) {
  PluginFolder folder;
  const fs::path file = folder.copy("weak_symbol");
  BOOST_TEST(refusal_of(file) == "");
  EndpointRegistry registry;
  const PluginReport report = load_plugin_file(file, registry);
  BOOST_TEST((report.outcome == PluginOutcome::loaded), report.reason);
}

BOOST_AUTO_TEST_CASE(a_library_beside_the_plugin_is_found_and_so_is_what_it_lacks) {
  PluginFolder folder;
  const fs::path file = folder.copy("needs_beside");
  BOOST_TEST(holds(refusal_of(file), "RUNPATH " + (folder.path() / "beside").string()), refusal_of(file));

  put_beside(folder, "wrong_beside_needy");
  BOOST_TEST(holds(refusal_of(file), "libwrong_absent_library.so is not found (libwrong_beside.so needs it)"),
             refusal_of(file));

  fs::remove(folder.path() / "beside/libwrong_beside.so");
  put_beside(folder, "wrong_beside");
  BOOST_TEST(refusal_of(file) == "");
  SystemLibraries libraries;
  const PluginNeeds needs = needs_of(file, libraries);
  const NeededLibrary* beside = library_of(needs, "libwrong_beside.so");
  BOOST_REQUIRE(beside);
  BOOST_TEST(beside->path == folder.path() / "beside/libwrong_beside.so");
}

BOOST_AUTO_TEST_CASE(other_places_of_the_loader_serve_too) {
  LoaderPlaces places = LoaderPlaces::of_this_process();
  places.library_path = {fs::path(WRONG_PLUGINS) / "absent"};
  SystemLibraries libraries(places);
  const PluginNeeds needs = needs_of(built("needs_library"), libraries);
  BOOST_TEST(!!judge_needs(needs, "plugin.so"));
  const NeededLibrary* absent = library_of(needs, "libwrong_absent_library.so");
  BOOST_REQUIRE(absent);
  BOOST_TEST(absent->path == fs::path(WRONG_PLUGINS) / "absent/libwrong_absent_library.so");
}

BOOST_AUTO_TEST_CASE(who_cannot_tell_does_not_refuse) {
  const auto accepted = [](LoaderPlaces places, const char* plugin) {
    SystemLibraries libraries(std::move(places));
    return !!judge_needs(needs_of(built(plugin), libraries), "plugin.so");
  };
  LoaderPlaces without_cache = LoaderPlaces::of_this_process();
  without_cache.cache_file = "/nowhere/ld.so.cache";
  BOOST_TEST(accepted(without_cache, "needs_library"));
  BOOST_TEST(!accepted(LoaderPlaces::of_this_process(), "needs_library"));

  LoaderPlaces with_token = LoaderPlaces::of_this_process();
  with_token.incomplete = true;
  BOOST_TEST(accepted(with_token, "needs_library"));

  // A file of the right name that is no library: the loader will say so.
  PluginFolder folder;
  folder.write("libwrong_absent_library.so", "not a library");
  LoaderPlaces with_text = LoaderPlaces::of_this_process();
  with_text.library_path = {folder.path()};
  BOOST_TEST(accepted(with_text, "needs_library"));
}

BOOST_AUTO_TEST_CASE(folders_of_a_library_are_expanded) {
  PluginFolder folder;
  std::vector<uint8_t> bytes = bytes_of(built("needs_beside"));
  const auto with_runpath = [&](std::string_view text) {
    const std::string_view is = "$ORIGIN/beside";
    BOOST_REQUIRE(text.size() <= is.size());
    std::vector<uint8_t> changed = bytes;
    auto at = std::search(changed.begin(), changed.end(), is.begin(), is.end());
    BOOST_REQUIRE((at != changed.end()));
    *std::copy(text.begin(), text.end(), at) = 0;
    Result<ElfImage> image = ElfImage::parse(changed, "/opt/plugins/p.so");
    BOOST_REQUIRE(image.has_value());
    return library_folders(*image, "/opt/plugins/p.so");
  };
  using Folders = std::vector<fs::path>;
  BOOST_TEST((with_runpath("$ORIGIN:/b").runpath == Folders{"/opt/plugins", "/b"}));
  BOOST_TEST((with_runpath("${ORIGIN}/c").runpath == Folders{"/opt/plugins/c"}));
  BOOST_TEST((with_runpath("/a::/b").runpath == Folders{"/a", ".", "/b"}));
  BOOST_TEST(!with_runpath("/a").incomplete);
  for (const char* unknown : {"/a:/$LIB", "$PLATFORM:/a", "${ORIGIN:/a", "$ORIGINAL:/a"}) {
    BOOST_TEST((with_runpath(unknown).runpath == Folders{"/a"} || unknown[2] == 'O'), unknown);
    BOOST_TEST(with_runpath(unknown).incomplete, unknown);
  }
}

BOOST_AUTO_TEST_CASE(libraries_are_read_once_and_what_the_process_has_serves) {
  SystemLibraries libraries;
  const auto first = libraries.find("libc.so.6", {}), again = libraries.find("libc.so.6", {});
  BOOST_REQUIRE(first.library);
  BOOST_TEST(first.library == again.library);
  BOOST_REQUIRE((first.library->kind() == SystemLibrary::Kind::library));
  BOOST_TEST(first.library->exports("malloc", ""));
  BOOST_TEST(!first.library->exports("malloc", "GLIBC_9.9"));
  BOOST_TEST(!first.library->exports("nobody_defines_this", ""));
  BOOST_TEST(!libraries.find("libnobody.so.1", {}).library);
  BOOST_TEST(!libraries.find("", {}).certain);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
