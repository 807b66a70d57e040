#include "host/plugin/elf_image.hpp"

#include <elf.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <string>

#include "host/plugin/elf_bytes.hpp"

namespace sluice::host {
namespace {

constexpr size_t max_symbols = size_t{1} << 22;
constexpr size_t max_dynamic_entries = 65536;
constexpr size_t max_needed = 1024;
// Names may overlap inside a string table, so that a small file could otherwise hold terabytes of them.
constexpr uint64_t max_name_bytes = uint64_t{256} << 20;

uint16_t host_machine() {
#if defined(__x86_64__)
  return EM_X86_64;
#else
  // The running program has the machine that its plugins must have.
  static const uint16_t machine = [] {
    Elf64_Ehdr header{};
    std::ifstream self("/proc/self/exe", std::ios::binary);
    self.read(reinterpret_cast<char*>(&header), sizeof header);
    return self ? header.e_machine : static_cast<uint16_t>(EM_NONE);
  }();
  return machine;
#endif
}

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "ARM";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC64";
    case EM_S390:
      return "S/390";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

}  // namespace

class ElfReader {
 public:
  ElfReader(std::span<const uint8_t> bytes, const std::filesystem::path& file) : bytes_(bytes), file_(file) {}

  Result<ElfImage> read() {
    for (auto step : {&ElfReader::read_header, &ElfReader::read_sections, &ElfReader::read_versions,
                      &ElfReader::read_symbols, &ElfReader::read_dynamic})
      if (Status status = (this->*step)(); !status) return std::move(status).take_error();
    return std::move(image_);
  }

 private:
  Status read_header() {
    constexpr size_t machine_end = offsetof(Elf64_Ehdr, e_machine) + sizeof(Elf64_Half);
    if (bytes_.empty()) return refuse(Refusal::not_elf, file_, "it is empty");
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0)
      return refuse(Refusal::not_elf, file_, "it does not begin with the ELF magic");
    if (bytes_.size() < machine_end) return damaged("it ends inside the ELF header");

    constexpr uint8_t order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    if (bytes_[EI_CLASS] != ELFCLASS64) return refuse(Refusal::machine, file_, "it is not a 64-bit library");
    if (bytes_[EI_DATA] != order)
      return refuse(Refusal::machine, file_, "its byte order is not this machine's");
    std::memcpy(&header_, bytes_.data(), std::min(bytes_.size(), sizeof header_));
    if (header_.e_machine != host_machine())
      return refuse(
          Refusal::machine, file_,
          "it is for " + machine_name(header_.e_machine) + ", this host is " + machine_name(host_machine()));
    if (bytes_.size() < sizeof header_) return damaged("it ends inside the ELF header");
    if (header_.e_type != ET_DYN)
      return refuse(Refusal::not_library, file_, "its ELF type is " + std::to_string(header_.e_type));
    return {};
  }

