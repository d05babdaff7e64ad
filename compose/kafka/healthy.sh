#!/bin/bash
# healthy.sh - whether the broker answers a request; a port that is open is not enough, and Kafka's tools start a JVM
#
# The request is ApiVersions 0: length 14, API key 18, version 0, correlation id 1, client id "test". What counts is an
# answer that begins with its length and the same correlation id.
set -u

exec 3<>/dev/tcp/127.0.0.1/9092 || exit 1
printf '\0\0\0\x0e\0\x12\0\0\0\0\0\x01\0\x04test' >&3
answer=$(timeout 3 head -c 8 <&3 | od -An -tx1 | tr -d ' \n')
[ ${#answer} -eq 16 ] && [ "${answer:8}" = 00000001 ]
