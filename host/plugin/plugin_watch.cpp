#include "host/plugin/plugin_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace sluice::host {

PluginWatch::PluginWatch(std::vector<std::filesystem::path> folders, std::function<void()> changed,
                         Times times)
    : folders_(std::move(folders)),
      changed_(std::move(changed)),
      times_(times),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  // Watched before this returns: no change after it is missed.
  watch_folders();
  thread_ = std::thread([this] { work(); });
}

PluginWatch::~PluginWatch() {
  const uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

// Whether one is watched that was not before: what is in it is news.
bool PluginWatch::watch_folders() {
  bool any = false;
  for (size_t i = 0; inotify_ && i < folders_.size(); ++i) {
    const bool known =
        std::any_of(watched_.begin(), watched_.end(), [&](auto& item) { return item.second == i; });
    if (known) continue;
    const int watch = ::inotify_add_watch(inotify_.get(), folders_[i].c_str(),
                                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                              IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (watch < 0) continue;
    watched_[watch] = i;
    any = true;
  }
  return any;
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
      const std::string_view file =
          event.len ? std::string_view(name, strnlen(name, event.len)) : std::string_view();
      if (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) (void)::inotify_rm_watch(inotify_.get(), event.wd);
      if (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) watched_.erase(event.wd);
      any = any || file.empty() || file.ends_with(".so");
      at += sizeof event + event.len;
    }
  }
}

// [the watch's thread]
void PluginWatch::work() {
  changed_();
  std::optional<Clock::time_point> first, last;  // changes that were not told
  for (;;) {
    const bool all_watched = inotify_ && watched_.size() == folders_.size();
    int wait = all_watched ? -1 : static_cast<int>(times_.absent.count());
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
