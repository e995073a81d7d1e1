# Questions to this instance's Patroni; sourced by the other scripts.

# patroni_says PATH: the whole answer. openssl is in the image, an HTTP client is not.
patroni_says() {
  printf 'GET /%s HTTP/1.0\r\n\r\n' "$1" |
    timeout 2 openssl s_client -quiet -verify_return_error -verify_hostname localhost \
      -CAfile /run/secrets/airflow-platform/ca.crt -connect localhost:8008 2>/dev/null
}

# patroni_says_yes PATH: true when Patroni answers 200.
patroni_says_yes() { patroni_says "$1" | head -n 1 | grep -q ' 200 '; }
