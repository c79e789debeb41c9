# moldau_fuzz(request USES protocol SOURCES f.cpp CORPUS dir…)   a libFuzzer target, in the asan preset only.
# ctest runs it for a bounded time (MOLDAU_FUZZ_SECONDS); `./dev soak` runs it for long.
set(MOLDAU_FUZZ_SECONDS 10 CACHE STRING "Seconds that ctest gives to each fuzz target")
function(moldau_fuzz name)
    cmake_parse_arguments(ARG "" "CORPUS;MAX_LENGTH" "SOURCES;USES" ${ARGN})
    if(NOT MOLDAU_PRESET STREQUAL "asan")
        return()
    endif()
    if(NOT ARG_MAX_LENGTH)
        set(ARG_MAX_LENGTH 65536)
    endif()
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE moldau_options)
    foreach(used IN LISTS ARG_USES)
        target_link_libraries(fuzz_${name} PRIVATE moldau_${used})
    endforeach()
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(tested fuzz_${name})
    set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${found})
    file(WRITE ${CMAKE_BINARY_DIR}/fuzz/${name}.corpus ${ARG_CORPUS})  # for ./dev soak
    add_test(NAME ${MOLDAU_PRESET}.fuzz.${name}
        COMMAND fuzz_${name} -seed=1 -max_total_time=${MOLDAU_FUZZ_SECONDS} -max_len=${ARG_MAX_LENGTH} -rss_limit_mb=2048
                -timeout=10 -print_final_stats=1 -artifact_prefix=${found}/ ${found} ${ARG_CORPUS})
    set_tests_properties(${MOLDAU_PRESET}.fuzz.${name} PROPERTIES TIMEOUT 600 LABELS fuzz)
endfunction()
