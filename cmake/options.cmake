# Compilers, flags, sanitizers, hardening: what every target of the house is built with.
set(MOLDAU_SANITIZE "" CACHE STRING "address;undefined, or thread")
option(MOLDAU_UNITY "Compile generated code in unity files" ON)
option(MOLDAU_CORES_ONLY "Build floors 0 to 3 only (gcc 12 cannot build coroutines)" OFF)
option(MOLDAU_PCH "Precompile the headers that most files of a room include (clang)" ON)
set(MOLDAU_PRESET "plain" CACHE STRING "Name of the preset, a prefix of the tests' names")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# gcc 12 destroys brace-built aggregates inside co_await expressions twice (STYLE of coroutines, docs/decisions),
# so it is refused for the floors that have coroutines.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT MOLDAU_CORES_ONLY)
    message(FATAL_ERROR "gcc cannot build floors 4 to 6: gcc 12 destroys aggregates inside co_await expressions "
                        "twice. Use clang 19, or -DMOLDAU_CORES_ONLY=ON for floors 0 to 3.")
endif()

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")  # gcc sees that each file includes what it uses
    set(MOLDAU_PCH OFF)
endif()

find_program(MOLDAU_CCACHE ccache)
if(MOLDAU_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MOLDAU_CCACHE})
endif()

add_library(moldau_options INTERFACE)
target_compile_options(moldau_options INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror
    -fno-omit-frame-pointer -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(moldau_options INTERFACE -march=x86-64-v2 -fcf-protection=full)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(moldau_options INTERFACE -ftrivial-auto-var-init=zero -Wno-missing-designated-field-initializers)
    add_link_options(-fuse-ld=lld)
else()
    target_compile_options(moldau_options INTERFACE -ftrivial-auto-var-init=zero
        -Wno-missing-field-initializers -Wno-maybe-uninitialized -Wno-dangling-reference)
endif()
target_compile_definitions(moldau_options INTERFACE _GLIBCXX_ASSERTIONS)
add_link_options(-pie -Wl,--build-id=sha1 -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)

if(MOLDAU_SANITIZE)
    string(REPLACE ";" "," sanitizers "${MOLDAU_SANITIZE}")
    add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${sanitizers})
    # Asio's recycling of coroutine frames and blocks would hide dead ones from the sanitizer.
    add_compile_definitions(BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
else()
    target_compile_definitions(moldau_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
