/* Its counts do not add up, and would overflow if they were added. */
#define TINY_COUNTED result->written = UINT64_MAX, result->rejected = TINY_RECORDS + 1
#include "tiny_sink.h"
