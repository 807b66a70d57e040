// What stands at the other end of standard output and standard error.
#pragma once

#include <string>
#include <string_view>

namespace sluice::host::cli {

struct Terminal {
  bool out_is_terminal = false, err_is_terminal = false;
  // Colours are wanted: a terminal that is not "dumb", no --no-color, no NO_COLOR.
  bool out_color = false, err_color = false;
  // Standard error is a terminal on which a line can be drawn again in place.
  bool err_redraws = false;

  // Looks at the descriptors and the environment. Call once, before threads are started.
  static Terminal look(bool no_color);
};

// Columns of the terminal behind standard error at this moment; 80 when it does not say.
unsigned terminal_width();

enum class Paint { bold, dim, red, green, yellow };
std::string painted(std::string_view text, Paint paint, bool color);

// Columns that `text` takes on a terminal: combining marks take none, East Asian wide characters and emoji
// two.
unsigned display_width(std::string_view text);
// The longest beginning of `text` that takes at most `columns`.
std::string_view cut_to_width(std::string_view text, unsigned columns);

}  // namespace sluice::host::cli
