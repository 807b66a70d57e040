// The watch tells of changes in plugin folders, once for many, and ends at once when it is to.
#include "host/plugin/plugin_watch.hpp"

#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include "fake_scanner.hpp"
#include "host/plugin/plugin_folders.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::PluginFolder;
using namespace std::chrono_literals;

// Counts what the watch tells; the test waits for it, bounded.
class Told {
 public:
  void operator()() {
    std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return count_ >= count; });
  }
  // Nothing more is told: for many times the quiet of a `quick` watch.
  bool stays_at(int count) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, 300ms, [&] { return count_ > count; });
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

constexpr PluginWatch::Times quick{20ms, 200ms, 20ms};

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_watch)

BOOST_AUTO_TEST_CASE(it_tells_at_once_what_may_have_changed_before) {
  PluginFolder folder;
  Told told;
  PluginWatch watch({folder.path()}, std::ref(told), quick);
  BOOST_TEST(told.reaches(1));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_written_renamed_or_removed_is_told) {
  PluginFolder folder, aside;
  Told told;
  PluginWatch watch({folder.path()}, std::ref(told), quick);
  BOOST_TEST(watch.is_notified());
  BOOST_REQUIRE(told.reaches(1));
  folder.write("a.so", "x");
  BOOST_REQUIRE(told.reaches(2));
  fs::rename(aside.write("b", "x"), folder.path() / "b.so");
  BOOST_REQUIRE(told.reaches(3));
  fs::remove(folder.path() / "a.so");
  BOOST_REQUIRE(told.reaches(4));
  fs::permissions(folder.path() / "b.so", fs::perms::owner_read);
  BOOST_REQUIRE(told.reaches(5));
}

BOOST_AUTO_TEST_CASE(what_is_no_library_is_not_told) {
  PluginFolder folder;
  Told told;
  PluginWatch watch({folder.path()}, std::ref(told), quick);
  BOOST_REQUIRE(told.reaches(1));
  fs::remove(folder.write("notes.txt", "x"));
  folder.write("libx.so.1", "x");
  BOOST_TEST(told.stays_at(1));
}

BOOST_AUTO_TEST_CASE(a_file_is_told_when_it_is_complete) {
  PluginFolder folder;
  Told told;
  PluginWatch watch({folder.path()}, std::ref(told), quick);
  BOOST_REQUIRE(told.reaches(1));
  std::ofstream out(folder.path() / "a.so");
  out << "half" << std::flush;
  BOOST_TEST(told.stays_at(1));
  out.close();
  BOOST_TEST(told.reaches(2));
  // Another name of a file that there is comes without being written.
  fs::create_hard_link(folder.path() / "a.so", folder.path() / "b.so");
  BOOST_TEST(told.reaches(3));
}

BOOST_AUTO_TEST_CASE(many_changes_at_once_are_told_together) {
  PluginFolder folder;
  Told told;
  // So long that everything below happens within it.
  PluginWatch watch({folder.path()}, std::ref(told), {500ms, 10s, 10s});
  BOOST_REQUIRE(told.reaches(1));
  for (int i = 0; i < 20; ++i) folder.write(std::to_string(i) + ".so", "x");
  BOOST_REQUIRE(told.reaches(2));
  BOOST_TEST(told.count() == 2);
}

BOOST_AUTO_TEST_CASE(changes_without_end_are_told_all_the_same) {
  PluginFolder folder;
  Told told;
  PluginWatch watch({folder.path()}, std::ref(told), {1h, 100ms, 10s});
  BOOST_REQUIRE(told.reaches(1));
  folder.write("a.so", "x");
  BOOST_TEST(told.reaches(2));
}

