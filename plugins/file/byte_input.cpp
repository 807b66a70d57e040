#include "byte_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "file_error.hpp"

namespace sluice::file {

namespace {

class PlainInput final : public ByteInput {
 public:
  PlainInput(std::string path, UniqueFd fd, uint64_t bytes)
      : ByteInput(std::move(path), std::move(fd), bytes) {
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  size_t read(char* to, size_t size) override {
    const size_t got = read_file(to, size);
    offset_ += got;
    return got;
  }
  uint64_t consumed() const override { return offset_; }
  bool seekable() const override { return true; }
  void seek(uint64_t offset) override {
    if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) throw read_error(path_, errno);
    offset_ = offset;
  }

 private:
  uint64_t offset_ = 0;
};

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Compression compression_of(const std::string& setting, const std::string& path) {
  if (setting == "gzip") return Compression::gzip;
  if (setting == "zstd") return Compression::zstd;
  if (setting == "none") return Compression::none;
  if (ends_with(path, ".gz")) return Compression::gzip;
  if (ends_with(path, ".zst") || ends_with(path, ".zstd")) return Compression::zstd;
  return Compression::none;
}

void ByteInput::seek(uint64_t) {
  throw Error(ErrorClass::system, "E_FILE_READ", "a compressed file has no places to go to", path_);
}

size_t ByteInput::read_file(char* to, size_t size) {
  for (;;) {
    const ssize_t got = ::read(fd_.get(), to, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) throw read_error(path_, errno);
  }
}

std::string_view CompressedInput::window() {
  if (begin_ == end_) {
    begin_ = 0;
    end_ = read_file(window_.data(), window_.size());
  }
  return {window_.data() + begin_, end_ - begin_};
}

std::unique_ptr<ByteInput> open_input(const std::string& path, Compression compression) {
  // O_NONBLOCK: a pipe in the place of a file must not hang the open.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw open_error(path, errno);
  struct stat is {};
  if (::fstat(fd.get(), &is) != 0) throw open_error(path, errno);
  if (!S_ISREG(is.st_mode)) throw open_error(path, "it is no regular file");
  const auto bytes = static_cast<uint64_t>(is.st_size);
  if (compression == Compression::gzip) return make_gzip_input(path, std::move(fd), bytes);
  if (compression == Compression::zstd) return make_zstd_input(path, std::move(fd), bytes);
  return std::make_unique<PlainInput>(path, std::move(fd), bytes);
}

}  // namespace sluice::file
