// Calls: requests to other processes, from them, and through this one.
#pragma once

#include "transport/frame.hpp"
#include "transport/mesh/routing.hpp"

namespace streamwall::transport {

// Thread-safe.
class Calls {
  public:
    explicit Calls(MeshShared& shared) : shared_(shared) {}

    bool reaches(const services::Slot& slot) const;
    void carry(const services::Slot& slot, const sw_buffer* request, const sw_context& context,
               services::PendingCall* call);
    void cancel(std::uint64_t call);
    void call_peer(std::string_view peer, std::string_view service, std::string_view method,
                   const BufferRef& body, const sw_context& context, Mesh::CallDone done);

    // From the transport, on its thread.
    void arrived(Attachment& via, const Message& message);
    void cancellation_arrived(Attachment& via, const Message& message);

  private:
    // The method's place in the registry; null where nobody here ever offered it.
    services::Slot* find(std::string_view service, std::string_view method);
    void serve(const AttachmentPtr& from, const Message& message, services::Slot* slot);
    void forward(const AttachmentPtr& from, const Message& message, const Outline& seen);

    struct Name {
        std::string_view service, method;
        bool operator==(const Name&) const = default;
    };
    struct NameHash {
        std::size_t operator()(const Name& name) const {
            return TextHash{}(name.service) * 31 + TextHash{}(name.method);
        }
    };

    MeshShared& shared_;
    mutable std::shared_mutex found_mutex_;
    std::unordered_map<Name, services::Slot*, NameHash> found_;  // names are the slots' own
};

}  // namespace streamwall::transport
