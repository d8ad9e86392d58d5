#!/bin/sh
# For people who have Docker and nothing else: write logins for the brokers and a token for JupyterLab into .env,
# which `docker compose` reads, and copy the brokers' configuration. An .env that is there is kept.
#   sh labs/stack/secrets.sh && docker compose --profile lab up
set -eu
cd "$(dirname "$0")/../.."
# The brokers are users of their own in their containers and must be able to read what is mounted.
mkdir -p .labs
rm -rf .labs/by-hand
cp -R labs/stack/config .labs/by-hand
chmod -R u=rwX,go=rX .labs/by-hand
if [ -e .env ]; then
    grep -q '^LABS_CONFIG=' .env || echo LABS_CONFIG=./.labs/by-hand >> .env
    echo ".env is there already; it is kept." >&2
    exit 0
fi
word() { od -An -N18 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
cat > .env <<END
LABS_REDIS_USER=labs
LABS_REDIS_PASSWORD=$(word)
LABS_RABBITMQ_USER=labs
LABS_RABBITMQ_PASSWORD=$(word)
LABS_LAB_TOKEN=$(word)
LABS_CONFIG=./.labs/by-hand
END
echo "Wrote .env. JupyterLab will be at http://127.0.0.1:8888/lab?token=$(sed -n s/LABS_LAB_TOKEN=//p .env)"
