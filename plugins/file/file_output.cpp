#include "file_output.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "compress.hpp"
#include "file_error.hpp"

namespace sluice::file {

namespace {

// So much is compressed in one piece; a commit ends one too.
constexpr size_t piece_bytes = size_t{4} << 20;
// Linux takes memory for the page cache in pieces as large as one write. Larger ones are hard to find: 4 MiB
// at once took three times as long as in four writes (Linux 6.18, ext4).
constexpr size_t most_at_once = size_t{1} << 20;
// So much of the disk is taken ahead of what is written, once a run has written as much.
constexpr uint64_t room_ahead = uint64_t{16} << 20;

// ext4 writes an eighth faster into blocks that the file has already. Others gain nothing (xfs takes them
// ahead by itself), or lose (btrfs compresses none of them).
bool gains_by_room(int fd) {
  struct statfs on {};
  return ::fstatfs(fd, &on) == 0 && on.f_type == EXT4_SUPER_MAGIC;
}

uint64_t random_number() {
  uint64_t value = 0;
  if (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
    throw Error(ErrorClass::system, "E_FILE_OPEN", "the system gives no random numbers");
  return value;
}

std::string random_name() {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random_number()));
  return text;
}

}  // namespace

FileOutput::~FileOutput() {
  try {
    abort();
  } catch (const std::exception& error) {
    host_.log(LogLevel::warning, error.what());
  }
}

std::optional<Json> FileOutput::open(const WriteRequest& request) {
  to_disk_ = request.to_disk;
  replace_ = !request.incremental;
  marker_.unit_key = request.unit_key;
  if (!replace_) return open_append(request);
  open_replacement(request);
  return std::nullopt;
}

// A marker stands for a run from when it opens the file: whoever opened it before may not commit any more.
void FileOutput::take_fence(const WriteRequest& request, const std::optional<OutputMarker>& before) {
  if (before && before->unit_key == request.unit_key) {
    if (request.epoch != 0 && before->epoch > request.epoch)
      throw Error(ErrorClass::config, "E_FENCED",
                  "attempt " + std::to_string(request.epoch) + " comes too late: attempt " +
                      std::to_string(before->epoch) + " has opened " + path_.path,
                  path_.path, "let the later attempt finish");
    marker_.epoch = std::max(before->epoch, request.epoch);
  } else {
    marker_.epoch = request.epoch;
  }
  marker_.fence = random_number();
}

// Under the marker's lock, so that nobody opens the file between this look and what follows it.
void FileOutput::check_fence() const {
  const std::optional<OutputMarker> now = read_marker(path_);
  if (now && now->fence == marker_.fence) return;
  throw Error(ErrorClass::config, "E_FENCED",
              "a later attempt has opened " + path_.path + "; this one may not commit any more", path_.path,
              "let the later attempt finish; collect this one's staging with `sluice staging gc`");
}

void FileOutput::open_replacement(const WriteRequest& request) {
  {
    const MarkerLock lock(path_);
    // What the marker says of the file that stands there goes on being true.
    std::optional<OutputMarker> before = read_marker(path_);
    take_fence(request, before);
    OutputMarker fenced = before.value_or(OutputMarker{});
    if (!before) fenced.unit_key = marker_.unit_key;
    fenced.fence = marker_.fence;
    if (fenced.unit_key == marker_.unit_key) fenced.epoch = marker_.epoch;
    write_marker(path_, fenced, to_disk_);
  }
  remove_stale_replacements();
  temporary_ = path_.beside(".sluice-tmp-" + random_name());
  fd_.reset(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd_) throw open_error(temporary_, errno);
  active_ = true;
  lock();
  takes_room_ = gains_by_room(fd_.get());
  struct stat is {};
  if (::stat(path_.path.c_str(), &is) == 0) (void)::fchmod(fd_.get(), is.st_mode & 07777);
}

// A replacement that nobody has locked belonged to a run that died.
void FileOutput::remove_stale_replacements() {
  const std::string start = "." + path_.name() + ".sluice-tmp-", folder = path_.folder();
  std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name.substr(0, start.size()) != start || name.size() != start.size() + 16) continue;
    const std::string stale = folder + "/" + std::string(name);
    UniqueFd fd(::open(stale.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(stale.c_str());
  }
}

void FileOutput::lock() {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return;
  fd_.reset();
  active_ = false;
  throw Error(ErrorClass::transient, "E_OUTPUT_BUSY", "another run is writing " + path_.path, path_.path,
              "wait for it, or give each run a file of its own");
}