BOOST_AUTO_TEST_CASE(a_folder_that_comes_later_is_watched_then) {
  PluginFolder folder;
  const fs::path later = folder.path() / "later";
  Told told;
  PluginWatch watch({later}, std::ref(told), quick);
  BOOST_REQUIRE(told.reaches(1));
  fs::create_directory(later);
  BOOST_REQUIRE(told.reaches(2));
  fs::rename(folder.write("a", "x"), later / "a.so");
  BOOST_REQUIRE(told.reaches(3));
  // Removed and made again, it is another folder of that name.
  fs::remove_all(later);
  BOOST_REQUIRE(told.reaches(4));
  fs::create_directory(later);
  fs::rename(folder.write("b", "x"), later / "b.so");
  BOOST_REQUIRE(told.reaches(5));
}

BOOST_AUTO_TEST_CASE(a_name_that_leads_to_another_folder_is_told) {
  PluginFolder folder;
  const fs::path one = folder.path() / "one", two = folder.path() / "two", now = folder.path() / "now";
  fs::create_directory(one), fs::create_directory(two);
  fs::create_directory_symlink(one, now);
  Told told;
  PluginWatch watch({now}, std::ref(told), quick);
  BOOST_REQUIRE(told.reaches(1));
  fs::create_directory_symlink(two, folder.path() / "next");
  fs::rename(folder.path() / "next", now);
  BOOST_REQUIRE(told.reaches(2));
  fs::rename(folder.write("a", "x"), two / "a.so");
  BOOST_REQUIRE(told.reaches(3));
  fs::rename(folder.write("b", "x"), one / "b.so");
  BOOST_TEST(told.stays_at(3));
  fs::remove(now);
  BOOST_TEST(told.reaches(4));
}

BOOST_AUTO_TEST_CASE(two_names_of_one_folder_are_one_folder) {
  PluginFolder folder;
  fs::create_directory_symlink(folder.path(), folder.path() / "same");
  Told told;
  PluginWatch watch({folder.path(), folder.path() / "same", folder.path() / "."}, std::ref(told), quick);
  BOOST_REQUIRE(told.reaches(1));
  BOOST_TEST(told.stays_at(1));
  // One of the names goes: the folder is watched all the same.
  fs::remove(folder.path() / "same");
  BOOST_REQUIRE(told.reaches(2));
  folder.write("a.so", "x");
  BOOST_TEST(told.reaches(3));
}

BOOST_AUTO_TEST_CASE(a_replaced_file_is_the_next_generation_without_being_asked_for) {
  PluginFolder folder;
  EndpointRegistry registry;
  testing::FakeScanner scanner;
  PluginFolders plugins({folder.path()}, registry, {&scanner, nullptr, {}});
  Told told;
  PluginWatch watch(
      {folder.path()}, [&] { plugins.rescan(), told(); }, quick);
  BOOST_REQUIRE(told.reaches(1));
  // Each name ends in .so only when the file is complete: one change each.
  const auto put = [&](const char* version) {
    fs::rename(folder.write("next", testing::good_version(version)), folder.path() / "good.so");
  };
  put("1");
  BOOST_REQUIRE(told.reaches(2));
  BOOST_REQUIRE(registry.find("tiny.good"));
  BOOST_TEST(registry.find("tiny.good")->plugin->number == 1u);
  put("2");
  BOOST_REQUIRE(told.reaches(3));
  BOOST_TEST(registry.find("tiny.good")->plugin->number == 2u);
  fs::remove(folder.path() / "good.so");
  BOOST_REQUIRE(told.reaches(4));
  BOOST_TEST(!registry.find("tiny.good"));
}

BOOST_AUTO_TEST_CASE(it_ends_at_once) {
  PluginFolder folder;
  Told told;
  const auto begun = std::chrono::steady_clock::now();
  {
    PluginWatch watch({folder.path(), folder.path() / "absent"}, std::ref(told), {1h, 1h, 1h});
    BOOST_REQUIRE(told.reaches(1));
    folder.write("a.so", "x");
  }
  BOOST_TEST((std::chrono::steady_clock::now() - begun < 30s));
  BOOST_TEST(told.count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
