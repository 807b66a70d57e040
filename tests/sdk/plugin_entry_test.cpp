// What a plugin library shows from outside: one name, and a descriptor that can be read without running it.
#include <dlfcn.h>
#include <elf.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "sluice/abi/plugin.h"
#include "sluice/json.hpp"

namespace sluice {

namespace {

std::string read_library() {
  std::ifstream file(SAMPLE_PLUGIN, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
template <class T>
T at(const std::string& bytes, uint64_t offset) {
  T value{};
  BOOST_REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}
// Sections of a type; by name when one is given.
std::vector<Elf64_Shdr> sections(const std::string& bytes, uint32_t type, std::string_view name = {}) {
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  const auto names = at<Elf64_Shdr>(bytes, header.e_shoff + uint64_t{header.e_shstrndx} * header.e_shentsize);
  std::vector<Elf64_Shdr> found;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(bytes, header.e_shoff + i * header.e_shentsize);
    if (section.sh_type == type && (name.empty() || name == bytes.data() + names.sh_offset + section.sh_name))
      found.push_back(section);
  }
  return found;
}
// Names that the library defines for others.
std::set<std::string> exported(const std::string& bytes) {
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  std::set<std::string> names;
  for (const Elf64_Shdr& table : sections(bytes, SHT_DYNSYM)) {
    const auto texts = at<Elf64_Shdr>(bytes, header.e_shoff + uint64_t{table.sh_link} * header.e_shentsize);
    for (uint64_t offset = 0; offset < table.sh_size; offset += sizeof(Elf64_Sym)) {
      const auto symbol = at<Elf64_Sym>(bytes, table.sh_offset + offset);
      if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS &&
          ELF64_ST_BIND(symbol.st_info) != STB_LOCAL)
        names.insert(bytes.data() + texts.sh_offset + symbol.st_name);
    }
  }
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_library)

BOOST_AUTO_TEST_CASE(exports_exactly_its_entry) {
  BOOST_TEST((exported(read_library()) == std::set<std::string>{SLUICE_PLUGIN_SYMBOL}));
}

BOOST_AUTO_TEST_CASE(carries_its_descriptor_in_a_note) {
  const std::string bytes = read_library();
  const std::vector<Elf64_Shdr> notes = sections(bytes, SHT_NOTE, SLUICE_NOTE_SECTION);
  BOOST_REQUIRE(notes.size() == 1u);
  const auto header = at<Elf64_Nhdr>(bytes, notes[0].sh_offset);
  BOOST_TEST(header.n_type == SLUICE_NOTE_DESCRIPTOR);
  BOOST_TEST(bytes.substr(notes[0].sh_offset + sizeof header, header.n_namesz) ==
             std::string(SLUICE_NOTE_NAME, sizeof SLUICE_NOTE_NAME));
  const uint64_t content = notes[0].sh_offset + sizeof header + (header.n_namesz + 3) / 4 * 4;
  const auto note = at<sluice_note>(bytes, content);
  BOOST_TEST(note.abi_oldest == SLUICE_ABI_OLDEST);
  BOOST_TEST(note.abi_version == SLUICE_ABI_VERSION);
  BOOST_TEST(header.n_descsz == sizeof note + note.descriptor_bytes);
  const Json descriptor =
      Json::parse(std::string_view(bytes).substr(content + sizeof note, note.descriptor_bytes));
  BOOST_TEST(descriptor.at("plugin").at("id").as_string() == "sample");
  BOOST_TEST(descriptor.at("plugin").at("vendor").as_string() == "Quote \" and \\ and\nnewline");
  const Json& both = descriptor.at("templates").as_array().at(0);
  BOOST_TEST(both.at("id").as_string() == "sample.both");
  BOOST_TEST(both.at("roles").dump() == R"(["source","sink"])");
  BOOST_TEST(both.at("source").at("formats").dump() == R"(["documents","tables"])");
  BOOST_TEST(both.at("source").at("contentTypes").dump() == "[]");
  BOOST_TEST(both.at("configSchema").at("properties").at("token").boolean("x-secret", false));
  const Json& sink = descriptor.at("templates").as_array().at(1);
  BOOST_TEST(sink.at("roles").dump() == R"(["sink"])");
  BOOST_TEST(sink.at("configSchema").at("additionalProperties").as_bool() == false);
}

BOOST_AUTO_TEST_CASE(its_entry_says_the_same_as_its_note) {
  void* library = dlopen(SAMPLE_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  BOOST_REQUIRE_MESSAGE(library, dlerror());
  const auto* entry = static_cast<const sluice_plugin*>(dlsym(library, SLUICE_PLUGIN_SYMBOL));
  BOOST_REQUIRE(entry != nullptr);
  BOOST_TEST(entry->size == sizeof(sluice_plugin));
  BOOST_TEST(entry->create_source != nullptr);
  BOOST_TEST(entry->create_sink != nullptr);
  BOOST_TEST(entry->create_staging == nullptr);
  BOOST_TEST(read_library().find(view(entry->descriptor)) != std::string::npos);
  sluice_error error = new_abi_error();
  sluice_source source{};
  BOOST_TEST(entry->create_source(nullptr, abi("sample.sink"), abi("{}"), &source, &error) == SLUICE_CONFIG);
  BOOST_TEST(std::string(error.code) == "E_TEMPLATE_UNKNOWN");
  BOOST_TEST(source.api == nullptr);
  BOOST_TEST(entry->create_source(nullptr, abi("sample.both"), abi("{"), &source, &error) == SLUICE_CONFIG);
  BOOST_TEST(entry->create_source(nullptr, abi("sample.both"), abi("{}"), &source, &error) == SLUICE_OK);
  BOOST_REQUIRE(source.api != nullptr);
  source.api->destroy(source.self);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
