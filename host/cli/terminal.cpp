#include "host/cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "host/log/printable.hpp"

namespace sluice::host::cli {
namespace {

struct Range {
  char32_t first, last;
};

// Coarse on purpose: tables line up for the scripts that people name files and columns in.
constexpr std::array<Range, 12> zero_width{{{0x0300, 0x036f},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05bd},
                                            {0x0610, 0x061a},
                                            {0x064b, 0x065f},
                                            {0x1ab0, 0x1aff},
                                            {0x1dc0, 0x1dff},
                                            {0x200b, 0x200f},
                                            {0x20d0, 0x20ff},
                                            {0xfe00, 0xfe0f},
                                            {0xfe20, 0xfe2f},
                                            {0xfeff, 0xfeff}}};
constexpr std::array<Range, 9> double_width{{{0x1100, 0x115f},
                                             {0x2e80, 0x303e},
                                             {0x3041, 0xa4cf},
                                             {0xac00, 0xd7a3},
                                             {0xf900, 0xfaff},
                                             {0xfe30, 0xfe6f},
                                             {0xff01, 0xff60},
                                             {0x1f300, 0x1faff},
                                             {0x20000, 0x3fffd}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

unsigned width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (within(zero_width, c)) return 0;
  return within(double_width, c) ? 2 : 1;
}

}  // namespace

Terminal Terminal::look(bool no_color) {
  const char* term = std::getenv("TERM");
  const char* refused = std::getenv("NO_COLOR");
  const bool capable = !term || std::string_view(term) != "dumb";
  const bool color = capable && !no_color && !(refused && *refused);
  Terminal terminal;
  terminal.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  terminal.out_color = color && terminal.out_is_terminal;
  terminal.err_color = color && terminal.err_is_terminal;
  terminal.err_redraws = capable && terminal.err_is_terminal;
  return terminal;
}

unsigned terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string painted(std::string_view text, Paint paint, bool color) {
  static constexpr std::array<const char*, 5> codes{"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};
  if (!color) return std::string(text);
  return codes[static_cast<std::size_t>(paint)] + std::string(text) + "\x1b[0m";
}

unsigned display_width(std::string_view text) {
  unsigned columns = 0;
  while (!text.empty()) {
    const CodePoint point = next_code_point(text);
    columns += width_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return columns;
}

std::string_view cut_to_width(std::string_view text, unsigned columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint point = next_code_point(text.substr(end));
    const unsigned width = width_of(point.value);
    if (width > columns) break;
    columns -= width;
    end += point.bytes;
  }
  return text.substr(0, end);
}

}  // namespace sluice::host::cli
