// The routes of docs/api.md: what each request is answered with.
#pragma once

#include "actors/http/api_session.hpp"

#include <memory>

namespace alder::actors {

/// Answers the request through `out`, at once or when it is done.
void route(const api_request& request, const std::shared_ptr<api_responder>& out, api_context& context);

} // namespace alder::actors
