// The reader of ELF files: what it finds in a real library, and that no bytes lead it outside the file.
#include "host/plugin/elf_image.hpp"

#include <elf.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>

#include "host/plugin/plugin_note.hpp"
#include "plugin_folder.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host {
namespace {

using testing::built;
using testing::bytes_of;

std::string code_of(const std::vector<uint8_t>& bytes) {
  Result<ElfImage> image = ElfImage::parse(bytes, "plugin.so");
  return image ? "" : image.error().code();
}

bool inside(std::string_view part, const std::vector<uint8_t>& whole) {
  auto begin = reinterpret_cast<uintptr_t>(whole.data()), at = reinterpret_cast<uintptr_t>(part.data());
  return at >= begin && at + part.size() <= begin + whole.size();
}

// Reads everything there is to read; true when all of it lies inside the bytes. `bytes` has no spare
// capacity, so that the address sanitizer sees a step outside.
bool reads_inside(const std::vector<uint8_t>& bytes) {
  Result<ElfImage> image = ElfImage::parse(bytes, "plugin.so");
  if (!image) return !image.error().code().empty();
  bool all = true;
  for (const DynamicSymbol& symbol : image->symbols()) all = all && inside(symbol.name, bytes);
  for (std::string_view name : image->needed()) all = all && inside(name, bytes);
  if (auto note = image->section(SLUICE_NOTE_SECTION)) {
    all = all && inside({reinterpret_cast<const char*>(note->data()), note->size()}, bytes);
    Result<PluginNote> read = read_plugin_note(*note, "plugin.so");
    all = all && (!read || read->descriptor_text.size() <= note->size());
  }
  return all;
}

template <class T>
void patch(std::vector<uint8_t>& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elf_image)

BOOST_AUTO_TEST_CASE(finds_note_symbols_and_needed_libraries) {
  std::vector<uint8_t> bytes = bytes_of(built("needs_library"));
  Result<ElfImage> image = ElfImage::parse(bytes, "plugin.so");
  BOOST_REQUIRE_MESSAGE(image.has_value(), (image.has_error() ? image.error().message() : std::string()));
  BOOST_TEST(image->section(SLUICE_NOTE_SECTION).has_value());
  BOOST_TEST(!image->section(".note.nobody").has_value());

  const DynamicSymbol* entry = image->find_symbol(SLUICE_PLUGIN_SYMBOL);
  BOOST_REQUIRE(entry);
  BOOST_TEST(entry->exported);
  BOOST_TEST(entry->is_object);
  BOOST_TEST(entry->size >= sizeof(sluice_plugin));

  const DynamicSymbol* missing = image->find_symbol("absent_answer");
  BOOST_REQUIRE(missing);
  BOOST_TEST(!missing->defined);
  BOOST_TEST(!missing->exported);
  BOOST_TEST(!image->find_symbol("nobody"));

  std::vector<std::string> needed(image->needed().begin(), image->needed().end());
  BOOST_TEST((std::find(needed.begin(), needed.end(), "libwrong_absent_library.so") != needed.end()));
}

BOOST_AUTO_TEST_CASE(tells_what_is_no_library_of_this_machine) {
  std::vector<uint8_t> good = bytes_of(built("good"));
  BOOST_TEST(code_of(good) == "");
  BOOST_TEST(code_of({}) == "E_PLUGIN_NOT_ELF");
  BOOST_TEST(code_of({'#', '!', '/', 'b', 'i', 'n'}) == "E_PLUGIN_NOT_ELF");
  auto patched = [&](auto change) {
    std::vector<uint8_t> bytes = good;
    change(bytes);
    return code_of(bytes);
  };
  using Bytes = std::vector<uint8_t>;
  BOOST_TEST(patched([](Bytes& b) { b[EI_CLASS] = ELFCLASS32; }) == "E_PLUGIN_MACHINE");
  BOOST_TEST(patched([](Bytes& b) { b[EI_DATA] ^= 3; }) == "E_PLUGIN_MACHINE");
  BOOST_TEST(patched([](Bytes& b) { patch<uint16_t>(b, offsetof(Elf64_Ehdr, e_machine), EM_SPARC); }) ==
             "E_PLUGIN_MACHINE");
  BOOST_TEST(patched([](Bytes& b) { patch<uint16_t>(b, offsetof(Elf64_Ehdr, e_type), ET_REL); }) ==
             "E_PLUGIN_NOT_LIBRARY");
  BOOST_TEST(patched([](Bytes& b) { patch<uint64_t>(b, offsetof(Elf64_Ehdr, e_shoff), 0); }) ==
             "E_PLUGIN_DAMAGED");
  BOOST_TEST(patched([](Bytes& b) { patch<uint64_t>(b, offsetof(Elf64_Ehdr, e_shoff), UINT64_MAX - 8); }) ==
             "E_PLUGIN_DAMAGED");
  BOOST_TEST(patched([](Bytes& b) { patch<uint16_t>(b, offsetof(Elf64_Ehdr, e_shnum), 0xfeff); }) ==
             "E_PLUGIN_DAMAGED");
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  std::vector<uint8_t> good = bytes_of(built("good"));
  for (size_t size = 0; size < good.size(); size += size < 4096 ? 1 : 37) {
    std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    std::string code = code_of(cut);
    BOOST_TEST_REQUIRE((code == "E_PLUGIN_NOT_ELF" || code == "E_PLUGIN_DAMAGED"),
                       size << " bytes gave " << code);
  }
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_leads_outside_the_file) {
  const std::vector<uint8_t> good = bytes_of(built("good"));
  Elf64_Ehdr header;
  std::memcpy(&header, good.data(), sizeof header);

  // ELF header, program headers, section headers, and what the reader follows from there.
  std::vector<std::pair<uint64_t, uint64_t>> regions{{0, sizeof header},
                                                     {header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr)},
                                                     {header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)}};
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, good.data() + header.e_shoff + i * sizeof section, sizeof section);
    if (section.sh_type == SHT_DYNSYM || section.sh_type == SHT_DYNAMIC || section.sh_type == SHT_STRTAB ||
        section.sh_type == SHT_NOTE)
      regions.emplace_back(section.sh_offset, std::min<uint64_t>(section.sh_size, 2048));
  }
  BOOST_TEST_REQUIRE(regions.size() > 5u);

  size_t tried = 0;
  std::vector<uint8_t> bytes = good;
  for (auto [offset, size] : regions) {
    for (uint64_t at = offset; at < offset + size; ++at) {
      for (int flip : {0x01, 0x80, 0xff}) {
        bytes[at] = static_cast<uint8_t>(good[at] ^ flip);
        BOOST_TEST_REQUIRE(reads_inside(bytes), "byte " << at << " flipped by " << flip);
        ++tried;
      }
      bytes[at] = good[at];
    }
  }
  BOOST_TEST(tried > 3000u);
}

