# llhttp, in this order: a source directory given with -DSLUICE_LLHTTP_SOURCE=DIR, holding llhttp.c, api.c, http.c and
# llhttp.h (side by side, in src/ and include/ as its releases have them, or in build/ and src/native/ as its repository
# has them once built); the system's libllhttp (>= 9.2); Debian 12's node-llhttp package (8.1.0 sources), in strict mode.
set(SLUICE_LLHTTP_SOURCE "" CACHE PATH "llhttp sources to use instead of a package")

find_package(PkgConfig QUIET)
if(NOT SLUICE_LLHTTP_SOURCE)
  pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp>=9.2)
endif()
if(LLHTTP_FOUND)
  add_library(sluice_llhttp INTERFACE)
  target_link_libraries(sluice_llhttp INTERFACE PkgConfig::LLHTTP)
else()
  set(hints ${SLUICE_LLHTTP_SOURCE})
  if(NOT hints)
    set(hints /usr/share/llhttp)
  endif()
  find_path(llhttp_c llhttp.c PATHS ${hints} PATH_SUFFIXES . src build/c NO_DEFAULT_PATH NO_CACHE REQUIRED)
  find_path(llhttp_native api.c PATHS ${hints} PATH_SUFFIXES . src src/native NO_DEFAULT_PATH NO_CACHE REQUIRED)
  find_path(llhttp_h llhttp.h PATHS ${hints} /usr/share/include/llhttp PATH_SUFFIXES . include build NO_DEFAULT_PATH NO_CACHE REQUIRED)
  add_library(sluice_llhttp STATIC ${llhttp_c}/llhttp.c ${llhttp_native}/api.c ${llhttp_native}/http.c)
  set_target_properties(sluice_llhttp PROPERTIES UNITY_BUILD OFF)
  target_compile_options(sluice_llhttp PRIVATE ${SLUICE_PROFILE_FLAGS})
  target_include_directories(sluice_llhttp SYSTEM PUBLIC ${llhttp_h})
  # Without strict mode 8.1.0 accepts bare CR and more; tests/http asserts that it is on.
  target_compile_definitions(sluice_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  message(STATUS "llhttp from ${llhttp_c}")
endif()
