#include "sluice/batch/utf8.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace sluice {

namespace {

// By the definition: decodes, and asks for the shortest form, no surrogate, no more than U+10FFFF.
bool decodes(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const uint32_t lead = byte(i);
    const size_t size = lead < 0x80              ? 1
                        : (lead & 0xE0u) == 0xC0 ? 2
                        : (lead & 0xF0u) == 0xE0 ? 3
                        : (lead & 0xF8u) == 0xF0 ? 4
                                                 : 0;
    if (size == 0 || text.size() - i < size) return false;
    uint32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
    for (size_t j = 1; j < size; ++j) {
      if ((byte(i + j) & 0xC0u) != 0x80) return false;
      code = code << 6 | (byte(i + j) & 0x3Fu);
    }
    static constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    i += size;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(every_sequence_is_judged_as_the_definition_says) {
  // All leads with all second bytes, and the edges of third and fourth ones, behind texts of several lengths.
  static constexpr unsigned char edges[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
  size_t differ = 0;
  for (size_t before : {0u, 3u, 8u})
    for (uint32_t first = 0; first < 256; ++first)
      for (uint32_t second = 0; second < 256; ++second)
        for (unsigned char third : edges) {
          std::string text(before, 'x');
          for (uint32_t byte : {first, second, uint32_t{third}}) text += static_cast<char>(byte);
          differ += is_utf8(text) != decodes(text);
          text += '\x80';
          differ += is_utf8(text) != decodes(text);
          text += "plain text";
          differ += is_utf8(text) != decodes(text);
        }
  BOOST_TEST(differ == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice
