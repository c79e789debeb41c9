# Run at every build: writes OUT when the version or the commit has changed.   cmake -DOUT=… -DVERSION=… -DSOURCE=… -P
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --match=NoTag
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT commit)
    set(commit unknown)
endif()
set(text "#include \"moldau/base/version.hpp\"

namespace moldau {

std::string_view version() { return \"${VERSION}\"; }
std::string_view commit() { return \"${commit}\"; }

}  // namespace moldau
")
if(EXISTS ${OUT})
    file(READ ${OUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
    file(WRITE ${OUT} "${text}")
endif()
