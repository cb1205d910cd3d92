#!/bin/sh
# Installs the servers and clients that the tests use and no wheel brings, where that can be done: as root, with apt-get.
# Never fails: what is missing afterwards is skipped by the tests, with the reason.
set -u

wanted=""
if [ -z "${LBCONF_TEST_MYSQL_URL:-}" ] && ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mariadbd >/dev/null; then
    wanted="mariadb-server"
fi
for pair in sqlite3:sqlite3 psql:postgresql-client; do
    command -v "${pair%%:*}" >/dev/null || wanted="$wanted ${pair#*:}"
done
if [ -z "$wanted" ]; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed:$wanted (needs root and apt-get); tests that need them are skipped"
    exit 0
fi

# No service of the system is started: the tests start their own servers.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
echo "installing:$wanted"
if ! { timeout 300 apt-get update && timeout 600 apt-get install -y --no-install-recommends $wanted; } >"$log" 2>&1 </dev/null
then
    tail -n 5 "$log"
    echo "not installed:$wanted; tests that need them are skipped"
fi
rm -f "$log"
exit 0
