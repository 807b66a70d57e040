// A file layer that fails where it is told to, and that remembers what a crash would leave: of the process
// (all that was done so far), or of the machine (what was synced, and of the rest nothing or a part).
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "staging/files/posix_files.hpp"

namespace sluice::staging {

class FaultingFiles final : public PosixFiles {
 public:
  enum class Call {
    make_folder,
    create,
    open,
    size,
    read,
    write,
    map,
    commit,
    sync,
    sync_folder,
    rename,
    remove,
    remove_folder,
    list,
    lock,
    facts
  };
  enum class Crash { process, power, power_in_part };

  // `root` is the folder that a crash is about; what is in it now is safe.
  explicit FaultingFiles(std::filesystem::path root) : root_(std::move(root)) {}

  // ---- failing

  // The nth call of a kind from now (1 is the next one) fails, and so do the `times` - 1 ones after it.
  void fail(Call call, uint64_t nth, int error, uint64_t times = 1) {
    const std::lock_guard lock(mutex_);
    faults_[call] = {nth, error, times};
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  uint64_t calls(Call call) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(call);
    return found == counts_.end() ? 0 : found->second;
  }

  // ---- crashing

  // At this step, counted over all calls that change something, everything stops: the call and all later ones
  // fail with EIO and do nothing.
  void crash_at(uint64_t step, Crash how, uint32_t seed = 1) {
    const std::lock_guard lock(mutex_);
    crash_step_ = step;
    how_ = how;
    random_.seed(seed);
    // What is there before is durable.
    learn(root_.string(), 0);
  }
  uint64_t steps() const {
    const std::lock_guard lock(mutex_);
    return step_;
  }
  bool crashed() const {
    const std::lock_guard lock(mutex_);
    return dead_;
  }
  // Once all sessions are closed: puts the folder into the state that the crash left.
  void leave_what_the_crash_left() {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directory(root_);
    std::filesystem::permissions(root_, std::filesystem::perms::owner_all);
    for (const auto& [path, content] : image_) {
      if (!content) {
        std::filesystem::create_directory(path);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
      } else {
        std::ofstream(path, std::ios::binary)
            .write(content->data(), static_cast<std::streamsize>(content->size()));
      }
    }
  }

  // ---- the layer

  int make_folder(const std::string& path) override {
    return guarded(Call::make_folder, [&] {
      const int error = PosixFiles::make_folder(path);
      if (error == 0) names_[path] = next_id_++;
      return error;
    });
  }
  int create(const std::string& path, uint64_t bytes, File& out) override {
    return guarded(Call::create, [&] {
      const int error = PosixFiles::create(path, bytes, out);
      if (error == 0) {
        names_[path] = next_id_;
        inodes_[inode_of(out)] = next_id_++;
      }
      return error;
    });
  }
  int open(const std::string& path, Access access, File& out) override {
    return guarded(Call::open, [&] { return PosixFiles::open(path, access, out); });
  }
  int size(const File& file, uint64_t& out) override {
    return guarded(Call::size, [&] { return PosixFiles::size(file, out); });
  }
  int read(const File& file, uint64_t offset, std::span<std::byte> to, size_t& got) override {
    got = 0;
    return guarded(Call::read, [&] { return PosixFiles::read(file, offset, to, got); });
  }
  int write(const File& file, uint64_t offset, std::span<const std::byte> from) override {
    return guarded(Call::write, [&] { return PosixFiles::write(file, offset, from); });
  }
  int map(const File& file, uint64_t bytes, Access access, Mapping& out) override {
    return guarded(Call::map, [&] { return PosixFiles::map(file, bytes, access, out); });
  }
  void commit(const std::string& path, std::atomic_ref<uint64_t> word, uint64_t value) override {
    (void)guarded(Call::commit, [&] {
      PosixFiles::commit(path, word, value);
      return 0;
    });
  }
  int sync(const File& file) override {
    return guarded(Call::sync, [&] {
      // The disk is not waited for: what it would hold stands here.
      if (tracks()) durable_content_[inodes_[inode_of(file)]] = content_of(file);
      return 0;
    });
  }
  int sync_folder(const std::string& path) override {
    return guarded(Call::sync_folder, [&] {
      if (names_.count(path) > 0) durable_names_[names_.at(path)] = children(path);
      return 0;
    });
  }
  int rename(const std::string& from, const std::string& to) override {
    return guarded(Call::rename, [&] {
      const int error = PosixFiles::rename(from, to);
      if (error != 0) return error;
      std::map<std::string, uint64_t> moved;
      for (auto name = names_.begin(); name != names_.end();) {
        const bool inside = name->first == from || name->first.starts_with(from + "/");
        if (inside) moved[to + name->first.substr(from.size())] = name->second;
        name = inside ? names_.erase(name) : std::next(name);
      }
      for (const auto& [path, id] : moved) names_[path] = id;
      return 0;
    });
  }
  int remove(const std::string& path) override {
    return guarded(Call::remove, [&] {
      const int error = PosixFiles::remove(path);
      if (error == 0) names_.erase(path);
      return error;
    });
  }
  int remove_folder(const std::string& path) override {
    return guarded(Call::remove_folder, [&] {
      const int error = PosixFiles::remove_folder(path);
      if (error == 0) names_.erase(path);
      return error;
    });
  }
  int list(const std::string& path, std::vector<std::string>& names) override {
    return guarded(Call::list, [&] { return PosixFiles::list(path, names); });
  }
  int lock(const File& file) override {
    return guarded(Call::lock, [&] { return PosixFiles::lock(file); });
  }
  int facts(const std::string& path, FileSystemFacts& out) override {
    return guarded(Call::facts, [&] { return PosixFiles::facts(path, out); });
  }

