/* Writes behind its claim, where nothing is yet, and before it, where the last batch lies. */
#define TINY_BEFORE_PUBLISH                                 \
  if (batch == 3) {                                         \
    source->host->wait(source->host->self, 100);            \
    memset(room.data + room.size, 0xa5, (uint64_t)8 << 20); \
    memset(room.data - room.size + TINY_DATA_AT, 0xa5, 64); \
  }
#include "tiny_source.h"
