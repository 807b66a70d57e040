// The Sluice note among others, whole and broken.
#include "host/plugin/plugin_note.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "sluice/abi/plugin.h"

namespace sluice::host {
namespace {

using Bytes = std::vector<uint8_t>;

void append(Bytes& to, const void* from, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(from);
  to.insert(to.end(), bytes, bytes + size);
}

void append_padded(Bytes& to, std::string_view text) {
  append(to, text.data(), text.size());
  to.resize((to.size() + 3) & ~size_t{3});
}

void append_note(Bytes& to, std::string_view name, uint32_t type, std::string_view content) {
  uint32_t head[3] = {static_cast<uint32_t>(name.size()), static_cast<uint32_t>(content.size()), type};
  append(to, head, sizeof head);
  append_padded(to, name);
  append_padded(to, content);
}

std::string content(uint32_t oldest, uint32_t version, std::string_view descriptor, uint32_t claimed) {
  sluice_note head{oldest, version, claimed, 0};
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + std::string(descriptor);
}

constexpr std::string_view name("Sluice\0", 7);

std::string code_of(const Bytes& section) {
  Result<PluginNote> note = read_plugin_note(section, "plugin.so");
  return note ? "" : note.error().code();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_note)

BOOST_AUTO_TEST_CASE(is_found_behind_the_notes_of_others) {
  Bytes section;
  append_note(section, std::string_view("GNU\0", 4), 3, "12345");
  append_note(section, name, 77, "a later kind of note");
  append_note(section, name, SLUICE_NOTE_DESCRIPTOR, content(1, 2, "{\"a\":1}", 7));
  Result<PluginNote> note = read_plugin_note(section, "plugin.so");
  BOOST_REQUIRE(note);
  BOOST_TEST(note->abi_oldest == 1u);
  BOOST_TEST(note->abi_version == 2u);
  BOOST_TEST(note->descriptor_text == "{\"a\":1}");
}

BOOST_AUTO_TEST_CASE(is_read_with_its_name_padded_and_without_the_last_padding) {
  Bytes section;
  append_note(section, std::string_view("Sluice\0\0", 8), SLUICE_NOTE_DESCRIPTOR, content(1, 1, "{}", 2));
  section.resize(section.size() - 2);
  BOOST_TEST(code_of(section) == "");
}

BOOST_AUTO_TEST_CASE(is_missed_when_it_is_not_there) {
  BOOST_TEST(code_of({}) == "E_PLUGIN_NO_NOTE");
  BOOST_TEST(code_of({1, 2, 3}) == "E_PLUGIN_NO_NOTE");
  Bytes section;
  append_note(section, std::string_view("GNU\0", 4), SLUICE_NOTE_DESCRIPTOR, content(1, 1, "{}", 2));
  BOOST_TEST(code_of(section) == "E_PLUGIN_NO_NOTE");
}

BOOST_AUTO_TEST_CASE(is_refused_when_its_sizes_are_not_true) {
  auto with = [](std::string_view body) {
    Bytes section;
    append_note(section, name, SLUICE_NOTE_DESCRIPTOR, body);
    return section;
  };
  BOOST_TEST(code_of(with("short")) == "E_PLUGIN_NOTE");
  BOOST_TEST(code_of(with(content(1, 1, "{}", 3))) == "E_PLUGIN_NOTE");
  BOOST_TEST(code_of(with(content(1, 1, "{}", UINT32_MAX))) == "E_PLUGIN_NOTE");

  Bytes twice = with(content(1, 1, "{}", 2));
  append_note(twice, name, SLUICE_NOTE_DESCRIPTOR, content(1, 1, "{}", 2));
  BOOST_TEST(code_of(twice) == "E_PLUGIN_NOTE");

  for (size_t field : {0u, 1u}) {
    Bytes section = with(content(1, 1, "{}", 2));
    uint32_t huge = UINT32_MAX;
    std::memcpy(section.data() + field * sizeof huge, &huge, sizeof huge);
    BOOST_TEST(code_of(section) == "E_PLUGIN_NOTE");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
