// A plugin whose constructor throws, behind the SDK's thunks.
#include <streamwall/sdk/plugin.hpp>

#include <stdexcept>

class Throws final : public streamwall::Plugin<> {
  public:
    Throws(const sw_host_api* api, streamwall::NoSettings settings) : Plugin(api, settings) {
        throw std::runtime_error("the constructor threw");
    }
};
STREAMWALL_PLUGIN(Throws)
