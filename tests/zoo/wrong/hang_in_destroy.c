#define TINY_IN_DESTROY tiny_hang()
#include "tiny_source.h"
