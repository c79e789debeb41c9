// The simulator's Transport: what a process sees of the network.
#include "disk.hpp"
#include "network.hpp"

#include "moldau/base/check.hpp"
#include "moldau/base/ports/file_slice.hpp"

#include <array>
#include <utility>

namespace moldau::sim {

class SimStream final : public ByteStream {
public:
    SimStream(Network& network, std::shared_ptr<Connection> connection, int end)
        : network_(network), connection_(std::move(connection)), end_(end) {}
    SimStream(const SimStream&) = delete;
    SimStream& operator=(const SimStream&) = delete;
    ~SimStream() override {
        mine().reader = nullptr;
        mine().writer = nullptr;
        // A process that has died closes nothing: its crash has done that.
        if (!host().dying) network_.close(connection_, end_);
    }

    IoResult read(MutableBytes into) override {
        const PortCall call(host());
        if (call.dead()) return {.status = IoStatus::failed};
        return network_.read(connection_, end_, into);
    }
    IoResult write(std::span<const BytesView> pieces, bool /*more_follows*/) override {
        const PortCall call(host());
        if (call.dead()) return {.status = IoStatus::failed};
        return network_.write(connection_, end_, pieces);
    }
    IoResult send_file(const FileSlice& slice) override {
        const PortCall call(host());
        if (call.dead()) return {.status = IoStatus::failed};
        if (slice.empty()) return {.status = IoStatus::ok};
        auto* file = dynamic_cast<SendableFile*>(slice.file.get());
        MOLDAU_CHECK(file != nullptr, "a file of another world");
        const auto bytes = file->bytes_to_send(slice.at, slice.bytes);
        if (!bytes || bytes->empty()) return {.status = IoStatus::failed};
        const std::array pieces{*bytes};
        return network_.write(connection_, end_, pieces);
    }
    void when_readable(Wake wake) override { wait(true, std::move(wake)); }
    void when_writable(Wake wake) override { wait(false, std::move(wake)); }
    void finish_sending() override {
        const PortCall call(host());
        if (!call.dead()) network_.finish_sending(connection_, end_);
    }
    void close() override {
        const PortCall call(host());
        if (!call.dead()) network_.close(connection_, end_);
    }
    Endpoint local() const override { return mine().address; }
    Endpoint peer() const override { return connection_->ends[index(1 - end_)].address; }

private:
    End& mine() const { return connection_->ends[index(end_)]; }
    Host& host() const { return *mine().host; }
    void wait(bool to_read, Wake wake) {
        if (!host().dying) network_.wait(connection_, end_, to_read, std::move(wake));
    }

    Network& network_;
    std::shared_ptr<Connection> connection_;
    int end_;
};

namespace {

class SimPending final : public PendingStream {
public:
    explicit SimPending(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
    Endpoint peer() const override { return stream_->peer(); }
    std::unique_ptr<ByteStream> take() { return std::move(stream_); }

private:
    std::unique_ptr<ByteStream> stream_;
};

}  // namespace

class SimAcceptor final : public Acceptor {
public:
    SimAcceptor(Network& network, std::shared_ptr<Listener> listener)
        : network_(network), listener_(std::move(listener)) {}
    SimAcceptor(const SimAcceptor&) = delete;
    SimAcceptor& operator=(const SimAcceptor&) = delete;
    ~SimAcceptor() override {
        if (!listener_->host->dying) network_.stop_listening(listener_);
    }

    Result<std::unique_ptr<PendingStream>> accept() override {
        const PortCall call(*listener_->host);
        if (call.dead() || listener_->backlog.empty()) return std::unique_ptr<PendingStream>();
        auto connection = std::move(listener_->backlog.front());
        listener_->backlog.pop_front();
        return std::make_unique<SimPending>(network_.make_stream(std::move(connection), 1));
    }
    void when_acceptable(Wake wake) override {
        if (!listener_->host->dying) network_.wait_for_connection(listener_, std::move(wake));
    }
    Endpoint local() const override { return listener_->address; }

private:
    Network& network_;
    std::shared_ptr<Listener> listener_;
};

class SimTransport final : public Transport {
public:
    SimTransport(Network& network, Host& host) : network_(network), host_(host) {}

    Result<std::unique_ptr<Acceptor>> listen(const Endpoint& at) override {
        const PortCall call(host_);
        if (call.dead()) return Error{ErrorCode::network_exception, "the process has died"};
        auto listener = network_.listen(host_, at);
        if (!listener) return listener.error();
        return std::make_unique<SimAcceptor>(network_, std::move(*listener));
    }
    std::unique_ptr<ByteStream> adopt(std::unique_ptr<PendingStream> pending) override {
        auto* accepted = dynamic_cast<SimPending*>(pending.get());
        MOLDAU_CHECK(accepted != nullptr, "a stream of another transport");
        return accepted->take();
    }
    void connect(const Endpoint& to, Connected done) override {
        const PortCall call(host_);
        if (!call.dead()) network_.connect(host_, to, std::move(done));
    }

private:
    Network& network_;
    Host& host_;
};

std::unique_ptr<ByteStream> Network::make_stream(std::shared_ptr<Connection> connection, int end) {
    return std::make_unique<SimStream>(*this, std::move(connection), end);
}

std::unique_ptr<Transport> Network::make_transport(Host& host) {
    return std::make_unique<SimTransport>(*this, host);
}

}  // namespace moldau::sim
