// Library: libnats as long as somebody uses it.
//
// libnats keeps threads and memory of its own for the whole process, opens itself at the first use
// and ends only when it is told to. Libraries of plugins stay loaded, so the last instance to stop
// tells it; the next one opens it anew.
#pragma once

namespace streamwall::transport_nats {

// While one exists libnats is open. Not to be destroyed on a thread of libnats.
class Library {
  public:
    Library();
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
};

}  // namespace streamwall::transport_nats
