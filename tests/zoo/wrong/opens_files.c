/* Opens files until there are no descriptors left, and goes on. */
#include <fcntl.h>
static void open_all(void);
#define TINY_BETWEEN open_all()
#include "tiny_source.h"

static void open_all(void) {
  for (int i = 0; i < 100000; ++i)
    if (open("/dev/null", O_RDONLY) < 0) return;
}
