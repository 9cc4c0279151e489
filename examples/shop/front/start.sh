#!/bin/sh
# Fills in nginx.conf and becomes nginx. Needs HTTP_PORT, API_PORTS and SHOP_DIR, a scratch directory of our own.
set -eu

PATH="$PATH:/usr/sbin"
# Not private (0700): a worker of a root nginx runs as another user and has its temporary files here.
[ -d "$SHOP_DIR" ] || mkdir -m 711 "$SHOP_DIR"
if [ ! -O "$SHOP_DIR" ] || [ -L "$SHOP_DIR" ]; then
  echo "front: $SHOP_DIR belongs to somebody else; set SHOP_DIR" >&2
  exit 1
fi
sed -e "s/@HTTP_PORT@/$HTTP_PORT/" -e "s/@API_PORTS@/$API_PORTS/g" "$(dirname "$0")/nginx.conf" >"$SHOP_DIR/nginx.conf"
exec nginx -e stderr -p "$SHOP_DIR" -c nginx.conf
