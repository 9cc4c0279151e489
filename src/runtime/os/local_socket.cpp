#include "runtime/os/local_socket.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"

#include <cerrno>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {

using local = boost::asio::local::stream_protocol;

result<local::acceptor> listen_on(boost::asio::io_context& loop, const std::string& path) {
  boost::system::error_code failed;
  local::acceptor acceptor(loop);
  (void)remove_file(path); // a stale socket; when that fails, bind says why
  const auto mask = ::umask(0177);
  acceptor.open(local{}, failed);
  if (!failed) acceptor.bind(local::endpoint{path}, failed);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  (void)::umask(mask);
  if (!failed) return acceptor;
  const auto kind = failed.value() == EACCES || failed.value() == EROFS ? error_kind::denied : error_kind::io;
  return error{kind,
               "the daemon's socket " + path + " cannot be created: " + errno_text(failed.value()) +
                   "; check who owns its directory, or choose another home with ALDER_HOME",
               failed.value()};
}

std::optional<unsigned> peer_user(local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

unsigned own_user() { return ::geteuid(); }

} // namespace alder::os
