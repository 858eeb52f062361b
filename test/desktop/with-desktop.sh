#!/bin/bash
# Runs a command on a desktop of its own: screen, session bus, unlocked keyring, window manager, notification daemon.
#   test/desktop/with-desktop.sh vitest run --config test/desktop/vitest.config.ts
# Everything it starts is ended with it, and nothing of the person's own session is touched.
set -euo pipefail

notification_daemon=/usr/lib/notification-daemon/notification-daemon

if [ "${COUNTERFOIL_DESKTOP:-}" != inside ]; then
  [ $# -gt 0 ] || { echo "usage: $0 command [argument...]" >&2; exit 64; }
  for program in xvfb-run dbus-run-session gnome-keyring-daemon openbox xdotool "$notification_daemon"; do
    command -v "$program" >/dev/null || { echo "$0: $program is not installed" >&2; exit 69; }
  done
  unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
  home=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-desktop-XXXXXX")
  trap 'rm -rf "$home"' EXIT
  export COUNTERFOIL_DESKTOP=inside COUNTERFOIL_DESKTOP_HOME="$home"
  xvfb-run -a -s '-screen 0 1280x800x24' dbus-run-session -- "$0" "$@" <&0 &
  screen=$!
  # Ended from the inside: neither xvfb-run nor dbus-run-session ends what it started when it is ended itself.
  trap '[ ! -s "$home/pid" ] || kill "$(cat "$home/pid")" 2>/dev/null || true' TERM INT
  status=0
  wait "$screen" || status=$?
  while kill -0 "$screen" 2>/dev/null; do wait "$screen" || status=$?; done
  exit "$status"
fi

home=$COUNTERFOIL_DESKTOP_HOME
unset COUNTERFOIL_DESKTOP COUNTERFOIL_DESKTOP_HOME
echo $$ >"$home/pid"
export XDG_RUNTIME_DIR="$home/run" XDG_DATA_HOME="$home/data" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache"
mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME"
# Neither a helper for the blind nor a portal is wanted here; both would be started by the bus and outlive us.
export NO_AT_BRIDGE=1 GTK_A11Y=none GTK_USE_PORTAL=0
pids=()

clean_up() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  # Without "<&0" a job in the background reads nothing.
  "$@" <&0 >>"$home/desktop.log" 2>&1 &
  pids+=($!)
}

until_owned() {
  for _ in $(seq 100); do
    if dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$1" 2>/dev/null |
      grep -q 'boolean true'; then return; fi
    sleep 0.1
  done
  echo "$0: $1 did not appear on the session bus" >&2
  cat "$home/desktop.log" >&2
  exit 70
}

start openbox
start gnome-keyring-daemon --foreground --unlock --components=secrets < <(head -c 24 /dev/urandom | base64 | tr -d '\n')
start "$notification_daemon"
until_owned org.freedesktop.secrets
until_owned org.freedesktop.Notifications

"$@" <&0 &
pids+=($!)
status=0
wait "$!" || status=$?
exit "$status"
