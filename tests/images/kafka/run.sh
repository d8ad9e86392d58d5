#!/bin/bash
# Take arguments for variables, merge the settings, format an empty data folder, become the broker.
set -o nounset -o errexit
for setting in "$@"; do export "$setting"; done
: "${CLUSTER_ID:=5L6g3nShT-eMCtK--X86sw}"
export CLUSTER_ID
if [ -z "${KAFKA_LISTENERS-}" ] && [ -n "${KAFKA_ADVERTISED_LISTENERS-}" ]; then
    export KAFKA_LISTENERS
    KAFKA_LISTENERS=$(echo "$KAFKA_ADVERTISED_LISTENERS" | sed -e 's|://[^:]*:|://0.0.0.0:|g')
fi
[ -w /opt/kafka/config/ ] || { echo "/opt/kafka/config/ file not writable"; exit 1; }
cp='/opt/kafka/libs/*'
log=-Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml
# The jar's own wrapper merges: a mounted server.properties and KAFKA_*; without such a file KAFKA_* alone; without either
# the defaults. A data folder from an earlier container is formatted already, which it takes for an error at the end.
if ! said=$(java -cp "$cp" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1); then
    case "$said" in
        *"already formatted"*) ;;
        *) echo "$said"; exit 1 ;;
    esac
fi
export KAFKA_JMX_OPTS="${KAFKA_JMX_OPTS--Dcom.sun.management.jmxremote=true}"
exec java ${KAFKA_HEAP_OPTS:--Xms1g -Xmx1g} -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true \
    $KAFKA_JMX_OPTS "$log" -cp "$cp" kafka.Kafka /opt/kafka/config/server.properties
