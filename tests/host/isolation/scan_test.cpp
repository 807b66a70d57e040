// Many plugins through real scans in worker processes: each once, and none again as long as its file stays as
// it is.
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include "plain_host.hpp"

namespace sluice::test {

namespace {

namespace fs = std::filesystem;

constexpr int plugins = 50;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  BOOST_REQUIRE(from.size() == to.size());
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, to.size(), to);
  return text;
}

// The tiny plugin under fifty ids: its note and its descriptor say both.
struct ManyPlugins {
  struct Found {
    std::string code, digest, scanned_at;
  };

  ManyPlugins() {
    std::string name = (fs::temp_directory_path() / "sluice-scans-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()));
    folder = name;
    fs::create_directory(folder / "plugins");
    for (int i = 0; i < plugins; ++i) write(i, "1");
  }
  ~ManyPlugins() { fs::remove_all(folder); }

  void write(int i, const std::string& version) const {
    std::ifstream in(TINY_PLUGIN_FILE, std::ios::binary);
    const std::string tiny{std::istreambuf_iterator<char>(in), {}};
    const std::string number = std::to_string(100 + i);
    std::string bytes = replaced(tiny, "tiny.good", "tiny.g" + number);
    bytes = replaced(bytes, R"("id":"tiny")", R"("id":"t)" + number + "\"");
    bytes = replaced(bytes, R"("version":"1)", R"("version":")" + version);
    const fs::path next = folder / "next";
    std::ofstream(next, std::ios::binary) << bytes;
    fs::rename(next, file(i));
  }
  fs::path file(int i) const { return folder / "plugins" / ("t" + std::to_string(100 + i) + ".so"); }

  // Opens a host, as the next process would, and gives what became of each file.
  std::map<fs::path, Found> open(const std::string& worker) const {
    host::HostOptions options;
    options.use_environment = false;
    options.plugin_folders = {(folder / "plugins").string()};
    options.worker_program = worker;
    options.staging_folder = (folder / "staging").string();
    options.cache_folder = (folder / "cache").string();
    const auto begun = std::chrono::steady_clock::now();
    const auto opened = host::Host::open(options);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    BOOST_TEST_MESSAGE("opened in " << took.count() << " ms");
    BOOST_REQUIRE_MESSAGE(opened.host, opened.failure.json);
    std::map<fs::path, Found> found;
    const boost::json::value list = boost::json::parse(opened.host->plugins().json);
    for (const auto& plugin : list.at("plugins").as_array()) {
      const auto text = [&](const char* key) {
        const auto* value = plugin.as_object().if_contains(key);
        return value ? std::string(value->as_string()) : std::string();
      };
      found[text("path")] = {text("code"), text("digest"), text("scannedAt")};
    }
    return found;
  }

  fs::path folder;
};

// What would be scanned with one of these is refused.
constexpr const char *no_worker = "/no/such/worker", *broken_worker = "/bin/false";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scan, ManyPlugins)

BOOST_AUTO_TEST_CASE(fifty_plugins_are_scanned_once_and_known_from_then_on) {
  const auto cold = open(WORKER_PROGRAM);
  BOOST_TEST(cold.size() == size_t{plugins});
  for (const auto& [path, found] : cold) BOOST_TEST(found.code == "", path << ": " << found.code);
  const auto warm = open(no_worker);
  BOOST_TEST(warm.size() == size_t{plugins});
  for (const auto& [path, found] : warm) {
    BOOST_TEST(found.code == "", path << ": " << found.code);
    BOOST_TEST(found.digest == cold.at(path).digest);
    BOOST_TEST(found.scanned_at == cold.at(path).scanned_at);
  }
}

BOOST_AUTO_TEST_CASE(one_changed_file_is_scanned_and_the_others_are_not) {
  const auto before = open(WORKER_PROGRAM);
  write(7, "2");
  for (const char* worker : {no_worker, broken_worker})
    for (const auto& [path, found] : open(worker))
      BOOST_TEST(found.code == (path == file(7) ? "E_PLUGIN_SCAN" : ""), path << ": " << found.code);
  // No worker is no fault of the plugin: the next process tries again, that one file.
  const auto after = open(WORKER_PROGRAM);
  for (const auto& [path, found] : after) {
    BOOST_TEST(found.code == "", path << ": " << found.code);
    BOOST_TEST((found.digest == before.at(path).digest) == (path != file(7)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::test
