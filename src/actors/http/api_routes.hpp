// The routes of docs/api.md: what each request is answered with.
#pragma once

#include <memory>

namespace alder::actors {

class api_responder;
struct api_context;
struct api_request;

/// Answers the request through `out`, at once or when it is done.
void route(const api_request& request, const std::shared_ptr<api_responder>& out, api_context& context);

} // namespace alder::actors
