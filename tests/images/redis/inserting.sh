#!/bin/bash
# As proposed for the images after that: password and modules stand between the configuration file and our arguments.
set -e
case "$1" in -* | *.conf) set -- redis-server "$@" ;; esac
case "$(command -v "$1")" in */redis-server) server=1 ;; *) server= ;; esac
if [ "$server" ] && [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
[ "$(umask)" != 0022 ] || umask 077
[ "$server" ] || exec "$@"
head=("$1")
shift
case "$1" in -*) ;; *) head+=("$1"); shift ;; esac
if [ "$REDIS_PASSWORD" ]; then
    (umask 077 && echo "requirepass $REDIS_PASSWORD" >/tmp/requirepass.conf)
    head+=(--include /tmp/requirepass.conf)
fi
for module in /usr/local/lib/redis/modules/*.so; do
    if [ -s "$module" ] && [ -x "$module" ]; then head+=(--loadmodule "$module"); fi
done
exec "${head[@]}" "$@"
