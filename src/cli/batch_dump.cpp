#include "batch_dump.hpp"

#include "json_records.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/metadata/records.hpp"
#include "moldau/raft/control_records.hpp"
#include "moldau/record/control.hpp"
#include "moldau/record/record.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::cli {
namespace {

constexpr std::size_t kUnpackedBytesMax = std::size_t{1} << 30U;  // of one batch

void add_bytes(Entry& to, std::string_view key, const std::optional<BytesView>& bytes) {
    if (!bytes) {
        to.add_json(key, "null");
    } else if (is_utf8(as_text(*bytes))) {
        to.add(key, as_text(*bytes));
    } else {
        to.add(fmt::format("{}_base64", key), base64(as_text(*bytes)));
    }
}

std::string headers_json(const record::Headers& headers) {
    JsonWriter json;
    json.begin_array();
    for (const record::HeaderView& header : headers) {
        json.begin_object().key("key").value(header.key);
        if (!header.value) {
            json.key("value").null();
        } else if (is_utf8(as_text(*header.value))) {
            json.key("value").value(as_text(*header.value));
        } else {
            json.key("value_base64").value(base64(as_text(*header.value)));
        }
        json.end_object();
    }
    return json.end_array().text();
}

template <class Message>
void add_data(Entry& to, const Message& message, std::int16_t version) {
    JsonWriter json;
    json.begin_object();
    write_fields(json, message, version);
    to.add_json("data", json.end_object().text());
}

/// A transaction's end: its version, then the marker.
Result<> add_marker(Entry& to, BytesView value) {
    protocol::Reader in(value);
    const std::int16_t version = in.int16();
    protocol::EndTxnMarker marker;
    // Later versions may only add fields behind those that there are.
    constexpr std::int16_t kKnown = protocol::EndTxnMarker::kVersions.last;
    if (Result<> ok = marker.decode(in, std::min(version, kKnown)); !ok) return ok;
    to.add("version", version);
    add_data(to, marker, kKnown);
    return {};
}

Result<> add_control(Entry& to, const record::RecordView& record) {
    if (!record.key || !record.value)
        return Error{ErrorCode::invalid_record, "a control record without a key or a value"};
    const Result<record::ControlKey> key = record::parse_control_key(*record.key);
    if (!key) return key.error();
    to.add("control", record::name(key->type));
    if (key->type == record::ControlType::abort || key->type == record::ControlType::commit)
        return add_marker(to, *record.value);
    const Result<raft::ControlRecord> control = raft::decode_control(*record.key, *record.value);
    if (!control) return control.error();
    std::visit(
        [&]<class Message>(const Message& message) {
            if constexpr (std::is_same_v<Message, raft::UnknownControl>) {
                to.add("type", message.type);
                add_bytes(to, "value", record.value);
            } else {
                // Control records say their own version, first.
                constexpr protocol::VersionRange kKnown = Message::kVersions;
                add_data(to, message, std::clamp(message.version, kKnown.first, kKnown.last));
            }
        },
        *control);
    return {};
}

Result<> add_metadata(Entry& to, const record::RecordView& record) {
    if (!record.value) return Error{ErrorCode::invalid_record, "a metadata record without a value"};
    const Result<metadata::MetadataRecord> decoded = metadata::decode_record(*record.value);
    if (!decoded) return decoded.error();
    std::visit(
        [&]<class Message>(const Message& message) {
            if constexpr (std::is_same_v<Message, metadata::UnknownRecord>) {
                to.add("type", message.type).add("version", decoded->version);
                to.add("data_base64", base64(as_text(message.body)));
            } else {
                to.add("type", kTypeName<Message>).add("version", decoded->version);
                add_data(to, message, decoded->version);
            }
        },
        decoded->value);
    return {};
}

/// A message behind its version; of a version that is not known as bytes.
template <class Message>
Result<> add_versioned(Entry& to, std::string_view name, BytesView bytes) {
    protocol::Reader in(bytes);
    const std::int16_t version = in.int16();
    if (!Message::kVersions.contains(version)) {
        to.add(fmt::format("{}_base64", name), base64(as_text(bytes)));
        return {};
    }
    Message message;
    if (Result<> ok = message.decode(in, version); !ok) return ok;
    JsonWriter json;
    json.begin_object();
    write_fields(json, message, version);
    to.add_json(name, json.end_object().text());
    return {};
}

/// A coordinator's key begins with the record's type, its value with a version.
struct StateTeller {
    Entry& to;
    const record::RecordView& record;
    std::int16_t type;
    Result<>& outcome;

