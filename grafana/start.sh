#!/bin/sh
# Starts Grafana with a password for `admin`. Its own way, a missing password file, would leave it at admin/admin.
# The password is what secrets/grafana/admin-password holds, else one that is drawn at the first start and kept beside the
# database: docker compose exec grafana cat /var/lib/grafana/admin-password
set -eu

given=/run/secrets/admin-password
drawn=$GF_PATHS_DATA/admin-password

if [ -e "$given" ]; then
  if [ ! -r "$given" ]; then
    echo "secrets/grafana/admin-password cannot be read by user $(id -u): chmod 644 it (and chmod 700 secrets)" >&2
    exit 1
  fi
  if [ ! -s "$given" ]; then
    echo 'secrets/grafana/admin-password is empty: write a password into it, or delete it to have one drawn' >&2
    exit 1
  fi
  password=$given
else
  if [ ! -s "$drawn" ]; then
    (umask 077 && head -c 24 /dev/urandom | base64 >"$drawn.new")
    mv "$drawn.new" "$drawn"
    echo "Drew a password for admin: docker compose exec grafana cat $drawn"
  fi
  password=$drawn
fi

# Grafana takes it at the first start, when it makes its database.
export GF_SECURITY_ADMIN_PASSWORD__FILE="$password"
exec /run.sh "$@"
