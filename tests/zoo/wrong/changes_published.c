/* Writes into a batch that it has handed over, when the host has sealed it. */
static unsigned char* handed_over;
#define TINY_BEFORE_PUBLISH handed_over = room.data
#define TINY_AFTER_READ                        \
  source->host->wait(source->host->self, 100); \
  memset(handed_over + TINY_DATA_AT, 0xa5, 64)
#include "tiny_source.h"
