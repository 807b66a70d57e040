// The versions of symbols: what real libraries say, and that no chain leads outside its section or on
// forever.
#include "host/plugin/elf_versions.hpp"

#include <elf.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "host/plugin/elf_image.hpp"
#include "host/plugin/version_number.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

using testing::built;
using testing::bytes_of;

std::optional<std::string_view> any_name(uint64_t offset) {
  return offset < 100 ? std::optional<std::string_view>("NAME_1") : std::nullopt;
}

template <class T>
std::vector<uint8_t> section_of(const std::vector<T>& entries) {
  std::vector<uint8_t> out(entries.size() * sizeof(T));
  std::memcpy(out.data(), entries.data(), out.size());
  return out;
}

std::string needs_of(const std::vector<uint8_t>& section) {
  ElfVersions versions;
  return versions.read_needs(section, any_name).value_or("");
}

std::string definitions_of(const std::vector<uint8_t>& section) {
  ElfVersions versions;
  return versions.read_definitions(section, any_name).value_or("");
}

static_assert(sizeof(Elf64_Verneed) == 16 && sizeof(Elf64_Vernaux) == 16);

// One library of one version: a Verneed and a Vernaux, which have the same size.
std::vector<uint8_t> one_need(uint16_t count, uint32_t next_library, uint32_t next_version) {
  const Elf64_Verneed need{1, count, 1, sizeof(Elf64_Verneed), next_library};
  const Elf64_Vernaux version{0, 0, 2, 1, next_version};
  std::vector<uint8_t> out = section_of<Elf64_Verneed>({need});
  const std::vector<uint8_t> second = section_of<Elf64_Vernaux>({version});
  out.insert(out.end(), second.begin(), second.end());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elf_versions)

BOOST_AUTO_TEST_CASE(needs_and_symbols_have_the_versions_that_they_were_linked_with) {
  const std::vector<uint8_t> bytes = bytes_of(built("needs_version"));
  Result<ElfImage> image = ElfImage::parse(bytes, "plugin.so");
  BOOST_REQUIRE(image.has_value());
  const auto& needs = image->versions().needs();
  const auto need = std::find_if(needs.begin(), needs.end(),
                                 [](const VersionNeed& each) { return each.version == "TINY_2"; });
  BOOST_REQUIRE((need != needs.end()));
  BOOST_TEST(need->library == "libwrong_versioned.so");
  BOOST_TEST(!need->weak);
  const DynamicSymbol* symbol = image->find_symbol("versioned_answer");
  BOOST_REQUIRE(symbol);
  BOOST_TEST(symbol->required);
  BOOST_TEST(symbol->version == "TINY_2");
  BOOST_TEST(image->runpath().ends_with("versioned_1"));
  BOOST_TEST(image->rpath() == "");
}

BOOST_AUTO_TEST_CASE(a_library_has_its_own_name_and_defines_versions) {
  const std::vector<uint8_t> bytes =
      bytes_of(std::filesystem::path(WRONG_PLUGINS) / "versioned_1/libwrong_versioned.so");
  Result<ElfImage> image = ElfImage::parse(bytes, "library.so");
  BOOST_REQUIRE(image.has_value());
  BOOST_TEST(image->soname() == "libwrong_versioned.so");
  const auto& defined = image->versions().definitions();
  BOOST_TEST((std::find(defined.begin(), defined.end(), "TINY_1") != defined.end()));
  BOOST_TEST((std::find(defined.begin(), defined.end(), image->soname()) == defined.end()));
  const DynamicSymbol* symbol = image->find_symbol("versioned_answer");
  BOOST_REQUIRE(symbol);
  BOOST_TEST(symbol->exported);
  BOOST_TEST(symbol->version == "TINY_1");
}

BOOST_AUTO_TEST_CASE(a_weak_symbol_is_not_required) {
  const std::vector<uint8_t> bytes = bytes_of(built("weak_symbol"));
  Result<ElfImage> image = ElfImage::parse(bytes, "plugin.so");
  BOOST_REQUIRE(image.has_value());
  const DynamicSymbol* symbol = image->find_symbol("nobody_defines_this");
  BOOST_REQUIRE(symbol);
  BOOST_TEST(!symbol->defined);
  BOOST_TEST(!symbol->required);
}

BOOST_AUTO_TEST_CASE(chains_are_followed_inside_their_section_only) {
  BOOST_TEST(needs_of({}) == "");
  BOOST_TEST(needs_of(one_need(1, 0, 0)) == "");
  BOOST_TEST(needs_of(one_need(2, 0, 16)).find("cut off") != std::string::npos);
  BOOST_TEST(needs_of(one_need(1, 4000, 0)).find("cut off") != std::string::npos);
  BOOST_TEST(needs_of(one_need(1, UINT32_MAX, UINT32_MAX)).find("cut off") != std::string::npos);
  for (size_t size = 1; size < 32; ++size) {
    std::vector<uint8_t> cut = one_need(1, 0, 0);
    cut.resize(size);
    BOOST_TEST(needs_of(cut) != "");
    BOOST_TEST(definitions_of(cut) != "");
  }
}

BOOST_AUTO_TEST_CASE(overlapping_chains_come_to_an_end) {
  // Each of many libraries has all the versions behind it: a
  // million pairs in a small section, were they not bounded.
  std::vector<Elf64_Verneed> needs(4000, {1, UINT16_MAX, 1, sizeof(Elf64_Verneed), sizeof(Elf64_Verneed)});
  BOOST_TEST(needs_of(section_of(needs)) != "");
  std::vector<uint8_t> small_steps(1 << 20, 0);
  for (size_t i = 0; i + 4 <= small_steps.size(); i += 4) small_steps[i] = 4;
  BOOST_TEST(needs_of(small_steps) != "");
  BOOST_TEST(definitions_of(small_steps) != "");
}

BOOST_AUTO_TEST_CASE(versions_compare_as_numbers) {
  const auto older = version_number("GLIBC_2.4"), newer = version_number("GLIBC_2.34");
  BOOST_REQUIRE((older && newer));
  BOOST_TEST((older->numbers < newer->numbers));
  BOOST_TEST(newer->name == "GLIBC_");
  BOOST_TEST(newer->text == "2.34");
  for (const char* text : {"", "GLIBC", "GLIBC_", "GLIBC_PRIVATE", "GLIBC_2.", "GLIBC_2.x", "A_99999999999",
                           "A_1.1.1.1.1.1.1.1.1", "A_-1"})
    BOOST_TEST(!version_number(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
