// Positions of durable subscriptions, under short names.
#pragma once

#include "storage-sql/positions.hpp"

namespace streamwall::sqlite {

using storage::PendingPositions;
using storage::Position;

}  // namespace streamwall::sqlite
