// A file that a load writes its findings to. It is there from the start of the load on: whether it
// can be written must not turn out at the end.
#pragma once

#include "moldau/base/result.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace moldau::load {

class OutputFile {
public:
    /// Errors: invalid_request: it cannot be written, with the reason
    static Result<OutputFile> create(const std::string& path);
    /// To the file at once, so that it can be looked at while the load runs. Errors: as create()
    Result<> write(std::string_view text);

private:
    struct Close {
        void operator()(std::FILE* file) const { (void)std::fclose(file); }
    };
    OutputFile(std::string path, std::unique_ptr<std::FILE, Close> file)
        : path_(std::move(path)), file_(std::move(file)) {}

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace moldau::load
