#include "moldau/controller/client_quotas.hpp"

#include "cluster_fixture.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Entry = protocol::AlterClientQuotasRequest::EntryData;
using Component = protocol::DescribeClientQuotasRequest::ComponentData;
using Names = std::vector<std::pair<std::string, std::optional<std::string>>>;

constexpr std::nullopt_t kDefault = std::nullopt;

Entry entry(const Names& entity, const std::map<std::string, std::optional<double>>& ops) {
    Entry made;
    for (const auto& [type, name] : entity) {
        auto& part = made.entity.emplace_back();
        part.entity_type = type;
        part.entity_name = name;
    }
    for (const auto& [key, value] : ops) {
        auto& op = made.ops.emplace_back();
        op.key = key;
        op.value = value.value_or(0);
        op.remove = !value;
    }
    return made;
}

Component component(std::string type, std::int8_t match_type, std::optional<std::string> match) {
    Component made;
    made.entity_type = std::move(type);
    made.match_type = match_type;
    made.match = std::move(match);
    return made;
}
Component exactly(std::string type, std::string name) {
    return component(std::move(type), 0, std::move(name));
}
Component the_default(std::string type) {
    return component(std::move(type), 1, std::nullopt);
}
Component any(std::string type) {
    return component(std::move(type), 2, std::nullopt);
}

