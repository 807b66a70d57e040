/* Closes what is not its own. */
static void close_all(void);
#define TINY_BETWEEN close_all()
#include "tiny_source.h"

static void close_all(void) {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
}
