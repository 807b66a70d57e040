// A plugin file cut off anywhere and changed anywhere: every step before loading gives an answer.
#include <elf.h>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <random>

#include "host/plugin/plugin_check.hpp"
#include "plugin_folder.hpp"

namespace sluice::host {
namespace {

using testing::built;
using testing::bytes_of;

// The code of the refusal, empty for none. `bytes` has no spare capacity, so that the address sanitizer sees
// a step outside.
std::string answer_to(std::vector<uint8_t> bytes, SystemLibraries& libraries) {
  PluginCandidate plugin("/plugins/plugin.so");
  plugin.libraries = &libraries;
  plugin.bytes = std::move(bytes);
  for (auto step : {read_elf, read_note, check_entry_symbol, check_abi, read_descriptor, check_needs})
    if (Status status = step(plugin); !status) return status.error().code();
  return {};
}

bool is_an_answer(const std::string& code) {
  return code.empty() || code.starts_with("E_PLUGIN_");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_plugin)

BOOST_AUTO_TEST_CASE(cut_off_anywhere_it_is_refused) {
  const std::vector<uint8_t> good = bytes_of(built("needs_cpp_symbol"));
  SystemLibraries libraries;
  for (size_t size = 0; size < good.size(); size += size < 1024 ? 1 : 61)
    BOOST_TEST_REQUIRE(
        !answer_to({good.begin(), good.begin() + static_cast<ptrdiff_t>(size)}, libraries).empty(),
        size << " bytes");
}

BOOST_AUTO_TEST_CASE(changed_anywhere_it_gets_an_answer) {
  SystemLibraries libraries;
  std::mt19937 random(20);
  size_t accepted = 0, refused = 0;
  for (const char* name : {"good", "needs_version", "needs_cpp_symbol", "needs_beside"}) {
    const std::vector<uint8_t> whole = bytes_of(built(name));
    Elf64_Ehdr head;
    std::memcpy(&head, whole.data(), sizeof head);
    // The tables that the steps read: most of them begin the file, the section headers end it.
    const size_t front = std::min<size_t>(whole.size(), 0x1000);
    for (int i = 0; i < 1500; ++i) {
      std::vector<uint8_t> bytes = whole;
      for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
        const bool in_headers = random() % 4 == 0;
        const size_t at =
            in_headers ? head.e_shoff + random() % (whole.size() - head.e_shoff) : random() % front;
        bytes[at] = random() % 2 == 0 ? static_cast<uint8_t>(random()) : static_cast<uint8_t>(bytes[at] ^ 1);
      }
      const std::string code = answer_to(std::move(bytes), libraries);
      BOOST_TEST_REQUIRE(is_an_answer(code), code);
      ++(code.empty() ? accepted : refused);
    }
  }
  BOOST_TEST(accepted > 100u);
  BOOST_TEST(refused > 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
