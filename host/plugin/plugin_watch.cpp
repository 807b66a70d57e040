#include "host/plugin/plugin_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::host {

namespace {

constexpr uint32_t changes_of_files =
    IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
constexpr uint32_t changes_of_folders = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

// A file that was made just now is written, closed, and told again then; unless it is another name of one
// that there was.
bool is_complete(const std::filesystem::path& made) {
  struct stat status {};
  return ::lstat(made.c_str(), &status) == 0 && (!S_ISREG(status.st_mode) || status.st_nlink > 1);
}

}  // namespace

PluginWatch::PluginWatch(std::vector<std::filesystem::path> folders, std::function<void()> changed,
                         Times times)
    : folders_(std::move(folders)),
      changed_(std::move(changed)),
      times_(times),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      watched_(folders_.size()) {
  // Watched before this returns: no change after it is missed.
  watch_folders();
  thread_ = std::thread([this] { work(); });
}

PluginWatch::~PluginWatch() {
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

// Whether a name leads to another folder than before: what is in it is news.
bool PluginWatch::watch_folders() {
  bool any = false;
  for (size_t i = 0; inotify_ && i < folders_.size(); ++i) {
    Watched& folder = watched_[i];
    struct stat now {};
    const bool is_there = ::stat(folders_[i].c_str(), &now) == 0;
    if (folder.watch >= 0) {
      if (is_there && now.st_dev == folder.device && now.st_ino == folder.inode) continue;
      unwatch(folder);
      any = true;
    }
    if (!is_there) continue;
    folder = {::inotify_add_watch(inotify_.get(), folders_[i].c_str(), changes_of_files | changes_of_folders),
              now.st_dev, now.st_ino};
    any = any || folder.watch >= 0;
  }
  return any;
}

void PluginWatch::unwatch(Watched& folder) {
  const int watch = std::exchange(folder.watch, -1);
  if (std::none_of(watched_.begin(), watched_.end(),
                   [&](const Watched& other) { return other.watch == watch; }))
    (void)::inotify_rm_watch(inotify_.get(), watch);
}

// Whether anything happened to a library, or to a folder itself.
bool PluginWatch::take_events() {
  alignas(inotify_event) std::array<char, 16384> room;
  bool any = false;
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), room.data(), room.size());
    if (got <= 0) return any;
    for (size_t at = 0; at + sizeof(inotify_event) <= static_cast<size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, room.data() + at, sizeof event);
      const char* name = room.data() + at + sizeof event;
      any = any || is_news(event, std::string_view(name, ::strnlen(name, event.len)));
      // The folder is gone, whatever is under its name by now.
      if (event.mask & IN_IGNORED)
        for (Watched& folder : watched_)
          if (folder.watch == event.wd) folder.watch = -1;
      at += sizeof event + event.len;
    }
  }
}

bool PluginWatch::is_news(const inotify_event& event, std::string_view file) const {
  if (file.empty()) return true;
  if (!file.ends_with(".so")) return false;
  if (!(event.mask & IN_CREATE)) return true;
  const auto in = std::find_if(watched_.begin(), watched_.end(),
                               [&](const Watched& folder) { return folder.watch == event.wd; });
  return in != watched_.end() && is_complete(folders_[static_cast<size_t>(in - watched_.begin())] / file);
}

// [the watch's thread]
void PluginWatch::work() {
  changed_();
  std::optional<Clock::time_point> first, last;  // changes that were not told
  for (;;) {
    int wait = static_cast<int>(times_.look.count());
    if (first) {
      const auto due = std::min(*last + times_.quiet, *first + times_.most);
      wait = static_cast<int>(
          std::max<int64_t>(std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count(), 0));
    }
    pollfd at[] = {{stop_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    const int ready = ::poll(at, 2, wait);
    if (at[0].revents) return;
    bool news = ready > 0 && at[1].revents && take_events();
    if (watch_folders()) news = true;
    // Without notifications every look may find something.
    if (!inotify_ && !first && ready == 0) news = true;
    const auto now = Clock::now();
    if (news) {
      last = now;
      if (!first) first = now;
    }
    if (!first || (now < *last + times_.quiet && now < *first + times_.most)) continue;
    first.reset();
    changed_();
  }
}

}  // namespace sluice::host