 private:
  struct Fault {
    uint64_t in = 0;
    int error = 0;
    uint64_t times = 1;
  };
  using Content = std::string;

  static bool changes(Call call) {
    switch (call) {
      case Call::open:
      case Call::size:
      case Call::read:
      case Call::map:
      case Call::list:
      case Call::lock:
      case Call::facts:
        return false;
      default:
        return true;
    }
  }

  template <class Do>
  int guarded(Call call, Do&& act) {
    const std::lock_guard lock(mutex_);
    ++counts_[call];
    if (dead_) return EIO;
    if (changes(call) && ++step_ == crash_step_) {
      dead_ = true;
      take_image();
      return EIO;
    }
    const auto fault = faults_.find(call);
    if (fault != faults_.end() && --fault->second.in == 0) {
      const int error = fault->second.error;
      if (--fault->second.times == 0)
        faults_.erase(fault);
      else
        fault->second.in = 1;
      return error;
    }
    return act();
  }

  bool tracks() const { return crash_step_ != 0 && how_ != Crash::process; }

  static uint64_t inode_of(const File& file) {
    struct stat about {};
    return fstat(file.descriptor(), &about) == 0 ? about.st_ino : 0;
  }
  static Content content_of(const File& file) {
    struct stat about {};
    (void)fstat(file.descriptor(), &about);
    Content content(static_cast<size_t>(about.st_size), '\0');
    size_t got = 0;
    PosixFiles files;
    (void)files.read(file, 0, std::as_writable_bytes(std::span(content)), got);
    return content;
  }
  static Content content_at(const std::string& path) {
    PosixFiles files;
    File file;
    return files.open(path, Access::read, file) == 0 ? content_of(file) : Content();
  }

  std::map<std::string, uint64_t> children(const std::string& folder) const {
    std::map<std::string, uint64_t> found;
    for (const auto& [path, id] : names_)
      if (path.starts_with(folder + "/") && path.find('/', folder.size() + 1) == std::string::npos)
        found[path.substr(folder.size() + 1)] = id;
    return found;
  }

  void learn(const std::string& path, uint64_t id) {
    if (!std::filesystem::exists(path)) return;
    names_[path] = id;
    if (next_id_ <= id) next_id_ = id + 1;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const std::string child = entry.path().string();
      const uint64_t its = next_id_++;
      if (entry.is_directory()) {
        learn(child, its);
        continue;
      }
      names_[child] = its;
      durable_content_[its] = content_at(child);
      struct stat about {};
      if (::stat(child.c_str(), &about) == 0) inodes_[about.st_ino] = its;
    }
    durable_names_[id] = children(path);
  }

  bool coin() { return how_ == Crash::power_in_part && random_() % 2 == 0; }

  void take_image() {
    for (const auto& [path, id] : names_) path_of_[id] = path;
    add_folder(root_.string(), 0);
  }
  void add_folder(const std::string& path, uint64_t id) {
    const auto now = path_of_.find(id);
    std::map<std::string, uint64_t> in = durable_names_[id];
    // An order of names that nobody asked for may be there all the same.
    if (now != path_of_.end() && (how_ == Crash::process || coin())) in = children(now->second);
    for (const auto& [name, child] : in) {
      const std::string child_path = path + "/" + name;
      const auto current = path_of_.find(child);
      const bool folder = durable_names_.count(child) > 0 ||
                          (current != path_of_.end() && std::filesystem::is_directory(current->second));
      if (folder) {
        image_.emplace_back(child_path, std::nullopt);
        add_folder(child_path, child);
      } else {
        image_.emplace_back(child_path,
                            surviving(child, current == path_of_.end() ? std::string() : current->second));
      }
    }
  }
  Content surviving(uint64_t id, const std::string& path) {
    Content now = path.empty() ? Content() : content_at(path);
    if (how_ == Crash::process) return now;
    Content content = durable_content_[id];
    if (how_ == Crash::power || path.empty()) return content;
    // Sectors are written whole, in any order.
    if (content.size() < now.size() && coin()) content.resize(now.size());
    for (size_t at = 0; at < std::min(content.size(), now.size()); at += 512) {
      const size_t bytes = std::min<size_t>(512, std::min(content.size(), now.size()) - at);
      if (coin()) content.replace(at, bytes, now, at, bytes);
    }
    return content;
  }

  const std::filesystem::path root_;
  mutable std::mutex mutex_;
  std::map<Call, Fault> faults_;
  std::map<Call, uint64_t> counts_;
  uint64_t step_ = 0, crash_step_ = 0;
  Crash how_ = Crash::process;
  bool dead_ = false;
  std::mt19937 random_;

  // Files and folders have ids of their own: a name or an inode may be used again.
  uint64_t next_id_ = 1;
  std::map<std::string, uint64_t> names_;                              // as they are
  std::map<uint64_t, uint64_t> inodes_;                                // of files
  std::map<uint64_t, std::map<std::string, uint64_t>> durable_names_;  // by folder
  std::map<uint64_t, Content> durable_content_;
  std::map<uint64_t, std::string> path_of_;
  std::vector<std::pair<std::string, std::optional<Content>>> image_;  // folders have no content
};

}  // namespace sluice::staging
