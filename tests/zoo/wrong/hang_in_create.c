#define TINY_IN_CREATE tiny_hang()
#include "tiny_source.h"
