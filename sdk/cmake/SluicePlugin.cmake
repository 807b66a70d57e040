# sluice_add_plugin(NAME SOURCES...): a plugin library `libsluice_NAME.so` that exports nothing but its entry.
# The target is `sluice_plugin_NAME`. Part of the build of Sluice itself and of the installed package.
function(sluice_add_plugin name)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  add_library(sluice_plugin_${name} MODULE ${ARGN})
  target_link_libraries(sluice_plugin_${name} PRIVATE sluice::sdk)
  target_compile_options(sluice_plugin_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  # Hidden, now-bound and complete at link time: a plugin that lacks a symbol fails here, not in a worker.
  target_link_options(sluice_plugin_${name} PRIVATE "LINKER:--version-script=${map}" LINKER:-z,now)
  if(NOT CMAKE_SHARED_LINKER_FLAGS MATCHES "sanitize" AND NOT SLUICE_SANITIZE)
    target_link_options(sluice_plugin_${name} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(sluice_plugin_${name} PROPERTIES
    PREFIX "libsluice_" OUTPUT_NAME ${name} LINK_DEPENDS ${map}
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
endfunction()
