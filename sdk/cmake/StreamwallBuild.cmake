# Flags and helpers of this tree alone; what plugin authors need is in StreamwallPlugin.cmake.

add_compile_options(-Wall -Wextra -fvisibility=hidden
    $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
    -fstack-protector-strong -fstack-clash-protection -fcf-protection
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Clang never emits STB_GNU_UNIQUE symbols; with GCC they would pin every plugin in memory.
    add_compile_options(-fno-gnu-unique)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -D_FORTIFY_SOURCE=2")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-Wl,-z,relro,-z,now)
find_program(STREAMWALL_MOLD mold)
find_program(STREAMWALL_LLD NAMES ld.lld ld.lld-19)
if(STREAMWALL_MOLD)
    add_link_options(-fuse-ld=mold)
elseif(STREAMWALL_LLD)
    add_link_options(-fuse-ld=lld)
endif()

if(STREAMWALL_SANITIZE)
    add_compile_options(-fsanitize=${STREAMWALL_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${STREAMWALL_SANITIZE})
    if(STREAMWALL_SANITIZE MATCHES "undefined")
        # vptr needs RTTI to be shared across modules, which the plugin boundary forbids by design.
        add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr,function)
    endif()
endif()
if(STREAMWALL_FUZZERS)
    # Without coverage in the libraries under test libFuzzer is blind and only throws dice.
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(STREAMWALL_FAULT_POINTS)
    add_compile_definitions(STREAMWALL_FAULT_POINTS=1)
endif()
if(STREAMWALL_CONTRACT_CHECKS)
    add_compile_definitions(STREAMWALL_CONTRACT_CHECKS=1)
endif()

# streamwall_add_library(NAME SOURCES … [LIBS …]): a static library whose include root is the
# folder that calls it; warnings are errors for our own sources.
function(streamwall_add_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_LIBS})
    target_compile_options(${name} PRIVATE -Werror)
endfunction()

# streamwall_add_test(NAME SOURCES … [LIBS …] [ENVIRONMENT …] [TIMEOUT s] [LABELS …]): one GoogleTest
# program, one line in ctest.
function(streamwall_add_test name)
    if(NOT STREAMWALL_TESTS)
        return()
    endif()
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;ENVIRONMENT;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LIBS} streamwall_testing
        GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_options(${name} PRIVATE -Werror)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "unit;${ARG_LABELS}"
        ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()

# streamwall_add_fuzzer(NAME SOURCES … [LIBS …] CORPUS folder): a libFuzzer program; ./dev fuzz runs it.
function(streamwall_add_fuzzer name)
    if(NOT STREAMWALL_FUZZERS)
        return()
    endif()
    cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LIBS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    file(WRITE ${CMAKE_BINARY_DIR}/fuzz/${name}.corpus "${ARG_CORPUS}\n")
endfunction()