  Status read_sections() {
    // A number of sections too large for e_shnum stands as 0 there; no plugin comes near it.
    if (header_.e_shoff == 0 || header_.e_shnum == 0) return damaged("it has no section table");
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) return damaged("its section headers have an unknown size");
    if (!slice(bytes_, header_.e_shoff, uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr)))
      return damaged("its section table lies outside the file");
    if (header_.e_shstrndx >= header_.e_shnum) return damaged("it has no table of section names");

    std::vector<Elf64_Shdr> headers(header_.e_shnum);
    image_.sections_.resize(header_.e_shnum);
    for (size_t i = 0; i < headers.size(); ++i) {
      if (!read_at(bytes_, header_.e_shoff + i * sizeof(Elf64_Shdr), headers[i]))
        return damaged("its section table lies outside the file");
      ElfImage::Section& section = image_.sections_[i];
      section.type = headers[i].sh_type;
      section.link = headers[i].sh_link;
      if (section.type == SHT_NOBITS || section.type == SHT_NULL) continue;
      auto content = slice(bytes_, headers[i].sh_offset, headers[i].sh_size);
      if (!content) return damaged("section " + std::to_string(i) + " lies outside the file");
      section.content = *content;
    }
    for (size_t i = 0; i < headers.size(); ++i) {
      auto name = name_at(header_.e_shstrndx, headers[i].sh_name);
      if (!name) return damaged("the name of section " + std::to_string(i) + " lies outside its table");
      image_.sections_[i].name = *name;
    }
    return {};
  }

  Status read_versions() {
    if (const ElfImage::Section* needs = first_of_type(SHT_GNU_verneed))
      if (auto wrong = image_.versions_.read_needs(needs->content, names_of(*needs))) return damaged(*wrong);
    if (const ElfImage::Section* definitions = first_of_type(SHT_GNU_verdef))
      if (auto wrong = image_.versions_.read_definitions(definitions->content, names_of(*definitions)))
        return damaged(*wrong);
    return {};
  }

  Status read_symbols() {
    const ElfImage::Section* table = first_of_type(SHT_DYNSYM);
    if (!table) return {};
    size_t count = table->content.size() / sizeof(Elf64_Sym);
    if (count > max_symbols) return damaged("it claims " + std::to_string(count) + " dynamic symbols");
    image_.symbols_.reserve(count);
    // An entry for each symbol, when there is any.
    const ElfImage::Section* versions = first_of_type(SHT_GNU_versym);
    for (size_t i = 1; i < count; ++i) {  // the first is the null symbol
      Elf64_Sym symbol;
      if (!read_at(table->content, i * sizeof symbol, symbol))
        return damaged("its dynamic symbols are cut off");
      auto name = name_at(table->link, symbol.st_name);
      if (!name)
        return damaged("the name of dynamic symbol " + std::to_string(i) + " lies outside its table");
      unsigned binding = ELF64_ST_BIND(symbol.st_info);
      unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      bool defined = symbol.st_shndx != SHN_UNDEF;
      uint16_t version = VER_NDX_GLOBAL;
      if (versions && !read_at(versions->content, i * sizeof version, version))
        return damaged("the versions of its symbols are cut off");
      image_.symbols_.push_back(
          {*name, image_.versions_.name_of(version), symbol.st_size, defined,
           defined && binding != STB_LOCAL && (visibility == STV_DEFAULT || visibility == STV_PROTECTED),
           !defined && binding == STB_GLOBAL && !name->empty(), ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT});
    }
    return {};
  }

  Status read_dynamic() {
    const ElfImage::Section* table = first_of_type(SHT_DYNAMIC);
    if (!table) return damaged("it has no dynamic section");
    size_t count = std::min(table->content.size() / sizeof(Elf64_Dyn), max_dynamic_entries);
    for (size_t i = 0; i < count; ++i) {
      Elf64_Dyn entry;
      if (!read_at(table->content, i * sizeof entry, entry)) return damaged("its dynamic section is cut off");
      if (entry.d_tag == DT_NULL) return {};
      std::string_view* text = text_of(entry.d_tag);
      if (!text && entry.d_tag != DT_NEEDED) continue;
      auto name = name_at(table->link, entry.d_un.d_val);
      if (!name) return damaged("a text of its dynamic section lies outside its table");
      if (text) {
        *text = *name;
        continue;
      }
      if (image_.needed_.size() == max_needed) return damaged("it needs too many libraries");
      image_.needed_.push_back(*name);
    }
    return damaged("its dynamic section has no end");
  }

  std::string_view* text_of(Elf64_Sxword tag) {
    switch (tag) {
      case DT_SONAME:
        return &image_.soname_;
      case DT_RPATH:
        return &image_.rpath_;
      case DT_RUNPATH:
        return &image_.runpath_;
      default:
        return nullptr;
    }
  }

  ElfVersions::Names names_of(const ElfImage::Section& section) {
    return [this, link = section.link](uint64_t offset) { return name_at(link, offset); };
  }

  const ElfImage::Section* first_of_type(uint32_t type) const {
    for (const ElfImage::Section& section : image_.sections_)
      if (section.type == type) return &section;
    return nullptr;
  }

  std::optional<std::string_view> name_at(uint32_t table_index, uint64_t offset) {
    if (table_index >= image_.sections_.size()) return std::nullopt;
    std::span<const uint8_t> table = image_.sections_[table_index].content;
    if (offset >= table.size()) return std::nullopt;
    const auto* begin = reinterpret_cast<const char*>(table.data() + offset);
    uint64_t room = std::min<uint64_t>(table.size() - offset, max_name_bytes - name_bytes_);
    const auto* end = static_cast<const char*>(std::memchr(begin, 0, room));
    if (!end) return std::nullopt;
    std::string_view name(begin, static_cast<size_t>(end - begin));
    name_bytes_ += name.size();
    return name;
  }

  Error damaged(std::string_view detail) const { return refuse(Refusal::damaged, file_, detail); }

  std::span<const uint8_t> bytes_;
  const std::filesystem::path& file_;
  Elf64_Ehdr header_{};
  ElfImage image_;
  uint64_t name_bytes_ = 0;
};

Result<ElfImage> ElfImage::parse(std::span<const uint8_t> bytes, const std::filesystem::path& file) {
  return ElfReader(bytes, file).read();
}

std::optional<std::span<const uint8_t>> ElfImage::section(std::string_view name) const {
  for (const Section& section : sections_)
    if (section.name == name) return section.content;
  return std::nullopt;
}

const DynamicSymbol* ElfImage::find_symbol(std::string_view name) const {
  for (const DynamicSymbol& symbol : symbols_)
    if (symbol.name == name) return &symbol;
  return nullptr;
}

std::vector<bool> ElfImage::bound_symbols() const {
  std::vector<bool> bound(symbols_.size());
  for (const Section& section : sections_) {
    if (section.type != SHT_RELA || section.link >= sections_.size() ||
        sections_[section.link].type != SHT_DYNSYM)
      continue;
    Elf64_Rela relocation;
    for (uint64_t at = 0; read_at(section.content, at, relocation); at += sizeof relocation) {
      const uint64_t symbol = ELF64_R_SYM(relocation.r_info);
      if (symbol > 0 && symbol <= bound.size()) bound[symbol - 1] = true;  // the null symbol is left out
    }
  }
  return bound;
}

}  // namespace sluice::host
