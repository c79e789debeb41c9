// Reader of YAML files: yaml-cpp's events, so that no tree is built and anchors, which can make a
// small file endless, are refused where they stand.
#include "assignment.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

namespace moldau::config {

namespace {

constexpr std::size_t kDepthMax = 16;
// Nested maps repeat their parents' names in each key: without a limit a small file could grow to
// gigabytes of keys.
constexpr std::size_t kKeyBytesMax = 512;

/// Ends the reading from inside yaml-cpp, which knows no other way; caught in read_yaml.
struct Refusal {
    int line;
    std::string message;
};

int line_of(const YAML::Mark& mark) {
    return mark.line + 1;
}

class Reader : public YAML::EventHandler {
public:
    Reader(const std::string& source, FileContents& contents)
        : source_(source), contents_(contents) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) throw Refusal{line_of(mark), "a second document: one is allowed"};
    }
    void OnDocumentEnd() override {}

    void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
        throw Refusal{line_of(mark), "anchors (&name) are not allowed"};
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        throw Refusal{line_of(mark), "aliases (*name) are not allowed"};
    }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        if (frames_.empty()) return;  // an empty document sets nothing
        Frame& frame = frames_.back();
        if (!frame.is_map) throw Refusal{line_of(mark), "a list with an item that is null"};
        if (!frame.key) throw Refusal{line_of(mark), "a key that is null"};
        set(std::monostate{});
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        if (frames_.empty()) throw Refusal{line_of(mark), "text where `key: value` is expected"};
        Frame& frame = frames_.back();
        if (!frame.is_map) {
            frame.items.push_back(value);
            return;
        }
        if (frame.key) {
            set(value);
            return;
        }
        if (value.empty() || frame.prefix.size() + value.size() > kKeyBytesMax)
            throw Refusal{line_of(mark), "a key that is empty or too long"};
        frame.key = value;
        frame.line = line_of(mark);
    }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        std::string prefix;
        if (!frames_.empty()) {
            expect_value_place(mark, "a map");
            prefix = frames_.back().prefix + *frames_.back().key + ".";
        }
        open(mark, Frame{.is_map = true, .prefix = std::move(prefix)});
    }
    void OnMapEnd() override { close(); }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        if (frames_.empty()) throw Refusal{line_of(mark), "a list where `key: value` is expected"};
        expect_value_place(mark, "a list");
        open(mark, Frame{.is_map = false});
    }
    void OnSequenceEnd() override {
        std::vector<std::string> items = std::move(frames_.back().items);
        frames_.pop_back();
        set(std::move(items));
    }

private:
    struct Frame {
        bool is_map = false;
        std::string prefix{};  // of a map's keys
        std::optional<std::string> key{};
        int line = 0;  // of the key
        std::vector<std::string> items{};
    };

    /// Gives the value to the key that waits for one.
    void set(Written written) {
        Frame& frame = frames_.back();
        contents_.assignments.push_back(
            {frame.prefix + *frame.key, std::move(written),
             Origin{.kind = Origin::Kind::file, .source = source_, .line = frame.line}});
        frame.key.reset();
    }

    void open(const YAML::Mark& mark, Frame frame) {
        if (frames_.size() == kDepthMax)
            throw Refusal{line_of(mark), fmt::format("nested more than {} deep", kDepthMax)};
        frames_.push_back(std::move(frame));
    }
    void close() {
        frames_.pop_back();
        if (!frames_.empty()) frames_.back().key.reset();
    }

    void expect_value_place(const YAML::Mark& mark, std::string_view what) const {
        const Frame& frame = frames_.back();
        if (!frame.is_map)
            throw Refusal{line_of(mark), fmt::format("{} in a list: items are text", what)};
        if (!frame.key)
            throw Refusal{line_of(mark), fmt::format("{} as a key: keys are text", what)};
    }

    /// yaml-cpp says "?" for plain text, "!" for quoted text, and "" for a null.
    static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!")
            throw Refusal{line_of(mark), fmt::format("tags ({}) are not allowed", in_quotes(tag))};
    }

    const std::string& source_;
    FileContents& contents_;
    std::vector<Frame> frames_;
    int documents_ = 0;
};

}  // namespace

FileContents read_yaml(const File& file) {
    FileContents contents;
    const auto refuse = [&](int line, std::string message) {
        contents.errors.push_back(
            {Origin{.kind = Origin::Kind::file, .source = file.name, .line = line},
             {},
             std::move(message)});
    };
    try {
        std::istringstream text(file.text);
        YAML::Parser parser(text);
        Reader reader(file.name, contents);
        while (parser.HandleNextDocument(reader)) {
        }
    } catch (const Refusal& refusal) {
        refuse(refusal.line, refusal.message);
    } catch (const YAML::Exception& error) {
        refuse(line_of(error.mark), fmt::format("no YAML: {}", error.msg));
    }
    return contents;
}

}  // namespace moldau::config