    template <class Key, class Value>
    void operator()() const {
        to.add("type", Key::kName.substr(0, Key::kName.size() - std::string_view("Key").size()));
        Key key;
        protocol::Reader in(record.key->subspan(sizeof type));
        // A key has one version, which stands where other messages' does: it is the type.
        outcome = key.decode(in, Key::kVersions.last);
        if (!outcome) return;
        JsonWriter json;
        json.begin_object();
        write_fields(json, key, Key::kVersions.last);
        to.add_json("key", json.end_object().text());
        if (!record.value) {
            to.add_json("value", "null");  // a tombstone
        } else {
            outcome = add_versioned<Value>(to, "value", *record.value);
        }
    }
};

/// False: it is of no type that is known.
Result<bool> add_state(Entry& to, const record::RecordView& record, RecordsOf whose) {
    if (!record.key || record.key->size() < sizeof(std::int16_t)) return false;
    const auto type = load_be<std::int16_t>(record.key->data());
    Result<> outcome;
    const StateTeller tell{to, record, type, outcome};
    bool is_known = false;
    if (whose == RecordsOf::group_coordinator) is_known = with_group_coordinator_record(type, tell);
    if (whose == RecordsOf::share_coordinator) is_known = with_share_coordinator_record(type, tell);
    if (whose == RecordsOf::transaction_coordinator)
        is_known = with_transaction_coordinator_record(type, tell);
    if (!outcome) return outcome.error();
    return is_known;
}

Result<> add_record(Entry& to, const record::RecordView& record, bool is_control, RecordsOf whose) {
    to.add("offset", record.offset.value);
    if (is_control) return add_control(to, record);
    if (whose == RecordsOf::metadata) return add_metadata(to, record);
    to.add("timestamp", record.timestamp.ms);
    const Result<bool> told = add_state(to, record, whose);
    if (!told) return told.error();
    if (!*told) {
        add_bytes(to, "key", record.key);
        add_bytes(to, "value", record.value);
    }
    if (record.headers.count() != 0) to.add_json("headers", headers_json(record.headers));
    return {};
}

class Dumper {
public:
    Dumper(BatchDump how, const std::function<Result<>(const Entry&)>& take)
        : how_(how), take_(take) {}

    Result<> dump(BytesView log) {
        BytesView rest = log;
        while (!rest.empty()) {
            const std::size_t position = log.size() - rest.size();
            const Result<std::optional<record::BatchBytes>> batch = record::first_batch(rest);
            if (!batch || !*batch) {
                if (outcome_)
                    outcome_ = Error{ErrorCode::corrupt_message,
                                     fmt::format("{} bytes from position {} on are no whole batch",
                                                 rest.size(), position)};
                break;
            }
            rest = rest.subspan((*batch)->bytes.size());
            Entry entry;
            entry.add("position", position).add("bytes", (*batch)->bytes.size());
            fill(entry, **batch, position);
            if (Result<> taken = take_(entry); !taken) return taken;
        }
        return outcome_;
    }

private:
    void fill(Entry& entry, const record::BatchBytes& batch, std::size_t position) {
        const bool is_crc_right = record::check_batch(batch).has_value();
        if (!is_crc_right) wrong(position, "its CRC is wrong");
        entry.add("magic", batch.magic);
        if (batch.magic != record::kMagic) {
            entry.add("crc", is_crc_right ? "right" : "wrong");
            return;
        }
        const Result<record::BatchView> view = record::BatchView::of(batch.bytes);
        if (!view) {
            wrong(position, view.error().detail);
            return;
        }
        add_header(entry, *view);
        entry.add("crc", is_crc_right ? "right" : "wrong");
        // Control records are few, and what a log is dumped for.
        if (how_.shows_records || how_.records_of == RecordsOf::metadata || view->is_control()) {
            if (Result<> ok = add_records(entry, *view); !ok) wrong(position, ok.error().detail);
        }
    }

    static void add_header(Entry& entry, const record::BatchView& batch) {
        entry.add("base_offset", batch.base_offset().value)
            .add("last_offset", batch.last_offset().value)
            .add("count", batch.count())
            .add("leader_epoch", batch.leader_epoch().value);
        const Result<record::Codec> codec = batch.codec();
        entry.add("codec", codec ? record::name(*codec) : std::string_view("unknown"));
        entry.add("timestamp_type", batch.timestamp_type() == record::TimestampType::log_append_time
                                        ? "log_append_time"
                                        : "create_time");
        if (const auto horizon = batch.delete_horizon()) {
            entry.add("delete_horizon", horizon->ms);
        } else {
            entry.add("base_timestamp", batch.base_timestamp().ms);
        }
        entry.add("max_timestamp", batch.max_timestamp().ms);
        if (batch.has_producer_id())
            entry.add("producer_id", batch.producer_id().value)
                .add("producer_epoch", batch.producer_epoch().value)
                .add("base_sequence", batch.base_sequence());
        entry.add("transactional", batch.is_transactional()).add("control", batch.is_control());
    }

    Result<> add_records(Entry& entry, const record::BatchView& batch) {
        const Result<BytesView> records =
            record::unpack_records(batch, kUnpackedBytesMax, unpacker_, scratch_);
        if (!records) return records.error();
        record::RecordCursor cursor(batch, *records);
        record::RecordView record;
        for (;;) {
            const Result<bool> more = cursor.next(record);
            if (!more) return more.error();
            if (!*more) return {};
            Result<> added =
                add_record(entry.add_record(), record, batch.is_control(), how_.records_of);
            if (!added) return added;
        }
    }

    void wrong(std::size_t position, std::string_view what) {
        if (outcome_)
            outcome_ = Error{ErrorCode::corrupt_message,
                             fmt::format("the batch at position {}: {}", position, what)};
    }

    BatchDump how_;
    const std::function<Result<>(const Entry&)>& take_;
    record::Unpacker unpacker_;
    record::GrowingBuffer scratch_;
    Result<> outcome_;  // the first thing that is wrong
};

}  // namespace

Result<> dump_batches(BytesView log, BatchDump how,
                      const std::function<Result<>(const Entry&)>& take) {
    return Dumper(how, take).dump(log);
}

}  // namespace moldau::cli
