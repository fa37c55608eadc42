# project_fuzz(NAME http_request DEPS liquid::http)
#
# fuzz/http_request_fuzz.cpp, which defines LLVMFuzzerTestOneInput and no more, with its seeds in
# fuzz/seeds/http_request/. With clang it becomes a libFuzzer program; with any other compiler a program
# that replays the seeds and altered copies of them, which ctest runs: so a target never rots.
function(project_fuzz)
  cmake_parse_arguments(F "" "NAME" "DEPS" ${ARGN})
  set(target ${F_NAME}_fuzz)
  add_executable(${target} ${target}.cpp)
  target_link_libraries(${target} PRIVATE liquid_warnings ${F_DEPS} Threads::Threads)
  add_dependencies(fuzz_targets ${target})
  set_property(GLOBAL APPEND PROPERTY LIQUID_FUZZ_TARGETS ${target})
  if(LIQUID_LIBFUZZER)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE replay_main.cpp)
    add_test(NAME ${target} COMMAND ${target} ${CMAKE_CURRENT_SOURCE_DIR}/seeds/${F_NAME})
    set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()

# Writes targets.txt, the list that tools/fuzz.sh goes through.
function(project_fuzz_list)
  get_property(targets GLOBAL PROPERTY LIQUID_FUZZ_TARGETS)
  list(JOIN targets "\n" lines)
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/targets.txt CONTENT "${lines}\n")
endfunction()
