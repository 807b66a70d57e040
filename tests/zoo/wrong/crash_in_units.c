#define TINY_IN_UNITS tiny_crash()
#include "tiny_source.h"
