// The loader's cache: hand-made ones, whole, cut off and hostile, and the one of this system.
#include "host/plugin/loader_cache.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>
#include <vector>

namespace sluice::host {
namespace {

using Bytes = std::vector<uint8_t>;

#if defined(__x86_64__)
constexpr int32_t here = 0x0303, elsewhere = 0x0803;
#elif defined(__aarch64__)
constexpr int32_t here = 0x0a03, elsewhere = 0x0003;
#else
constexpr int32_t here = 0, elsewhere = 0x0003;
#endif

struct Line {
  int32_t flags;
  const char *name, *path;
  uint64_t hwcap = 0;
};

template <class T>
void append(Bytes& to, T value) {
  const size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

Bytes cache_of(const std::vector<Line>& lines, uint8_t flags = 0) {
  Bytes out, texts;
  const auto begin = static_cast<uint32_t>(48 + lines.size() * 24);
  const auto add_text = [&](const char* text) {
    const auto offset = static_cast<uint32_t>(begin + texts.size());
    texts.insert(texts.end(), text, text + std::strlen(text) + 1);
    return offset;
  };
  for (char letter : std::string_view("glibc-ld.so.cache1.1")) append(out, letter);
  append(out, static_cast<uint32_t>(lines.size()));
  append(out, uint32_t{0});
  append(out, flags);
  out.resize(48);
  for (const Line& line : lines) {
    append(out, line.flags);
    append(out, add_text(line.name));
    append(out, add_text(line.path));
    append(out, uint32_t{0});
    append(out, line.hwcap);
  }
  out.insert(out.end(), texts.begin(), texts.end());
  return out;
}

const std::vector<Line> two_lines{{here, "libb.so.2", "/lib/libb.so.2"},
                                  {here, "liba.so.1", "/lib/liba.so.1"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(loader_cache)

BOOST_AUTO_TEST_CASE(names_lead_to_paths_of_this_machine) {
  if (here == 0) return;
  const auto cache = parse_loader_cache(cache_of({{elsewhere, "liba.so.1", "/libx32/liba.so.1"},
                                                  {here, "liba.so.1", "/lib/fast/liba.so.1", 1},
                                                  {here, "liba.so.1", "/lib/liba.so.1"},
                                                  {here, "liba.so.1", "/old/liba.so.1"},
                                                  {elsewhere, "libc.so.6", "/libx32/libc.so.6"},
                                                  {here, "libf.so.1", "/lib/fast/libf.so.1", 1}}));
  BOOST_REQUIRE(cache.has_value());
  BOOST_TEST(cache->size() == 2u);
  BOOST_TEST(cache->at("liba.so.1") == "/lib/liba.so.1");
  BOOST_TEST(cache->at("libf.so.1") == "/lib/fast/libf.so.1");
}

BOOST_AUTO_TEST_CASE(an_older_table_before_it_is_stepped_over) {
  if (here == 0) return;
  Bytes bytes;
  for (char letter : std::string_view("ld.so-1.7.0\0", 12)) append(bytes, letter);
  append(bytes, uint32_t{3});
  bytes.resize(16 + 3 * 12 + 4, 0);  // aligned to 8
  const Bytes newer = cache_of(two_lines);
  bytes.insert(bytes.end(), newer.begin(), newer.end());
  const auto cache = parse_loader_cache(bytes);
  BOOST_REQUIRE(cache.has_value());
  BOOST_TEST(cache->at("liba.so.1") == "/lib/liba.so.1");
  bytes[12] = 0xff;
  BOOST_TEST(!parse_loader_cache(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_cache_or_cut_off_gives_nothing) {
  BOOST_TEST(!parse_loader_cache({}).has_value());
  BOOST_TEST(!parse_loader_cache(Bytes(4096, 'x')).has_value());
  const Bytes good = cache_of(two_lines);
  for (size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    BOOST_TEST(!parse_loader_cache(cut).has_value(), size << " bytes");
  }
  BOOST_TEST(!parse_loader_cache(cache_of(two_lines, 1)).has_value());  // a byte order that is none
}

BOOST_AUTO_TEST_CASE(hostile_bytes_never_lead_outside) {
  const Bytes good = cache_of(two_lines);
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = good;
    for (int flips = 0; flips < 3; ++flips)
      bytes[20 + random() % (bytes.size() - 20)] = static_cast<uint8_t>(random());
    if (const auto cache = parse_loader_cache(bytes)) BOOST_TEST_REQUIRE(cache->size() <= 2u);
  }
  Bytes many = good;
  const uint32_t count = UINT32_MAX;
  std::memcpy(many.data() + 20, &count, sizeof count);
  BOOST_TEST(!parse_loader_cache(many).has_value());
}

BOOST_AUTO_TEST_CASE(the_cache_of_this_system_is_read_if_it_has_one) {
  BOOST_TEST(!read_loader_cache("/nowhere/ld.so.cache").has_value());
  if (here == 0 || !std::filesystem::exists("/etc/ld.so.cache")) return;
  const auto cache = read_loader_cache("/etc/ld.so.cache");
  BOOST_REQUIRE(cache.has_value());
  BOOST_TEST(cache->contains("libc.so.6"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
