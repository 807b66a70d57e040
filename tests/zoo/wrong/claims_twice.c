#define TINY_BEFORE_PUBLISH                            \
  status = out->claim(out->self, bytes, &room, error); \
  if (status != SLUICE_OK) return status
#include "tiny_source.h"
