# Compiler launcher, linker, warnings and sanitizers: everything that is true for all of our own code.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(liquid_warnings INTERFACE)
target_compile_options(liquid_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast)
# Warnings are errors with the compiler we test with. A newer one invents new warnings, and those must
# not stop somebody who only wants to build.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(liquid_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND LIQUID_SANITIZE STREQUAL "thread")
  # Asio's fences are not understood by ThreadSanitizer; g++ warns at each of them.
  target_compile_options(liquid_warnings INTERFACE -Wno-tsan)
endif()

if(LIQUID_SANITIZE)
  add_compile_options(-fsanitize=${LIQUID_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LIQUID_SANITIZE})
  if(LIQUID_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# Coverage marks in every library, so that libFuzzer sees where an input led.
if(LIQUID_FUZZ AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(LIQUID_LIBFUZZER ON)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
