#include "host/plugin/system_library.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "host/plugin/elf_bytes.hpp"

namespace sluice::host {
namespace {

// Address space only; what is read of it is a small part.
constexpr uint64_t max_library_bytes = uint64_t{8} << 30;
// Sum of the tables that are read; libLLVM, among the largest there are, has about 20 MiB.
constexpr uint64_t max_table_bytes = uint64_t{512} << 20;
// No real symbol comes near it; one that does serves any reference.
constexpr size_t max_versions_of_symbol = 64;

bool read_range(int file, std::span<uint8_t> bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return false;
  while (size > 0) {
    const ssize_t got = ::pread(file, bytes.data() + offset, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
  return true;
}

// The sections that ElfImage looks into.
bool is_wanted(const Elf64_Shdr& section) {
  switch (section.sh_type) {
    case SHT_DYNAMIC:
    case SHT_DYNSYM:
    case SHT_GNU_verdef:
    case SHT_GNU_verneed:
    case SHT_GNU_versym:
      return true;
    case SHT_STRTAB:
      return (section.sh_flags & SHF_ALLOC) != 0;
    default:
      return false;
  }
}

}  // namespace

std::unique_ptr<SystemLibrary> SystemLibrary::read(const std::filesystem::path& file) {
  // Not blocking: a FIFO of that name must not hold the host.
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  // What this process may not open, the loader passes over as well.
  const bool regular = opened >= 0 ? ::fstat(opened, &status) == 0 && S_ISREG(status.st_mode)
                                   : errno == EMFILE || errno == ENFILE;
  std::unique_ptr<SystemLibrary> library;
  if (regular) library.reset(new SystemLibrary(file));
  if (regular && opened >= 0 && library->read_tables(opened, static_cast<uint64_t>(status.st_size))) {
    Result<ElfImage> image = ElfImage::parse(library->bytes_, file);
    if (image) {
      library->image_ = *std::move(image);
      library->kind_ = Kind::library;
    } else if (image.error().code() == kind_of(Refusal::machine).code) {
      library->kind_ = Kind::other_machine;
    }
  }
  if (opened >= 0) ::close(opened);
  return library;
}

SystemLibrary::~SystemLibrary() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

// False when the file could not be read; whether it makes sense is for ElfImage to say.
bool SystemLibrary::read_tables(int file, uint64_t size) {
  if (size == 0 || size > max_library_bytes) return false;
  void* memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  bytes_ = {static_cast<uint8_t*>(memory), size};

  if (!read_range(file, bytes_, 0, std::min<uint64_t>(size, sizeof(Elf64_Ehdr)))) return false;
  Elf64_Ehdr head;
  if (!read_at(bytes_, 0, head) || bytes_[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof(Elf64_Shdr))
    return true;
  if (!read_range(file, bytes_, head.e_shoff, uint64_t{head.e_shnum} * sizeof(Elf64_Shdr))) return false;
  uint64_t left = max_table_bytes;
  for (size_t i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr section;
    if (!read_at(bytes_, head.e_shoff + i * sizeof section, section)) return false;
    if (i != head.e_shstrndx && !is_wanted(section)) continue;
    if (section.sh_size > left || !read_range(file, bytes_, section.sh_offset, section.sh_size)) return false;
    left -= section.sh_size;
  }
  return true;
}

bool SystemLibrary::exports(std::string_view name, std::string_view version) const {
  if (!exports_) {
    exports_.emplace().reserve(image_->symbols().size());
    for (const DynamicSymbol& symbol : image_->symbols()) {
      if (!symbol.exported) continue;
      const auto [at, is_new] = exports_->try_emplace(symbol.name, Versions{symbol.version, {}});
      if (!is_new && at->second.more.size() < max_versions_of_symbol)
        at->second.more.push_back(symbol.version);
    }
  }
  const auto found = exports_->find(name);
  if (found == exports_->end()) return false;
  const auto serves = [&](std::string_view has) { return version.empty() || has.empty() || has == version; };
  const std::vector<std::string_view>& more = found->second.more;
  return serves(found->second.first) || more.size() == max_versions_of_symbol ||
         std::any_of(more.begin(), more.end(), serves);
}

bool SystemLibrary::defines_version(std::string_view version) const {
  const std::vector<std::string_view>& defined = image_->versions().definitions();
  return defined.empty() || std::find(defined.begin(), defined.end(), version) != defined.end();
}

}  // namespace sluice::host
