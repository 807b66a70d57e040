/* Fails with a status that there is none of, and texts that do not end and are no UTF-8. */
#define TINY_BETWEEN return memset(error->code, 0xff, sizeof *error - offsetof(sluice_error, code)), 4711
#include "tiny_source.h"
