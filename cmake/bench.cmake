# moldau_bench(codec USES protocol SOURCES codec_bench.cpp)   a Google Benchmark program, run by `./dev bench`.
function(moldau_bench name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
    add_executable(bench_${name} ${ARG_SOURCES})
    add_dependencies(tested bench_${name})  # it must build, though no test runs it
    target_compile_definitions(bench_${name} PRIVATE MOLDAU_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_include_directories(bench_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(bench_${name} PRIVATE moldau_options benchmark::benchmark benchmark::benchmark_main ${ARG_LINKS})
    foreach(used IN LISTS ARG_USES)
        target_link_libraries(bench_${name} PRIVATE moldau_${used})
    endforeach()
endfunction()
