// Several processes in one test: registries, buses and meshes on one virtual clock and one
// deterministic pool, joined by hubs in memory.
#pragma once

#include "transport/memory_transport.hpp"
#include "transport/mesh/mesh.hpp"

#include <gtest/gtest.h>

#include <map>

namespace streamwall::transport {

using namespace std::chrono_literals;

struct Outcome {
    int answers = 0;
    sw_status code = -9;
    std::string body, message, details;
    std::uint64_t id = 0;
};

class Network : public testing::Test {
  protected:
    // One process; its instances are "caller" and "provider".
    struct Process {
        Process(Network& net, MeshOptions options)
            : network(net),
              services(net.clock, net.timers, net.pool),
              bus(net.clock),
              mesh(std::move(options), services, bus, net.timers, net.clock, *net.pool, net.log) {
            services.set_remote(&mesh);
            bus.set_relay(&mesh);
            const auto& node = mesh.options().node;
            caller.instance = "caller";
            caller.address = "caller@" + node;
            provider.instance = "provider";
            provider.address = "provider@" + node;
            caller.strand = exec::Strand::make("caller", *net.pool);
            provider.strand = exec::Strand::make("provider", *net.pool);
            provider.parallel = true;
        }
        ~Process() {
            services.cancel_all(caller);
            network.run();
            services.forget_party(caller);
        }
        // Offers service.m, which answers "<peer> <caller> <request>".
        void serve(const std::string& service) {
            offer(service, [](void* ctx, const sw_request* request, sw_buffer** reply, sw_error*) {
                auto& self = *static_cast<Process*>(ctx);
                ++self.served;
                *reply = BufferRef(self.mesh.options().peer + " " +
                                   std::string(view(request->context->caller)) + " " +
                                   std::string(view(request->body)))
                             .release();
                return sw_status{SW_OK};
            });
        }
        void offer(const std::string& service, sw_method_fn handler) {
            ASSERT_EQ(services.offer(provider, service, "m", handler, this).code, SW_OK);
            services.open(provider);
        }
        void call(Outcome& out, std::string_view service, std::string_view body = "{}",
                  std::chrono::nanoseconds timeout = 2s);
        void call_peer(Outcome& out, std::string_view peer, std::string_view service);
        std::shared_ptr<bus::Subscription> listen(const std::string& pattern) {
            return bus.subscribe(caller, pattern,
                                 {[](void* ctx, const sw_event* event, sw_error*) -> sw_status {
                                      auto& self = *static_cast<Process*>(ctx);
                                      self.heard.push_back(std::string(view(event->type)) + " " +
                                                           std::string(view(event->data)));
                                      return SW_OK;
                                  },
                                  this},
                                 {.limit = 10'000});
        }
        void publish(const std::string& type, const std::string& data = "{}",
                     bus::Reach reach = bus::Reach::everywhere);
        void commit(const std::string& epoch, std::uint64_t first, std::uint64_t last,
                    std::size_t bytes = 8);
        std::vector<std::string> peer_names() const {
            std::vector<std::string> out;
            for (const auto& peer : mesh.peers())
                out.push_back(peer.name);
            return out;
        }

        Network& network;
        services::Registry services;
        bus::Bus bus;
        Mesh mesh;
        Party caller, provider;
        int served = 0;
        std::vector<std::string> heard;
        std::vector<sw_responder*> deferred;
    };

    Process& add(const std::string& peer, const std::string& isolation = "") {
        MeshOptions options;
        options.peer = isolation.empty() ? peer : peer + "~" + isolation;
        options.node = peer;
        options.isolation = isolation;
        options.version = "1.2.3";
        auto& made = processes[options.peer];
        made = std::make_unique<Process>(*this, std::move(options));
        return *made;
    }
    // A node on the net that joins nodes.
    Process& node(const std::string& name) {
        auto& made = add(name);
        made.mesh.attach("nats", net->join(name), Role::outside);
        return made;
    }
    // A process of a node, behind its host.
    Process& child(Process& host, const std::string& isolation) {
        auto& inner = inside[&host];
        if (!inner) {
            inner = MemoryHub::make(timers, clock, *pool);
            host.mesh.attach("children", inner->join("host"), Role::children);
        }
        auto& made = add(host.mesh.options().node, isolation);
        made.mesh.attach("host", inner->join(isolation), Role::host);
        return made;
    }
    void run() {
        while (pool->run_one()) {
        }
    }
    void advance(std::chrono::nanoseconds by) {
        run();
        for (auto left = by; left > 0ns; left -= 10ms) {
            clock.advance(std::min<std::chrono::nanoseconds>(left, 10ms));
            timers.fire_due();
            run();
        }
    }
    void TearDown() override {
        for (auto& [name, process] : processes)
            process.reset();
    }

    exec::VirtualClock clock;
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    std::vector<std::string> log_lines;
    telemetry::Logger log{
        {.format = telemetry::LogFormat::kText,
         .sink = [this](std::string_view line) { log_lines.emplace_back(line); }}};
    std::shared_ptr<MemoryHub> net = MemoryHub::make(timers, clock, *pool);
    std::map<const Process*, std::shared_ptr<MemoryHub>> inside;
    std::map<std::string, std::unique_ptr<Process>> processes;
};

inline void Network::Process::call(Outcome& out, std::string_view service, std::string_view body,
                                   std::chrono::nanoseconds timeout) {
    sw_context context{};
    context.size = sizeof context;
    context.deadline_ns =
        network.clock.monotonic_ns() + static_cast<std::uint64_t>(timeout.count());
    const BufferRef request(body);
    sw_buffer* reply = nullptr;
    ErrorSlot error;
    const auto keep = [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
        auto& got = *static_cast<Outcome*>(ctx);
        ++got.answers;
        got.code = code;
        got.body = view(answer);
        if (why) got.message = why->message;
        if (why && why->details) got.details = view(why->details);
    };
    const auto status = services.call(*services.resolve(caller, service, "m"), request.get(),
                                      &context, keep, &out, &out.id, &reply, error.get());
    if (status != SW_PENDING) keep(&out, status, reply, error.get());
    buffer_release(reply);
}

inline void Network::Process::call_peer(Outcome& out, std::string_view peer,
                                        std::string_view service) {
    sw_context context{};
    context.size = sizeof context;
    context.caller = str(caller.address);
    context.deadline_ns = network.clock.monotonic_ns() + 2'000'000'000;
    mesh.call_peer(peer, service, "m", BufferRef("{}"), context,
                   [&out](std::expected<BufferRef, Failure> reply) {
                       ++out.answers;
                       out.code = reply ? SW_OK : reply.error().code;
                       if (reply)
                           out.body = reply->text();
                       else
                           out.message = reply.error().message;
                   });
}

inline void Network::Process::publish(const std::string& type, const std::string& data,
                                      bus::Reach reach) {
    const BufferRef body(data);
    sw_event_draft draft{};
    draft.size = sizeof draft;
    draft.type = str(type);
    draft.version = str("1.0");
    draft.subject = str("s/1");
    draft.data = body.get();
    sw_context context{};
    context.size = sizeof context;
    bus.publish(provider, draft, context, reach);
}

inline void Network::Process::commit(const std::string& epoch, std::uint64_t first,
                                     std::uint64_t last, std::size_t bytes) {
    std::vector<bus::EventPtr> events;
    for (auto n = first; n <= last; ++n) {
        bus::EventRecord::Parts parts;
        parts.id = "evt-" + std::to_string(n);
        parts.type = "stream.created";
        parts.subject = "stream/" + std::to_string(n);
        parts.epoch = epoch;
        parts.sequence = n;
        parts.data = BufferRef("{\"x\":\"" + std::string(bytes, 'x') + "\"}");
        events.push_back(std::make_shared<const bus::EventRecord>(std::move(parts)));
    }
    mesh.publish_committed(events);
}

}  // namespace streamwall::transport
