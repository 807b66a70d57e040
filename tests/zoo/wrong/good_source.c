/* Nothing is wrong. */
#include "tiny_source.h"