std::optional<Json> FileOutput::open_append(const WriteRequest& request) {
  fd_.reset(::open(path_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd_) throw open_error(path_.path, errno);
  lock();
  struct stat is {};
  if (::fstat(fd_.get(), &is) != 0) throw open_error(path_.path, errno);
  const auto size = static_cast<uint64_t>(is.st_size);
  const uint64_t inode = is.st_ino;

  const MarkerLock marker_lock(path_);
  std::optional<OutputMarker> before = read_marker(path_);
  take_fence(request, before);
  if (before && (before->inode != inode || before->length > size)) {
    // One that stands for no file tells only who opened it last.
    if (before->inode != 0)
      host_.log(LogLevel::warning,
                path_.path + " is not the file that its marker speaks of; all in it is kept");
    before.reset();
  }
  std::optional<Json> token;
  uint64_t keep = size;
  marker_.start = size;
  if (before) {
    // Behind the committed length lies what a run left that died, or what somebody else appended.
    const bool foreign_behind = !before->open && size > before->length;
    if (!foreign_behind) keep = before->length;
    marker_.start = keep;
    if (before->unit_key == marker_.unit_key && !foreign_behind) {
      marker_.start = before->start;
      if (!request.checkpoint) keep = before->start;
    }
    if (before->unit_key == marker_.unit_key && request.checkpoint && before->token.is_object())
      token = before->token;
  }
  // The marker first: when the run dies between the two, the longer file is still cut at the next attempt.
  marker_.inode = inode;
  marker_.length = keep;
  marker_.open = true;
  if (token) marker_.token = *token;
  write_marker(path_, marker_, to_disk_);
  active_ = true;
  length_ = size;
  takes_room_ = gains_by_room(fd_.get());
  // Room that a run which died had taken ahead; less is the file system's rounding and its own blocks.
  const uint64_t blocks = static_cast<uint64_t>(is.st_blocks) * 512;
  if (takes_room_ && blocks > size + (uint64_t{1} << 20)) room_end_ = blocks;
  cut(keep);
  begin_ = keep;
  return token;
}

uint64_t FileOutput::file_size() const {
  struct stat is {};
  if (::fstat(fd_.get(), &is) != 0) throw write_error(path_.path, errno, 0);
  return static_cast<uint64_t>(is.st_size);
}

void FileOutput::cut(uint64_t length) {
  if ((file_size() != length || room_end_ > length) &&
      ::ftruncate(fd_.get(), static_cast<off_t>(length)) != 0)
    throw write_error(path_.path, errno, 0);
  length_ = length;
  room_end_ = 0;
}

// Before `bytes` are written. Where the disk has no room to spare none is taken, and what was comes back.
void FileOutput::take_room(size_t bytes) {
  if (!takes_room_ || length_ + bytes <= std::max(room_end_, begin_ + room_ahead)) return;
  const uint64_t from = std::max(room_end_, length_);
  const auto more = static_cast<off_t>(std::max<uint64_t>(room_ahead, bytes));
  room_end_ = from + static_cast<uint64_t>(more);
  takes_room_ = ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), more) == 0;
  if (!takes_room_) give_room_back();  // some of it may have been got
}

void FileOutput::give_room_back() {
  // When that fails the file has blocks behind its end, until somebody cuts it.
  if (room_end_ > length_) (void)!::ftruncate(fd_.get(), static_cast<off_t>(length_));
  room_end_ = 0;
}

void FileOutput::write(std::string_view bytes) {
  if (path_.compression == Compression::none) {
    put(bytes);
    return;
  }
  const size_t before = plain_.size();
  plain_ += bytes;
  if (plain_.size() < piece_bytes) return;
  try {
    flush_compressed();
  } catch (...) {
    plain_.resize(before);
    throw;
  }
}

void FileOutput::put(std::string_view bytes) {
  take_room(bytes.size());
  size_t done = 0;
  while (done < bytes.size()) {
    const size_t piece = std::min(bytes.size() - done, most_at_once);
    const ssize_t put_now =
        ::pwrite(fd_.get(), bytes.data() + done, piece, static_cast<off_t>(length_ + done));
    if (put_now >= 0) {
      done += static_cast<size_t>(put_now);
    } else if (errno != EINTR) {
      const int why = errno;
      // What was written of it goes again; a later write begins at the same place in any case.
      room_end_ = 0;
      if (::ftruncate(fd_.get(), static_cast<off_t>(length_)) != 0)
        host_.log(LogLevel::warning, "cannot cut " + path_.path + " back: " + errno_text(errno));
      throw write_error(path_.path, why, bytes.size() - done);
    }
  }
  length_ += bytes.size();
}

void FileOutput::flush_compressed() {
  if (plain_.empty()) return;
  std::string piece;
  compress(path_.compression, plain_, piece);
  put(piece);
  plain_.clear();
}

void FileOutput::sync() {
  if (to_disk_ && ::fdatasync(fd_.get()) != 0) throw write_error(path_.path, errno, 0);
}

Reached FileOutput::commit(const CommitToken& token) {
  if (replace_ && !token.final) return Reached::deferred;
  flush_compressed();
  if (token.final) give_room_back();
  sync();
  const MarkerLock lock(path_);
  check_fence();
  if (replace_) {
    if (active_ && ::rename(temporary_.c_str(), path_.path.c_str()) != 0)
      throw write_error(path_.path, errno, 0);
    active_ = false;
    if (to_disk_) sync_folder(path_.folder());
    struct stat is {};
    if (::fstat(fd_.get(), &is) != 0) throw write_error(path_.path, errno, 0);
    marker_.inode = is.st_ino;
  }
  // An incremental run that follows finds out from the marker that this data is its own.
  marker_.length = length_;
  marker_.token = token.token;
  marker_.open = !token.final;
  write_marker(path_, marker_, to_disk_);
  if (token.final) active_ = false;
  return Reached::durable;
}

void FileOutput::abort() {
  if (!std::exchange(active_, false)) return;
  plain_.clear();
  if (replace_) {
    ::unlink(temporary_.c_str());
    // A marker that was made for this run alone goes with it.
    const MarkerLock lock(path_);
    const std::optional<OutputMarker> marker = read_marker(path_);
    if (marker && marker->inode == 0 && marker->fence == marker_.fence && marker_.epoch == 0)
      ::unlink(path_.beside(".sluice").c_str());
    return;
  }
  cut(marker_.length);
  const MarkerLock lock(path_);
  marker_.open = false;
  write_marker(path_, marker_, to_disk_);
}

}  // namespace sluice::file
