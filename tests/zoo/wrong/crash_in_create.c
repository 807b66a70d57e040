#define TINY_IN_CREATE tiny_crash()
#include "tiny_source.h"
