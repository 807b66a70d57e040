#define TINY_IN_DESTROY tiny_crash()
#include "tiny_sink.h"
