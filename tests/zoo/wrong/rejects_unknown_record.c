/* Rejects a record that is not in the batch. */
#include "sluice/abi/base.h"
static const sluice_str why = {"E_ZOO", 5};
#define TINY_IN_WRITE                                                                           \
  const sluice_status tolerated = rejects->reject(rejects->self, 4000000000u, why, why, error); \
  if (tolerated != SLUICE_OK) return tolerated
#include "tiny_sink.h"
