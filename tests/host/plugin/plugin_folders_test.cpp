// Files come, change and go under a registry in use: new runs get what is new, those under way keep what they
// have.
#include "host/plugin/plugin_folders.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <optional>

#include "fake_scanner.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::built;
using testing::bytes_of;
using testing::FakeScanner;
using testing::good_version;
using testing::good_with;
using testing::PluginFolder;

struct FoldersFixture {
  std::shared_ptr<const PluginGeneration> plugin(std::string_view template_id = "tiny.good") const {
    const EndpointTemplatePtr found = registry.find(template_id);
    return found ? found->plugin : nullptr;
  }
  // As the listing shows it: "file version generation state", by file and generation, the newest first.
  std::vector<std::string> shown() const {
    std::vector<std::string> all;
    for (const KnownGeneration& known : registry.generations())
      all.push_back(known.plugin->path.filename().string() + " " + known.plugin->descriptor.version + " " +
                    std::to_string(known.plugin->number) + " " + std::string(to_string(known.state)));
    return all;
  }
  // As a tool that replaces files well: under another name first.
  void replace(const char* name, const std::vector<uint8_t>& bytes) const {
    fs::rename(folder.write("next", bytes), folder.path() / name);
  }

  using Shown = std::vector<std::string>;
  PluginFolder folder;
  EndpointRegistry registry;
  FakeScanner scanner;
  PluginFolders plugins{{folder.path()}, registry, {&scanner, nullptr, {}}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plugin_folders, FoldersFixture)

BOOST_AUTO_TEST_CASE(a_new_file_is_added_and_an_unchanged_one_left_alone) {
  BOOST_TEST(!plugins.rescan().any());
  folder.copy("good");
  const PluginChanges changes = plugins.rescan();
  BOOST_REQUIRE(changes.added.size() == 1u);
  BOOST_TEST(changes.added[0]->number == 1u);
  BOOST_TEST(changes.reports.size() == 1u);
  const auto before = plugin();
  BOOST_TEST(!plugins.rescan().any());
  BOOST_TEST(scanner.calls == 1);
  BOOST_TEST((plugin() == before));
}

BOOST_AUTO_TEST_CASE(a_replaced_file_is_the_next_generation_and_runs_keep_the_old_one) {
  folder.copy("good");
  plugins.rescan();
  const EndpointTemplatePtr of = registry.find("tiny.good");
  std::optional<RunUse> run(of->plugin->serve("run-1")), same(of->plugin->serve("run-1"));
  replace("good.so", good_version("2"));
  const PluginChanges changes = plugins.rescan();
  BOOST_REQUIRE(changes.replaced.size() == 1u);
  BOOST_TEST(changes.added.empty());
  BOOST_TEST(plugin()->number == 2u);
  BOOST_TEST(plugin()->descriptor.version == "2.0");
  BOOST_TEST(shown() == (Shown{"good.so 2.0 2 active", "good.so 1.0 1 replaced"}),
             boost::test_tools::per_element());
  BOOST_TEST(of->plugin->runs() == Shown{"run-1"}, boost::test_tools::per_element());
  // The old one still has its bytes and can be loaded; the file has others by now.
  BOOST_TEST(of->plugin->image().value()->digest() == of->plugin->digest);
  BOOST_TEST((of->plugin->entry().value() != plugin()->entry().value()));
  same.reset();
  BOOST_TEST(shown().size() == 2u);
  run.reset();
  BOOST_TEST(shown() == (Shown{"good.so 2.0 2 active"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(touching_a_file_makes_no_generation) {
  const fs::path file = folder.copy("good");
  plugins.rescan();
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  BOOST_TEST(!plugins.rescan().any());
  replace("good.so", good_version("1"));
  BOOST_TEST(!plugins.rescan().any());
  BOOST_TEST(plugin()->number == 1u);
  BOOST_TEST(scanner.calls == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_replacement_leaves_the_old_generation_active) {
  folder.copy("good");
  plugins.rescan();
  std::vector<uint8_t> half = good_version("2");
  half.resize(half.size() / 2);
  replace("good.so", half);
  const PluginChanges changes = plugins.rescan();
  BOOST_REQUIRE(changes.refused.size() == 1u);
  BOOST_TEST(changes.refused[0].code == "E_PLUGIN_DAMAGED");
  BOOST_TEST(shown() == (Shown{"good.so 1.0 1 active"}), boost::test_tools::per_element());
  BOOST_TEST(registry.reports().at(0).code == "E_PLUGIN_DAMAGED");
  BOOST_TEST(plugin()->entry().has_value());
  // It is not told again, and the next good file heals it.
  BOOST_TEST(!plugins.rescan().any());
  replace("good.so", good_version("2"));
  scanner.refusal = Refusal::scan_crashed;
  BOOST_TEST(plugins.rescan().refused.at(0).code == "E_PLUGIN_SCAN_CRASHED");
  BOOST_TEST(plugin()->number == 1u);
  scanner.refusal.reset();
  BOOST_TEST(plugins.retry("tiny").value().replaced.size() == 1u);
  BOOST_TEST(shown() == (Shown{"good.so 2.0 2 active"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_file_as_it_was_needs_no_new_generation) {
  folder.copy("good");
  plugins.rescan();
  replace("good.so", std::vector<uint8_t>(100, 'x'));
  BOOST_TEST(plugins.rescan().refused.size() == 1u);
  replace("good.so", good_version("1"));
  BOOST_TEST(!plugins.rescan().any());
  BOOST_TEST((registry.reports().at(0).outcome == PluginOutcome::loaded));
  BOOST_TEST(plugin()->number == 1u);
}

BOOST_AUTO_TEST_CASE(a_removed_file_is_retired_and_its_runs_go_on) {
  const fs::path file = folder.copy("good");
  plugins.rescan();
  const EndpointTemplatePtr of = registry.find("tiny.good");
  std::optional<RunUse> run(of->plugin->serve("run-1"));
  fs::remove(file);
  BOOST_TEST(plugins.rescan().removed.size() == 1u);
  BOOST_TEST(!registry.find("tiny.good"));
  BOOST_TEST(registry.reports().empty());
  BOOST_TEST(shown() == (Shown{"good.so 1.0 1 retired"}), boost::test_tools::per_element());
  BOOST_TEST(of->plugin->entry().has_value());
  // The number goes on when the file comes again.
  folder.copy("good");
  BOOST_TEST(plugins.rescan().added.at(0)->number == 2u);
  run.reset();
  BOOST_TEST(shown() == (Shown{"good.so 1.0 2 active"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_templates_of_a_file_may_change) {
  folder.copy("good");
  plugins.rescan();
  replace("good.so", good_with("tiny.good", "tiny.else"));
  BOOST_TEST(plugins.rescan().replaced.size() == 1u);
  BOOST_TEST(!registry.find("tiny.good"));
  BOOST_TEST(plugin("tiny.else")->number == 2u);
  // More, and fewer again.
  replace("good.so", bytes_of(built("half_duplicate")));
  BOOST_TEST(plugins.rescan().replaced.size() == 1u);
  BOOST_TEST(plugin("tiny.new")->number == 3u);
  BOOST_TEST((plugin("tiny.good") == plugin("tiny.new")));
  BOOST_TEST(registry.list().size() == 2u);
  replace("good.so", good_version("2"));
  BOOST_TEST(plugins.rescan().replaced.size() == 1u);
  BOOST_TEST(registry.list().size() == 1u);
  BOOST_TEST(plugin()->number == 4u);
}

BOOST_AUTO_TEST_CASE(each_change_is_seen_however_soon_it_follows) {
  const fs::path file = folder.copy("good");
  for (int i = 0; i < 100; ++i) {
    const std::string version = std::to_string(1 + i % 9);
    folder.write("good.so", good_version(version));
    plugins.rescan();
    // In place, as long as before, and within the same tick of most clocks.
    const char other = static_cast<char>('1' + (i + 1) % 9);
    const std::vector<uint8_t> next = good_version({&other, 1});
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
        .write(reinterpret_cast<const char*>(next.data()), static_cast<std::streamsize>(next.size()));
    BOOST_TEST_REQUIRE(plugins.rescan().replaced.size() == 1u);
    BOOST_TEST_REQUIRE(plugin()->descriptor.version.front() == other);
  }
}

BOOST_AUTO_TEST_CASE(a_replacement_that_takes_anothers_template_is_refused) {
  folder.copy("good", "a");
  folder.write("b.so", good_with("tiny.good", "tiny.else"));
  plugins.rescan();
  replace("b.so", good_version("2"));
  const PluginChanges changes = plugins.rescan();
  BOOST_REQUIRE(changes.refused.size() == 1u);
  BOOST_TEST(changes.refused[0].code == "E_PLUGIN_DUPLICATE_TEMPLATE");
  BOOST_TEST(shown() == (Shown{"a.so 1.0 1 active", "b.so 1.0 1 active"}), boost::test_tools::per_element());
  BOOST_TEST(plugin("tiny.else")->path.filename() == "b.so");
  BOOST_TEST(scanner.calls == 2);
  // Free again, it is taken, though its file has not changed since.
  fs::remove(folder.path() / "a.so");
  BOOST_TEST(plugins.rescan().replaced.size() == 1u);
  BOOST_TEST(plugin()->path.filename() == "b.so");
}

BOOST_AUTO_TEST_CASE(templates_may_change_places_in_one_look) {
  folder.copy("good", "b");
  plugins.rescan();
  // By name a.so comes first, when b.so still has the template.
  folder.write("a.so", good_version("2"));
  replace("b.so", good_with("tiny.good", "tiny.else"));
  const PluginChanges changes = plugins.rescan();
  BOOST_TEST(changes.refused.empty());
  BOOST_TEST(plugin()->path.filename() == "a.so");
  BOOST_TEST(plugin("tiny.else")->path.filename() == "b.so");
  // A file that is gone gives up what it had before another takes it.
  fs::rename(folder.path() / "a.so", folder.path() / "c.so");
  const PluginChanges moved = plugins.rescan();
  BOOST_TEST(moved.refused.empty());
  BOOST_TEST(moved.removed.size() == 1u);
  BOOST_TEST(plugin()->path.filename() == "c.so");
}

BOOST_AUTO_TEST_CASE(templates_may_move_through_many_files_in_one_look) {
  const char* const ids[] = {"tiny.aaaa", "tiny.bbbb", "tiny.cccc", "tiny.dddd"};
  const std::string names[] = {"a.so", "b.so", "c.so"};
  for (size_t i = 0; i < 3; ++i) folder.write(names[i], good_with("tiny.good", ids[i]));
  plugins.rescan();
  // Each takes what the next one has until then.
  for (size_t i = 0; i < 3; ++i) replace(names[i].c_str(), good_with("tiny.good", ids[i + 1]));
  const PluginChanges changes = plugins.rescan();
  BOOST_TEST(changes.refused.empty());
  BOOST_REQUIRE(changes.replaced.size() == 3u);
  for (size_t i = 0; i < 3; ++i) BOOST_TEST(plugin(ids[i + 1])->path.filename() == names[i]);
}

BOOST_AUTO_TEST_CASE(only_files_that_are_there_can_be_tried_again) {
  const fs::path file = folder.copy("good");
  plugins.rescan();
  BOOST_TEST(plugins.retry("good.so").has_value());
  BOOST_TEST(plugins.retry(file.string()).has_value());
  fs::remove(file);
  plugins.rescan();
  const auto gone = plugins.retry("good.so");
  BOOST_REQUIRE(gone.has_error());
  BOOST_TEST(gone.error().code() == "E_PLUGIN_UNKNOWN");
  BOOST_TEST(gone.error().hint().find("good.so") == std::string::npos, gone.error().hint());
  BOOST_TEST(plugins.retry("").has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_may_come_later_and_go) {
  EndpointRegistry late;
  const fs::path later = folder.path() / "later";
  PluginFolders watched({later}, late, {&scanner, nullptr, {}});
  BOOST_TEST(watched.rescan().refused.at(0).code == "E_PLUGIN_FOLDER");
  BOOST_TEST(!watched.rescan().any());
  fs::create_directory(later);
  folder.copy("good");
  fs::rename(folder.path() / "good.so", later / "good.so");
  BOOST_TEST(watched.rescan().added.size() == 1u);
  BOOST_TEST(late.reports().size() == 1u);
  fs::remove_all(later);
  BOOST_TEST(watched.rescan().removed.size() == 1u);
  BOOST_TEST(late.list().empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_no_longer_trusted_gives_nothing_new) {
  folder.copy("good");
  plugins.rescan();
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::add);
  replace("good.so", good_version("2"));
  const PluginChanges changes = plugins.rescan();
  BOOST_TEST(changes.refused.size() == 2u);  // the folder, and the file in it
  BOOST_TEST(shown() == (Shown{"good.so 1.0 1 active"}), boost::test_tools::per_element());
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::remove);
  BOOST_TEST(plugins.rescan().replaced.size() == 1u);
  BOOST_TEST(registry.reports().size() == 1u);
}

BOOST_AUTO_TEST_CASE(copies_are_made_before_the_file_can_change) {
  const fs::path kept = folder.path() / "cache";
  folder.copy("good");
  for (int process = 0; process < 2; ++process) {
    EndpointRegistry own;
    ScanCache cache(kept, "1");
    PluginFolders known({folder.path()}, own, {&scanner, &cache, {}});
    known.rescan();
    BOOST_TEST(cache.save().ok());
    if (process == 0) continue;
    known.make_copies();
    folder.write("good.so", "no plugin any more");
    BOOST_TEST(own.find("tiny.good")->plugin->image().has_value());
  }
  BOOST_TEST(scanner.calls == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
