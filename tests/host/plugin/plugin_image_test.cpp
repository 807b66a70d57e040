// The private copy: nobody can change it, and what happens to the operator's file harms nothing.
#include "host/plugin/plugin_image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "host/plugin/plugin_folders.hpp"
#include "host/plugin/plugin_loader.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;
using testing::built;
using testing::bytes_of;
using testing::PluginFolder;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

sluice_status call_create_source(const PluginGeneration& plugin) {
  const Result<const sluice_plugin*> entry = plugin.entry();
  BOOST_REQUIRE_MESSAGE(entry.has_value(), (entry.has_error() ? entry.error().message() : ""));
  return (*entry)->create_source(nullptr, {}, {}, nullptr, nullptr);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_image)

BOOST_AUTO_TEST_CASE(the_digest_is_that_of_sha256sum) {
  BOOST_TEST(sha256_of(bytes("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_of(bytes("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(it_holds_the_bytes_and_is_sealed) {
  auto image = PluginImage::make(bytes("some bytes"), "/plugins/x.so").value();
  const int file = image->descriptor();
  char read[32] = {};
  BOOST_TEST(::pread(file, read, sizeof read, 0) == 10);
  BOOST_TEST(std::string_view(read) == "some bytes");
  BOOST_TEST(image->size() == 10u);
  BOOST_TEST(image->digest() == sha256_of(bytes("some bytes")));
  BOOST_TEST((::fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_TEST(::pwrite(file, "x", 1, 0) == -1);
  BOOST_TEST(::ftruncate(file, 1) == -1);
  BOOST_TEST(::ftruncate(file, 100) == -1);
  BOOST_TEST(::fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) == -1);
  BOOST_TEST((::mmap(nullptr, 10, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED));
  // Those who look at the process see whose it is.
  BOOST_TEST(
      (fs::read_symlink("/proc/self/fd/" + std::to_string(file)).string().find("x.so") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(without_descriptors_the_refusal_says_so) {
  rlimit usual{};
  BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  rlimit none = usual;
  none.rlim_cur = 0;
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto image = PluginImage::make(bytes("x"), "/plugins/x.so");
  BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
  BOOST_REQUIRE(image.has_error());
  BOOST_TEST(image.error().code() == "E_PLUGIN_COPY");
  BOOST_TEST(image.error().where() == "/plugins/x.so");
}

BOOST_AUTO_TEST_CASE(a_loaded_plugin_outlives_what_happens_to_its_file) {
  PluginFolder folder;
  const fs::path file = folder.copy("good");
  EndpointRegistry registry;
  BOOST_TEST((load_plugin_file(file, registry).outcome == PluginOutcome::loaded));
  const auto plugin = registry.find("tiny.good")->plugin;
  BOOST_TEST(call_create_source(*plugin) == SLUICE_CONFIG);
  // In place, so that a mapping of the file would see it.
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
      << std::string(fs::file_size(file), '\xcc');
  BOOST_TEST(call_create_source(*plugin) == SLUICE_CONFIG);
  fs::resize_file(file, 0);
  BOOST_TEST(call_create_source(*plugin) == SLUICE_CONFIG);
  fs::remove(file);
  BOOST_TEST(call_create_source(*plugin) == SLUICE_CONFIG);
  BOOST_TEST(plugin->image().value()->digest() == plugin->digest);
}

BOOST_AUTO_TEST_CASE(two_states_of_a_file_are_two_libraries) {
  PluginFolder folder;
  const fs::path file = folder.copy("good");
  EndpointRegistry one, other;
  BOOST_TEST((load_plugin_file(file, one).outcome == PluginOutcome::loaded));
  BOOST_TEST((load_plugin_file(file, other).outcome == PluginOutcome::loaded));
  const auto* first = one.find("tiny.good")->plugin->entry().value();
  const auto* second = other.find("tiny.good")->plugin->entry().value();
  BOOST_TEST(first != second);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
