// What the API works on, without a connection, a keeper and an office: requests are handed to the routes, answers are
// kept, and wishes go no further.
#pragma once

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/temporary_directory.hpp"

#include "actors/base/extensions.hpp"
#include "actors/host/keeper_host.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_exchange.hpp"
#include "actors/http/api_routes.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/configuration.hpp"
#include "actors/office/process_notes.hpp"
#include "actors/office/trees.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/wire/problem_json.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors::testing {

/// Remembers what is pushed: "KIND ID", and the objects.
class kept_stream final : public api_stream {
public:
  void push(const std::string& kind, const std::string& id, const std::string& json, loss) override {
    pushed.push_back(id.empty() ? kind : kind + " " + id);
    objects.push_back(json);
  }
  [[nodiscard]] bool has_ids() const override { return true; }
  [[nodiscard]] std::size_t waiting() const override { return 0; }
  void end() override { close(); }
  void close() {
    is_over = true;
    if (const auto tell = std::exchange(on_closed, nullptr)) tell();
  }

  std::vector<std::string> pushed;
  std::vector<std::string> objects;
  bool is_over = false;
};

/// What a request was answered with.
class kept_answer final : public api_responder {
public:
  void answer(unsigned status, std::string json) override {
    ++answers;
    code = std::to_string(status);
    body = std::move(json);
  }
  void refuse(const wire::problem& problem) override {
    ++answers;
    code = problem.code;
    body = problem.detail;
    help = problem.help;
  }
  [[nodiscard]] std::shared_ptr<api_stream> stream() override {
    ++answers;
    return streamed = std::make_shared<kept_stream>();
  }

  unsigned answers = 0;
  std::string code; ///< of the problem; else the status
  std::string body; ///< or the problem's detail
  std::vector<std::string> help;
  std::shared_ptr<kept_stream> streamed;
};

class http_bed : public virtual_daemon {
protected:
  http_bed() {
    (void)journal.open("7.100");
    (void)trees.restore(policy::what_ended::daemon);
    logs.shared = &shared;
    if (!logs.start({})) ADD_FAILURE() << "no log pump";
    context.submit = [this](wish w) { wishes.push_back(std::move(w)); };
  }
  ~http_bed() override {
    shared.nodes.on_change = nullptr; // they follow what is known of trees
    shared.nodes.on_remove = nullptr;
    shared.on_remembered = nullptr;
    shared.on_forgotten = nullptr;
    shared.changing_to = nullptr;
  }

  /// The tree is known, and down.
  void add_tree(const std::string& text, const std::string& file = "/shop.yaml") {
    store::saved_tree source;
    source.file = file;
    source.text = text;
    auto loaded = read_configuration(source, text_is::given);
    ASSERT_TRUE(loaded.tree);
    source.name = loaded.tree->root.name;
    trees.replace({source, std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))});
  }
  void add_shop() {
    add_tree("name: shop\nchildren:\n  - {service: web, command: /bin/web}\n"
             "  - {supervisor: back, children: [{service: db, command: /bin/db}]}\n"
             "  - {service: api, command: /bin/api, instances: 2}\n");
  }

  using fields = std::vector<std::pair<std::string, std::string>>;
  /// `path` without the first slash; names in it are not decoded.
  static api_request request_of(const std::string& method, const std::string& path, fields query = {},
                                std::string body = {}) {
    api_request request;
    request.method = method;
    request.query = std::move(query);
    request.body = std::move(body);
    for (std::size_t at = 0; at <= path.size();) {
      const auto end = std::min(path.find('/', at), path.size());
      request.path.push_back(path.substr(at, end - at));
      at = end + 1;
    }
    return request;
  }
  std::shared_ptr<kept_answer> ask(const api_request& request) {
    auto out = std::make_shared<kept_answer>();
    route(request, out, context);
    run();
    return out;
  }
  std::shared_ptr<kept_answer> ask(const std::string& method, const std::string& path, fields query = {},
                                   std::string body = {}) {
    return ask(request_of(method, path, std::move(query), std::move(body)));
  }
  /// For what a thread has to look at first.
  void await(const std::function<bool()>& is_there) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!is_there() && std::chrono::steady_clock::now() < end)
      loop.run_one_for(1s);
    EXPECT_TRUE(is_there());
    run();
  }
  /// The only wish so far, which must be of this kind.
  template <class What> const What& wished() {
    EXPECT_EQ(wishes.size(), 1u);
    return std::get<What>(wishes.at(0).what);
  }

  test::temporary_directory dir;
  boost::asio::io_context loop;
  archive journal{loop, dir.path()};
  process_notes processes{journal};
  extensions offered{nullptr};
  known_trees trees{shared, journal, offered};
  log_hub logs{loop, dir.path()};
  keeper_host host{loop, logs, {}};
  api_context context{{shared, trees, journal, processes, offered, feed, logs}, host, {}};
  std::vector<wish> wishes;
};

} // namespace alder::actors::testing
