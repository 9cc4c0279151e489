#include "cli/common/unit_file.hpp"

namespace alder::cli {
namespace {

constexpr const char* unit_name = "alder.service";

std::string value_of(const os::surroundings& around, const std::string& name) {
  const auto found = around.environment.find(name);
  return found == around.environment.end() ? std::string{} : found->second;
}

/// As systemd reads it: quoted, with its own specifiers doubled.
std::string quoted(const std::string& text) {
  std::string safe = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') safe += '\\';
    if (c == '%') safe += '%';
    if (c != '\n') safe += c;
  }
  return safe + "\"";
}

} // namespace

result<unit_place> place_of_unit(const os::surroundings& around) {
  if (around.uid == 0) return unit_place{false, "/etc/systemd/system", std::string{"/etc/systemd/system/"} + unit_name};
  auto base = value_of(around, "XDG_CONFIG_HOME");
  if (base.empty() || base.front() != '/') {
    const auto home = value_of(around, "HOME");
    if (home.empty() || home.front() != '/')
      return error{error_kind::invalid_input,
                   "cannot find the directory for units of this user: neither XDG_CONFIG_HOME nor HOME is set", 0};
    base = home + "/.config";
  }
  const auto directory = base + "/systemd/user";
  return unit_place{true, directory, directory + "/" + unit_name};
}

std::string unit_text(const std::string& alder, const os::surroundings& around) {
  const bool for_user = around.uid != 0;
  std::string text = "# Written by 'alder startup'; 'alder unstartup' removes it.\n"
                     "[Unit]\n"
                     "Description=Alder process manager\n";
  if (!for_user) text += "Wants=network-online.target\nAfter=network-online.target\n";
  text += "\n[Service]\n"
          "# The keeper runs in the background. It is not declared as the main process: if it is killed, the daemon "
          "starts\n"
          "# a new one and the services keep running, so systemd must not stop them.\n"
          "Type=forking\n"
          "GuessMainPID=no\n";
  for (const auto* name : {"PATH", "ALDER_HOME", "XDG_STATE_HOME"}) {
    const auto value = value_of(around, name);
    if (!value.empty()) text += "Environment=" + quoted(std::string{name} + "=" + value) + "\n";
  }
  text += "ExecStart=" + quoted(alder) + " daemon start --resurrect\n" + "ExecStop=" + quoted(alder) +
          " daemon stop\n"
          "TimeoutStartSec=60\n"
          "TimeoutStopSec=180\n"
          "LimitNOFILE=524288\n"
          "Delegate=yes\n"
          "\n[Install]\n"
          "WantedBy=";
  text += for_user ? "default.target\n" : "multi-user.target\n";
  return text;
}

} // namespace alder::cli
