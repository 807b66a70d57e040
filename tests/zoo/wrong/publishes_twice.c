/* Hands over what it handed over before. */
#define TINY_BETWEEN                              \
  status = out->publish(out->self, bytes, error); \
  if (status != SLUICE_OK) return status
#include "tiny_source.h"
