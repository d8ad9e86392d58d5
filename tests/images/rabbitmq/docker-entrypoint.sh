#!/usr/bin/env bash
# Root gives what is not rabbitmq's in the data folder to it and becomes that user; variables of old are refused.
set -euo pipefail
case "$1" in
    rabbitmq*)
        if [ "$(id -u)" = 0 ]; then
            [ "$1" != rabbitmq-server ] || find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq '{}' +
            exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups "$BASH_SOURCE" "$@"
        fi
        ;;
esac
tls=(CACERTFILE CERTFILE DEPTH FAIL_IF_NO_PEER_CERT KEYFILE VERIFY)
refused=(DEFAULT_PASS_FILE DEFAULT_USER_FILE VM_MEMORY_HIGH_WATERMARK "${tls[@]/#/SSL_}" "${tls[@]/#/MANAGEMENT_SSL_}")
for name in "${refused[@]/#/RABBITMQ_}"; do
    if [ -n "${!name:-}" ]; then
        echo "error: $name is set but deprecated" >&2
        exit 1
    fi
done
exec "$@"
