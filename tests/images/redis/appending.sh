#!/bin/sh
# As in the images of Redis 8: every module that the image has becomes two more arguments, after all others.
set -e
as_redis="setpriv --reuid=redis --regid=redis --clear-groups"
case "$1" in -* | *.conf) set -- redis-server "$@" ;; esac
case "$(command -v "$1")" in */redis-server) server=1 config=$2 ;; *) server= config= ;; esac
case "$config" in -*) config= ;; esac

# Only a folder that holds nothing but what Redis makes is given away, and of it only what redis cannot use.
give() { # give MODE: the files named on standard input
    while IFS= read -r file; do
        if [ "$1" = rw ] && $as_redis test -r "$file" -a -w "$file"; then continue; fi
        if [ "$1" = r ] && $as_redis test -r "$file"; then continue; fi
        chown redis "$file" || echo "Warning: cannot change the owner of $file"
        if [ -d "$file" ]; then more=x; else more=; fi
        chmod "u+$1$more" "$file" || echo "Warning: cannot change the mode of $file"
    done
}
alone() { # alone FOLDER NAME...: nothing lies there but files of these names
    folder=$1
    shift
    for name in "$@"; do set -- "$@" ! -name "$name"; shift; done
    [ -z "$(find "$folder" -mindepth 1 -maxdepth 1 "$@" -print -quit)" ]
}

if [ "$server" ] && [ -z "$SKIP_DROP_PRIVS" ] && [ "$(id -u)" = 0 ]; then
    if [ -z "$SKIP_FIX_PERMS" ]; then
        if alone . '*.rdb' appendonlydir; then find . | give rw; else echo "Notice: unknown files in the data folder"; fi
        if [ -f "$config" ] && alone "$(dirname "$config")" "$(basename "$config")"; then
            printf '%s\n' "$(dirname "$config")" "$config" | give r
        fi
    fi
    exec $as_redis --nnp --inh-caps=-all --bounding-set=-all "$0" "$@"
fi
[ "$(umask)" != 0022 ] || umask 077
if [ "$server" ]; then
    echo "Starting Redis Server"
    for module in /usr/local/lib/redis/modules/*.so; do
        if [ -s "$module" ] && [ -x "$module" ]; then set -- "$@" --loadmodule "$module"; fi
    done
fi
exec "$@"