BOOST_AUTO_TEST_CASE(long_overlapping_names_are_bounded) {
  // Every symbol is given the same name of one mebibyte: 24
  // bytes of file each, and a thousand of them is a gibibyte.
  std::vector<uint8_t> bytes = bytes_of(built("good"));
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  size_t symbols_at = (bytes.size() + 63) & ~size_t{63};
  constexpr size_t symbol_count = 2000;
  size_t names_at = symbols_at + symbol_count * sizeof(Elf64_Sym);
  constexpr size_t name_size = size_t{1} << 20;
  bytes.resize(names_at + name_size + 1);
  std::memset(bytes.data() + names_at, 'x', name_size);
  for (size_t i = 0; i < header.e_shnum; ++i) {
    size_t at = header.e_shoff + i * sizeof(Elf64_Shdr);
    Elf64_Shdr section;
    std::memcpy(&section, bytes.data() + at, sizeof section);
    if (section.sh_type != SHT_DYNSYM) continue;
    Elf64_Shdr names;
    size_t names_header_at = header.e_shoff + section.sh_link * sizeof names;
    std::memcpy(&names, bytes.data() + names_header_at, sizeof names);
    names.sh_offset = names_at, names.sh_size = name_size + 1;
    section.sh_offset = symbols_at, section.sh_size = symbol_count * sizeof(Elf64_Sym);
    patch(bytes, at, section);
    patch(bytes, names_header_at, names);
  }
  BOOST_TEST(code_of(bytes) == "E_PLUGIN_DAMAGED");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