class ClientQuotas : public ClusterFixture {
protected:
    Decision<protocol::AlterClientQuotasResponse> decide(std::vector<Entry> entries,
                                                         bool validate_only = false) {
        protocol::AlterClientQuotasRequest request;
        request.entries = std::move(entries);
        request.validate_only = validate_only;
        auto decision = alter_client_quotas(image(), request);
        for (std::int16_t v = 0; v <= 1; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        return decision;
    }
    ErrorCode alter(Entry one) {
        const auto decision = decide({std::move(one)});
        EXPECT_THAT(decision.reply.entries, SizeIs(1));
        const auto& told = decision.reply.entries.at(0);
        EXPECT_EQ(told.error_code != ErrorCode::none, told.error_message.has_value());
        if (told.error_code != ErrorCode::none) {
            EXPECT_THAT(decision.records, IsEmpty());
        }
        append(decision.records);
        return told.error_code;
    }

    protocol::DescribeClientQuotasResponse describe(std::vector<Component> components,
                                                    bool is_strict = false) {
        protocol::DescribeClientQuotasRequest request;
        request.components = std::move(components);
        request.strict = is_strict;
        auto response = describe_client_quotas(image(), request);
        for (std::int16_t v = 0; v <= 1; ++v) EXPECT_TRUE(response.encoded_size(v)) << v;
        return response;
    }
    /// "client-id=c user=u: producer_byte_rate=1" of each entity; "*" is the default.
    std::vector<std::string> described(std::vector<Component> components, bool is_strict = false) {
        const auto response = describe(std::move(components), is_strict);
        EXPECT_EQ(response.error_code, ErrorCode::none);
        std::vector<std::string> lines;
        for (const auto& each : *response.entries) {
            std::string line;
            for (const auto& part : each.entity)
                line += part.entity_type + "=" + part.entity_name.value_or("*") + " ";
            line.back() = ':';
            for (const auto& value : each.values)
                line += " " + value.key + "=" + std::to_string(std::lround(value.value));
            lines.push_back(line);
        }
        return lines;
    }
};

TEST_F(ClientQuotas, AreSetChangedAndRemoved) {
    EXPECT_EQ(
        alter(entry({{"user", "u"}}, {{"producer_byte_rate", 10}, {"request_percentage", 50}})),
        ErrorCode::none);
    EXPECT_EQ(alter(entry({{"user", "u"}, {"client-id", "c"}}, {{"consumer_byte_rate", 7}})),
              ErrorCode::none);
    EXPECT_EQ(alter(entry({{"user", kDefault}}, {{"controller_mutation_rate", 2.5}})),
              ErrorCode::none);
    EXPECT_EQ(alter(entry({{"ip", "10.0.0.1"}}, {{"connection_creation_rate", 3}})),
              ErrorCode::none);
    EXPECT_EQ(alter(entry({{"ip", kDefault}}, {{"connection_creation_rate", 4}})), ErrorCode::none);
    EXPECT_EQ(alter(entry({{"ip", "2001:db8::1"}}, {{"connection_creation_rate", 5}})),
              ErrorCode::none);
    EXPECT_THAT(described({}),
                UnorderedElementsAre("user=u: producer_byte_rate=10 request_percentage=50",
                                     "client-id=c user=u: consumer_byte_rate=7",
                                     "user=*: controller_mutation_rate=3",
                                     "ip=10.0.0.1: connection_creation_rate=3",
                                     "ip=*: connection_creation_rate=4",
                                     "ip=2001:db8::1: connection_creation_rate=5"));
    EXPECT_EQ(alter(entry({{"user", "u"}},
                          {{"producer_byte_rate", 11}, {"request_percentage", std::nullopt}})),
              ErrorCode::none);
    EXPECT_THAT(described({exactly("user", "u")}, true),
                ElementsAre("user=u: producer_byte_rate=11"));
    EXPECT_EQ(alter(entry({{"user", "u"}}, {{"producer_byte_rate", std::nullopt}})),
              ErrorCode::none);
    EXPECT_THAT(described({exactly("user", "u")}, true), IsEmpty());
}

TEST_F(ClientQuotas, ThatStayAsTheyAreMakeNoRecord) {
    ASSERT_EQ(alter(entry({{"user", "u"}}, {{"producer_byte_rate", 10}})), ErrorCode::none);
    EXPECT_THAT(decide({entry({{"user", "u"}}, {{"producer_byte_rate", 10}})}).records, IsEmpty());
    EXPECT_THAT(decide({entry({{"user", "v"}}, {{"producer_byte_rate", std::nullopt}})}).records,
                IsEmpty());
    EXPECT_THAT(decide({entry({{"user", "v"}}, {{"no.such.key", std::nullopt}})})
                    .reply.entries.at(0)
                    .error_code,
                ErrorCode::none)
        << "what nobody has can be removed, as in Kafka";
    EXPECT_THAT(decide({entry({{"user", "w"}}, {{"producer_byte_rate", 10}})}, true).records,
                IsEmpty());
}

TEST_F(ClientQuotas, AreInTheRecordAsTheirEntityIs) {
    const auto decision =
        decide({entry({{"user", kDefault}, {"client-id", "c"}}, {{"producer_byte_rate", 10}})});
    ASSERT_THAT(decision.records, SizeIs(1));
    const auto& record = std::get<protocol::ClientQuotaRecord>(decision.records[0].value);
    ASSERT_THAT(record.entity, SizeIs(2));
    EXPECT_EQ(record.entity[0].entity_type, "client-id");
    EXPECT_EQ(record.entity[0].entity_name, "c");
    EXPECT_EQ(record.entity[1].entity_type, "user");
    EXPECT_EQ(record.entity[1].entity_name, std::nullopt);
    EXPECT_EQ(record.key, "producer_byte_rate");
    EXPECT_EQ(record.value, 10);
    EXPECT_FALSE(record.remove);
}

TEST_F(ClientQuotas, ThatCannotBeAreRefused) {
    struct Row {
        const char* what;
        Entry wanted;
        ErrorCode expected = ErrorCode::invalid_request;
    };
    const Names user = {{"user", "u"}};
    const Names ip = {{"ip", "10.0.0.1"}};
    Entry twice = entry(user, {{"producer_byte_rate", 1}});
    twice.ops.push_back(twice.ops[0]);
    for (const Row& row : {
             Row{"nobody", entry({}, {{"producer_byte_rate", 1}})},
             Row{"an unknown part", entry({{"group", "g"}}, {{"producer_byte_rate", 1}})},
             Row{"no name", entry({{"user", ""}}, {{"producer_byte_rate", 1}})},
             Row{"two users", entry({{"user", "u"}, {"user", "v"}}, {{"producer_byte_rate", 1}})},
             Row{"an ip and a user",
                 entry({{"ip", "10.0.0.1"}, {"user", "u"}}, {{"connection_creation_rate", 1}})},
             Row{"no address", entry({{"ip", "10.0.0.300"}}, {{"connection_creation_rate", 1}})},
             Row{"a host", entry({{"ip", "no.such.host"}}, {{"connection_creation_rate", 1}})},
             Row{"an unknown key", entry(user, {{"byte_rate", 1}})},
             Row{"an ip's key", entry(user, {{"connection_creation_rate", 1}})},
             Row{"a user's key", entry(ip, {{"producer_byte_rate", 1}})},
             Row{"0", entry(user, {{"producer_byte_rate", 0}})},
             Row{"negative", entry(user, {{"request_percentage", -1}})},
             Row{"no number",
                 entry(user, {{"request_percentage", std::numeric_limits<double>::quiet_NaN()}})},
             Row{"half a byte", entry(user, {{"producer_byte_rate", 1.5}})},
             Row{"half a connection", entry(ip, {{"connection_creation_rate", 1.5}})},
             Row{"too many connections", entry(ip, {{"connection_creation_rate", 2147483648.0}})},
             Row{"too many bytes", entry(user, {{"producer_byte_rate", 1e19}})},
             Row{"twice", twice},
             Row{"one good, one bad", entry(user, {{"producer_byte_rate", 1}, {"x", 1}})},
             Row{"the most connections", entry(ip, {{"connection_creation_rate", 2147483647.0}}),
                 ErrorCode::none},
             Row{"half a percent", entry(user, {{"request_percentage", 0.5}}), ErrorCode::none},
             Row{"half a change", entry(user, {{"controller_mutation_rate", 0.5}}),
                 ErrorCode::none},
             Row{"whole but for the rounding", entry(user, {{"consumer_byte_rate", 7.0000001}}),
                 ErrorCode::none},
         }) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(alter(row.wanted), row.expected);
    }
}

