#!/bin/sh
# Root gives the data folder to the user rabbitmq and becomes that user.
set -e
if [ "$1" = rabbitmq-server ] && [ "$(id -u)" = 0 ]; then
    mkdir -p "$HOME" && chown -R rabbitmq:rabbitmq "$HOME"
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups "$0" "$@"
fi
exec "$@"
