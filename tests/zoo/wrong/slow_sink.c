/* Nothing is wrong: it takes its time for the first batch. */
#define TINY_IN_WRITE \
  if (ftell(sink->file) == 0) sink->host->wait(sink->host->self, 300)
#include "tiny_sink.h"
