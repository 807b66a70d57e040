#define TINY_UNIT "{\"unitId\": all, \xff"
#include "tiny_source.h"
