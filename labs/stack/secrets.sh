#!/bin/sh
# For people who have Docker and nothing else: write logins for the brokers and a token for JupyterLab into .env,
# which `docker compose` reads. Once: an .env that is there is kept.
#   sh labs/stack/secrets.sh && docker compose --profile lab up
set -eu
cd "$(dirname "$0")/../.."
if [ -e .env ]; then
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
END
echo "Wrote .env. JupyterLab will be at http://127.0.0.1:8888/lab?token=$(sed -n s/LABS_LAB_TOKEN=//p .env)"
