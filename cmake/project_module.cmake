# project_module(NAME base SOURCES a.cpp DEPS liquid::x PRIVATE_DEPS SQLite::SQLite3 TESTS a_test.cpp)
#
# One room of the house: static library liquid_<name> (alias liquid::<name>) and, when TESTS are given,
# the program <name>_test, which ctest runs as one test.
function(project_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;DEPS;PRIVATE_DEPS;TESTS;TEST_DEPS" ${ARGN})
  add_library(liquid_${M_NAME} STATIC ${M_SOURCES})
  add_library(liquid::${M_NAME} ALIAS liquid_${M_NAME})
  target_include_directories(liquid_${M_NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(liquid_${M_NAME} PUBLIC ${M_DEPS} PRIVATE liquid_warnings ${M_PRIVATE_DEPS})
  if(M_TESTS AND LIQUID_TESTS)
    add_executable(${M_NAME}_test ${M_TESTS})
    target_link_libraries(${M_NAME}_test PRIVATE liquid_warnings liquid::${M_NAME} ${M_TEST_DEPS}
                          GTest::gmock GTest::gtest_main Threads::Threads)
    # Only for the sources that read case files: a path on every command line would make each of them
    # a miss of the compiler cache in another checkout.
    foreach(test ${M_TESTS})
      file(STRINGS ${test} uses REGEX "LIQUID_SOURCE_DIR" LIMIT_COUNT 1)
      if(uses)
        set_property(SOURCE ${test} APPEND PROPERTY
                     COMPILE_DEFINITIONS LIQUID_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      endif()
    endforeach()
    add_test(NAME ${M_NAME} COMMAND ${M_NAME}_test --gtest_brief=1)
  endif()
endfunction()
