/* The second of its templates has the id of good.c: the first must not be registered either. */
#define TINY_ABORTS_WHEN_LOADED
#define TINY_WHOLE_TEMPLATE(id)                                                              \
  "{\"id\":\"" id                                                                            \
  "\",\"roles\":[\"source\"],\"source\":{\"formats\":[\"documents\"],\"modes\":[\"FULL\"]}," \
  "\"configSchema\":{}}"
#define TINY_TEMPLATE TINY_WHOLE_TEMPLATE("tiny.new") "," TINY_WHOLE_TEMPLATE("tiny.good")
#include "tiny_plugin.h"
