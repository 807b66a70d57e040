/* The token that it says to hold is no JSON. */
#define TINY_IN_OPEN                          \
  const sluice_str noise = {"\x01 token", 7}; \
  last_token.emit(last_token.self, noise)
#include "tiny_sink.h"
