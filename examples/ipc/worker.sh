#!/bin/sh
# The same from a shell: JSON lines on descriptor $NODE_CHANNEL_FD.
say() { eval "printf '%s\n' \"\$1\" >&$NODE_CHANNEL_FD"; }

say '{"type": "ready"}'
while :; do
  say '{"type": "heartbeat"}'
  sleep 1
done
