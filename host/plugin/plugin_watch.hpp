// Watches plugin folders while a host lives, and tells when something in them has settled.
#pragma once

#include <sys/inotify.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

#include "host/worker/unique_fd.hpp"

namespace sluice::host {

class PluginWatch {
 public:
  struct Times {
    std::chrono::milliseconds quiet{100};  // nothing has happened for so long, ...
    std::chrono::milliseconds most{1000};  // ... or the first change is so old: it is told
    std::chrono::milliseconds look{2000};  // how often it is seen whether a name leads to another folder
  };

  // `changed` is called on the watch's thread, not more than once at a time; for the first time at once,
  // since nobody knows what changed before.
  PluginWatch(std::vector<std::filesystem::path> folders, std::function<void()> changed, Times times);
  PluginWatch(std::vector<std::filesystem::path> folders, std::function<void()> changed)
      : PluginWatch(std::move(folders), std::move(changed), Times()) {}
  // Returns when `changed` has, if it is under way.
  ~PluginWatch();
  PluginWatch(const PluginWatch&) = delete;
  PluginWatch& operator=(const PluginWatch&) = delete;

  // False: the system gives no notifications, and `changed` is called every `look`.
  bool is_notified() const { return static_cast<bool>(inotify_); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    int watch = -1;  // the same for all names of one folder
    dev_t device = 0;
    ino_t inode = 0;
  };

  void work();
  bool watch_folders();
  void unwatch(Watched& folder);
  bool take_events();
  bool is_news(const inotify_event& event, std::string_view file) const;

  const std::vector<std::filesystem::path> folders_;
  const std::function<void()> changed_;
  const Times times_;
  UniqueFd inotify_, stop_;
  std::vector<Watched> watched_;  // of folders_
  std::thread thread_;
};

}  // namespace sluice::host
