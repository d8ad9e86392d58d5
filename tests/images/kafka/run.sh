#!/bin/bash
# Merge the settings, format an empty data folder, become the broker.
set -e
cp='/opt/kafka/libs/*'
: "${CLUSTER_ID:=5L6g3nShT-eMCtK--X86sw}"
export CLUSTER_ID
log=-Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml
# A data folder from an earlier container is formatted already, which the wrapper takes for an error after all the rest.
if ! said=$(java -cp "$cp" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1); then
    case "$said" in
        *"already formatted"*) ;;
        *) echo "$said" >&2; exit 1 ;;
    esac
fi
exec java ${KAFKA_HEAP_OPTS:--Xms1g -Xmx1g} -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true \
    "$log" -cp "$cp" kafka.Kafka /opt/kafka/config/server.properties
