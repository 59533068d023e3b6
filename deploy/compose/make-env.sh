#!/usr/bin/env bash
# make-env.sh FILE: writes the keys of a deployment with random values, for its owner's eyes; an existing file is kept.
set -euo pipefail
file=${1:?which file}
[[ ! -e $file ]] || exit 0

random() { od -An -v -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# The one address of this machine that containers see as host.docker.internal; empty where the engine gives none.
gateway=$(docker network inspect bridge --format '{{range .IPAM.Config}}{{println .Gateway}}{{end}}' 2>/dev/null \
  | grep -m1 -E '^[0-9.]+$' || true)

umask 077
draft=$(mktemp "$file.XXXXXX")
cat >"$draft" <<END
# Keys of this deployment, made at its first start. Keep a copy: what is stored sealed with THROUGHLINE_SECRET can be
# read with nothing else, and PostgreSQL keeps the password it was first given.
THROUGHLINE_WRITE_KEY=wk_$(random 24)
THROUGHLINE_SERVER_KEY=sk_$(random 24)
THROUGHLINE_ADMIN_TOKEN=tl_$(random 24)
THROUGHLINE_SECRET=$(random 32)
POSTGRES_PASSWORD=$(random 24)
# Where webhooks may go besides public addresses: a CRM on this machine, at host.docker.internal.
THROUGHLINE_WEBHOOK_NETWORKS=${gateway:+$gateway/32}
END
mv -n "$draft" "$file"
echo "$file: new keys, readable by you alone"
