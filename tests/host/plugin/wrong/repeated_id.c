/* The same template id twice in one file. */
#define TINY_ABORTS_WHEN_LOADED
#define TINY_ONE                                                                                      \
  "{\"id\":\"tiny.twice\",\"roles\":[\"source\"],\"source\":{\"formats\":[\"documents\"],\"modes\":[" \
  "\"FULL\"]},"                                                                                       \
  "\"configSchema\":{}}"
#define TINY_TEMPLATE TINY_ONE "," TINY_ONE
#include "tiny_plugin.h"
