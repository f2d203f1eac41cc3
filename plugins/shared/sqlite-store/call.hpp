// What this back end shares with all others, under short names.
#pragma once

#include "storage-sql/call.hpp"

namespace streamwall::sqlite {

using storage::Answer;
using storage::Call;
using storage::CommittedEvent;
using storage::Defer;
using storage::Health;
using storage::Hooks;

}  // namespace streamwall::sqlite
