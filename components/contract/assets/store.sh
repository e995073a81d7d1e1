#!/bin/bash
# Starts the stack's own S3 store. Arguments: the folder of its volume; the one bucket; the port; the region.
set -euo pipefail
secrets=/run/secrets/airflow-platform
ROOT_ACCESS_KEY=$(<$secrets/access-key)
ROOT_SECRET_KEY=$(<$secrets/secret-key)
export ROOT_ACCESS_KEY ROOT_SECRET_KEY
# A bucket is a folder.
mkdir -p "$1/$2"
exec versitygw --port ":$3" --region "$4" --cert $secrets/tls.crt --key $secrets/tls.key --health /health --quiet posix "$1"