TEST_F(ClientQuotas, SucceedOrFailByEntityAndOneThatComesTwiceFails) {
    const auto decision = decide({entry({{"user", "a"}}, {{"producer_byte_rate", 1}}),
                                  entry({{"user", "b"}}, {{"producer_byte_rate", -1}}),
                                  entry({{"user", "c"}}, {{"producer_byte_rate", 1}}),
                                  entry({{"user", "c"}}, {{"consumer_byte_rate", 1}})});
    ASSERT_THAT(decision.reply.entries, SizeIs(3));
    EXPECT_EQ(decision.reply.entries[0].error_code, ErrorCode::none);
    EXPECT_EQ(decision.reply.entries[1].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(decision.reply.entries[2].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(decision.reply.entries[2].entity.at(0).entity_name, "c");
    append(decision.records);
    EXPECT_THAT(described({}), ElementsAre("user=a: producer_byte_rate=1"));
}

class DescribedClientQuotas : public ClientQuotas {
protected:
    void SetUp() override {
        int value = 0;
        for (const Names& each :
             {Names{{"user", "u"}}, Names{{"user", kDefault}}, Names{{"client-id", "c"}},
              Names{{"client-id", kDefault}}, Names{{"user", "u"}, {"client-id", "c"}},
              Names{{"user", "u"}, {"client-id", kDefault}},
              Names{{"user", kDefault}, {"client-id", "c"}}})
            ASSERT_EQ(alter(entry(each, {{"producer_byte_rate", ++value}})), ErrorCode::none);
        ASSERT_EQ(alter(entry({{"ip", "10.0.0.1"}}, {{"connection_creation_rate", ++value}})),
                  ErrorCode::none);
    }
    /// The quotas' values, which name the entities above in their order.
    std::vector<int> found(std::vector<Component> components, bool is_strict) {
        std::vector<int> values;
        const auto response = describe(std::move(components), is_strict);
        EXPECT_EQ(response.error_code, ErrorCode::none);
        for (const auto& each : *response.entries)
            values.push_back(static_cast<int>(each.values.at(0).value));
        std::ranges::sort(values);
        return values;
    }
};

TEST_F(DescribedClientQuotas, AreThoseThatPassTheFilter) {
    struct Row {
        const char* what;
        std::vector<Component> filter;
        std::vector<int> all, strictly;
    };
    for (const Row& row : {
             Row{"no filter", {}, {1, 2, 3, 4, 5, 6, 7, 8}, {}},
             Row{"a user", {exactly("user", "u")}, {1, 5, 6}, {1}},
             Row{"the default user", {the_default("user")}, {2, 7}, {2}},
             Row{"any user", {any("user")}, {1, 2, 5, 6, 7}, {1, 2}},
             Row{"a client id", {exactly("client-id", "c")}, {3, 5, 7}, {3}},
             Row{"any client id", {any("client-id")}, {3, 4, 5, 6, 7}, {3, 4}},
             Row{"both", {exactly("user", "u"), exactly("client-id", "c")}, {5}, {5}},
             Row{"a user's default client id",
                 {exactly("user", "u"), the_default("client-id")},
                 {6},
                 {6}},
             Row{"any of both", {any("user"), any("client-id")}, {5, 6, 7}, {5, 6, 7}},
             Row{"an address", {exactly("ip", "10.0.0.1")}, {8}, {8}},
             Row{"any address", {any("ip")}, {8}, {8}},
             Row{"an other address", {exactly("ip", "10.0.0.2")}, {}, {}},
         }) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(found(row.filter, false), row.all);
        EXPECT_EQ(found(row.filter, true), row.strictly);
    }
}

TEST_F(DescribedClientQuotas, AreNotToldWhereTheFilterMakesNoSense) {
    struct Row {
        const char* what;
        std::vector<Component> filter;
        ErrorCode expected = ErrorCode::invalid_request;
    };
    for (const Row& row : {
             Row{"no type", {any("")}},
             Row{"a type twice", {any("user"), exactly("user", "u")}},
             Row{"an unknown type", {any("group")}, ErrorCode::unsupported_version},
             Row{"an exact match of nothing", {component("user", 0, std::nullopt)}},
             Row{"a default with a name", {component("user", 1, "u")}},
             Row{"any with a name", {component("user", 2, "u")}},
             Row{"an unknown match", {component("user", 3, std::nullopt)}},
             Row{"an ip and a user", {any("ip"), any("user")}},
             Row{"an ip and a client id", {exactly("client-id", "c"), exactly("ip", "::1")}},
         }) {
        SCOPED_TRACE(row.what);
        const auto response = describe(row.filter);
        EXPECT_EQ(response.error_code, row.expected);
        EXPECT_TRUE(response.error_message);
        EXPECT_FALSE(response.entries);
    }
}

}  // namespace
}  // namespace moldau::controller
