#define TINY_BETWEEN exit(0)
#include "tiny_source.h"
