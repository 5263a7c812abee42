# How everything is compiled. Targets get this by linking sluice_options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(SLUICE_OPTIMISE "-O2" CACHE STRING "how much release builds are optimised: -O2, -O3 or -Os")
# Library functions are called without the PLT: an exchange makes some hundred such calls, and needs no lazy binding.
set(CMAKE_CXX_FLAGS_RELEASE "${SLUICE_OPTIMISE} -DNDEBUG -fno-plt")
set(CMAKE_C_FLAGS_RELEASE "${SLUICE_OPTIMISE} -DNDEBUG -fno-plt")

# Each folder of src/ is compiled as one file. This at least halves a build from nothing, but a change to one file
# recompiles its folder. GCC then sees anonymous namespaces in included files, hence its warning is off.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 0)
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
  set(SLUICE_CLANG_WARNINGS -Wno-shadow)  # clang's also looks at the folder's other files
endif()

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${SLUICE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SLUICE_CCACHE})
endif()

add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-sign-conversion>  # gcc's -Wconversion does not include it
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:${SLUICE_CLANG_WARNINGS}>
  # Not with a profile, whose counts may not fit (a race, a changed source), nor with clang, whose warnings differ.
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<NOT:$<STREQUAL:${SLUICE_PROFILE},use>>>:-Werror>)
target_compile_definitions(sluice_options INTERFACE SLUICE_VERSION="${PROJECT_VERSION}")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-Wl,--as-needed)
  include(CheckLinkerFlag)
  check_linker_flag(CXX -Wl,-z,pack-relative-relocs SLUICE_RELR)  # start-up relocations in a sixtieth of the bytes
  if(SLUICE_RELR)
    add_link_options(-Wl,-z,pack-relative-relocs)
  endif()
  option(SLUICE_SECTIONS "release builds leave out the functions and data that nothing uses" ON)
  if(SLUICE_SECTIONS)
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections)
  endif()
  option(SLUICE_STRIP "release builds have no symbols" ON)
  if(SLUICE_STRIP)
    add_link_options(-s)
  endif()
  option(SLUICE_LTO "link-time optimisation of release builds" ON)
  if(SLUICE_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    add_link_options(-flto=auto)
  endif()
endif()

# scripts/release.sh: "generate" builds a program that counts what it executes, "use" optimises by those counts.
set(SLUICE_PROFILE "" CACHE STRING "profile-guided optimisation of what requests run: generate, use or nothing")
set_property(CACHE SLUICE_PROFILE PROPERTY STRINGS "" generate use)
set(SLUICE_PROFILE_FLAGS)
if(SLUICE_PROFILE STREQUAL "generate")
  set(SLUICE_PROFILE_FLAGS -fprofile-generate -fprofile-update=prefer-atomic)
  add_link_options(-fprofile-generate)
elseif(SLUICE_PROFILE STREQUAL "use")
  set(SLUICE_PROFILE_FLAGS -fprofile-use -fprofile-partial-training -fprofile-correction -Wno-missing-profile -Wno-coverage-mismatch)
endif()

set(SLUICE_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/sanitize_ignore.txt)
  endif()
endif()
