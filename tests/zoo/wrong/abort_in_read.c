#define TINY_BETWEEN abort()
#include "tiny_source.h"
