// moldau quota list · moldau quota set KEY=VALUE… · moldau quota unset KEY…
#include "report.hpp"

#include "moldau/protocol/messages/alter_client_quotas.hpp"
#include "moldau/protocol/messages/describe_client_quotas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace moldau::cli {
namespace {

using protocol::AlterClientQuotasResponse;
using protocol::DescribeClientQuotasResponse;
using runtime::Task;

constexpr std::int8_t kExactly = 0;  // DescribeClientQuotas' kinds of matches
constexpr std::int8_t kDefault = 1;

/// Names by "user", "client-id", "ip"; nothing: the default of all of them.
using Entity = std::map<std::string, std::optional<std::string>>;

struct Change {
    std::string key;
    std::optional<double> value;  // nothing: it is taken away
};
struct Options {
    Entity entity;
    std::vector<std::string> written;
    std::vector<Change> changes;
    bool unset = false;
    bool dry_run = false;
};

void add_entity(Command command, Entity& to) {
    struct Word {
        const char* option;
        const char* type;
        const char* whose;
    };
    for (const Word& word :
         {Word{"--user", "user", "a user's (principal)"},
          Word{"--client", "client-id", "a client id's"}, Word{"--ip", "ip", "an address's"}}) {
        const std::string type = word.type;
        Option named = command.option(
            word.option, [&to, type](const std::string& name) { to[type] = name; }, word.whose);
        named.type_name("NAME");
        command
            .flag(
                fmt::format("{}-default", word.option), [&to, type] { to[type] = std::nullopt; },
                "of all that have none of their own")
            .excludes(named);
    }
}

std::string to_text(const Entity& entity) {
    std::string text;
    for (const auto& [type, name] : entity)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", type, name.value_or("(default)"));
    return text;
}

Cell cell_of(const Entity& entity) {
    return Cell(entity).shown_as(to_text(entity));
}

Result<Change> parse_change(const std::string& text) {
    const std::size_t equals = text.find('=');
    double value = 0;
    const char* const end = text.data() + text.size();
    if (equals != std::string::npos && equals != 0) {
        const auto [stopped, wrong] = std::from_chars(text.data() + equals + 1, end, value);
        if (wrong == std::errc() && stopped == end) return Change{text.substr(0, equals), value};
    }
    return Error{ErrorCode::invalid_request, fmt::format("'{}' is not KEY=NUMBER", text)};
}

Result<> check(Options& options) {
    if (options.entity.empty())
        return Error{ErrorCode::invalid_request,
                     "whose quota? --user, --client, --ip, or one of them with -default"};
    options.changes.clear();
    for (const std::string& text : options.written) {
        Result<Change> change =
            options.unset ? Result<Change>(Change{text, std::nullopt}) : parse_change(text);
        if (!change) return change.error();
        options.changes.push_back(std::move(*change));
    }
    return {};
}

Error quota_error(ErrorCode code, const std::optional<std::string>& message) {
    const std::string said = message.value_or("");
    return {code, said.empty() || said == name(code)
                      ? fmt::format("quotas: {}", name(code))
                      : fmt::format("quotas: {} ({})", said, name(code))};
}

Task<Result<>> list(Context context, Options options) {
    protocol::DescribeClientQuotasRequest request;
    for (const auto& [type, name] : options.entity)
        request.components.push_back(
            {.entity_type = type, .match_type = name ? kExactly : kDefault, .match = name});
    auto reply = co_await context.cluster.ask_any<DescribeClientQuotasResponse>(std::move(request));
    if (!reply) co_return reply.error();
    if (reply->message.error_code != ErrorCode::none)
        co_return quota_error(reply->message.error_code, reply->message.error_message);
    std::map<Entity, std::map<std::string, double>> found;
    const std::vector<DescribeClientQuotasResponse::EntryData> none;
    for (const auto& entry : reply->message.entries ? *reply->message.entries : none) {
        Entity entity;
        for (const auto& each : entry.entity) entity[each.entity_type] = each.entity_name;
        std::map<std::string, double>& quotas = found[entity];
        for (const auto& each : entry.values) quotas[each.key] = each.value;
    }
    Report report("quota.list");
    for (const auto& [entity, quotas] : found) report.add({cell_of(entity), quotas});
    co_return print(context.global, report);
}

Task<Result<>> change(Context context, Options options) {
    protocol::AlterClientQuotasRequest request;
    request.validate_only = options.dry_run;
    auto& entry = request.entries.emplace_back();
    for (const auto& [type, name] : options.entity)
        entry.entity.push_back({.entity_type = type, .entity_name = name});
    for (const Change& each : options.changes)
        entry.ops.push_back(
            {.key = each.key, .value = each.value.value_or(0), .remove = !each.value});
    auto reply = co_await context.cluster.ask_any<AlterClientQuotasResponse>(std::move(request));
    if (!reply) co_return reply.error();
    for (const auto& told : reply->message.entries) {
        if (told.error_code != ErrorCode::none)
            co_return quota_error(told.error_code, told.error_message);
    }
    Report report(options.unset ? "quota.unset" : "quota.set");
    for (const Change& each : options.changes) {
        fmt::print(stderr, "{}: {}{} {}{}\n", to_text(options.entity),
                   options.dry_run ? "would " : "", each.value ? "set" : "unset", each.key,
                   each.value ? fmt::format("={}", *each.value) : std::string());
        report.add({cell_of(options.entity), each.key, each.value});
    }
    co_return print(context.global, report);
}

void add_change(Command parent, Choice& choice, bool unset) {
    Command command = parent.command(
        unset ? "unset" : "set",
        unset ? "take quotas away" : "set quotas of a user, a client id, both, or an address");
    auto options = std::make_shared<Options>();
    options->unset = unset;
    add_entity(command, options->entity);
    command
        .option(unset ? "key" : "key=value", options->written,
                "producer_byte_rate, consumer_byte_rate, request_percentage, "
                "controller_mutation_rate, connection_creation_rate")
        .required();
    command.flag("--dry-run", options->dry_run, "let the broker look, and change nothing");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return change(context, *options); };
    });
}

}  // namespace

void add_quota_list(Command parent, Choice& choice) {
    Command command =
        parent.command("list", "quotas that are set; with --user and the like those that name it");
    auto options = std::make_shared<Options>();
    add_entity(command, options->entity);
    command.when_chosen([options, &choice] {
        choice.work = [options](Context context) { return list(context, *options); };
    });
}

void add_quota_set(Command parent, Choice& choice) {
    add_change(parent, choice, false);
}

void add_quota_unset(Command parent, Choice& choice) {
    add_change(parent, choice, true);
}

}  // namespace moldau::cli
