/* Leaves out more records than there are. */
#define TINY_BETWEEN out->filter(out->self, UINT64_MAX)
#include "tiny_source.h"
