#include "support/messages/json_form.hpp"

#include "support/vectors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>

namespace moldau::support {
namespace {

namespace json = boost::json;

json::value form(bool value) {
    return value;
}
json::value form(double value) {
    return value;
}
json::value form(ErrorCode value) {
    return static_cast<std::int64_t>(value);
}
json::value form(const Uuid& value) {
    return json::string(value.to_string());
}
json::value form(const std::string& value) {
    return json::string(value);
}
json::value form(BytesView value) {
    return json::string(to_base64(value.data(), value.size()));
}
template <std::integral T>
json::value form(T value) {
    return static_cast<std::int64_t>(value);
}
template <class T>
json::value form(const std::vector<T>& value) {
    json::array array;
    for (const T& element : value) array.push_back(form(element));
    return array;
}
template <class T>
json::value form(const std::optional<T>& value) {
    return value ? form(*value) : json::value(nullptr);
}

class JsonForm : public FieldVisitor {
public:
    void leaf(const char* name, Leaf value, FieldTraits traits) override {
        if (traits.tagged && traits.at_default) return;
        json::value formed = std::visit([](const auto* at) { return form(*at); }, value);
        stack_.back().as_object().emplace(name, std::move(formed));
    }
    bool enter(const char* name, FieldTraits traits) override {
        if (traits.tagged && traits.at_default) return false;
        names_.emplace_back(name);
        entered_.emplace_back(nullptr);
        return true;
    }
    bool present(bool now, FieldTraits) override { return now; }
    std::optional<std::size_t> elements(std::optional<std::size_t> now, FieldTraits) override {
        if (now) entered_.back() = json::array();
        return now;
    }
    void begin_struct() override { stack_.emplace_back(json::object()); }
    void end_struct() override {
        json::value done = std::move(stack_.back());
        stack_.pop_back();
        if (names_.empty()) {
            result = std::move(done);
        } else if (entered_.back().is_array()) {
            entered_.back().as_array().push_back(std::move(done));
        } else {
            entered_.back() = std::move(done);
        }
    }
    void leave() override {
        stack_.back().as_object().emplace(names_.back(), std::move(entered_.back()));
        names_.pop_back();
        entered_.pop_back();
    }
    void unknown_tags(protocol::UnknownTags& tags) override {
        if (!names_.empty()) {
            inner_tags += tags.size();
            return;
        }
        for (const protocol::UnknownTag& tag : tags) {
            own_tags.push_back(json::object{{"tag", static_cast<std::int64_t>(tag.tag)},
                                            {"hex", to_hex(tag.data.data(), tag.data.size())}});
        }
    }

    json::value result;
    json::array own_tags;
    std::size_t inner_tags = 0;

private:
    std::vector<json::value> stack_;    // structs being written
    std::vector<std::string> names_;    // fields entered
    std::vector<json::value> entered_;  // what they hold so far
};

bool near(double a, double b) {
    return a == b || std::abs(a - b) <= std::abs(a) * 1e-15;
}

}  // namespace

json::value json_form(AnyMessage& message, std::int16_t version) {
    JsonForm visitor;
    message.visit(version, visitor);
    return visitor.result;
}

json::value unknown_tags_form(AnyMessage& message, std::int16_t version, std::size_t& inner_count) {
    JsonForm visitor;
    message.visit(version, visitor);
    inner_count = visitor.inner_tags;
    return visitor.own_tags;
}

std::string difference(const json::value& a, const json::value& b, const std::string& path) {
    const auto differ = [&] {
        return path + ": " + json::serialize(a).substr(0, 200) + " is not " +
               json::serialize(b).substr(0, 200);
    };
    if (a.is_double() && b.is_double()) return near(a.as_double(), b.as_double()) ? "" : differ();
    if (a.is_array() && b.is_array()) {
        const json::array& x = a.as_array();
        const json::array& y = b.as_array();
        if (x.size() != y.size()) return differ();
        for (std::size_t i = 0; i < x.size(); ++i) {
            std::string found = difference(x[i], y[i], path + "[" + std::to_string(i) + "]");
            if (!found.empty()) return found;
        }
        return "";
    }
    if (a.is_object() && b.is_object()) {
        for (const auto& [name, value] : a.as_object()) {
            const json::value* other = b.as_object().if_contains(name);
            const std::string at = path + "." + std::string(name);
            if (other == nullptr) return at + " is not expected";
            if (std::string found = difference(value, *other, at); !found.empty()) return found;
        }
        for (const auto& member : b.as_object()) {
            if (!a.as_object().contains(member.key()))
                return path + "." + std::string(member.key()) + " is missing";
        }
        return "";
    }
    return a == b ? "" : differ();
}

}  // namespace moldau::support
