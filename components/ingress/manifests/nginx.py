"""nginx's configuration of the bundled edge."""

from components.contract.secrets import MOUNT_PATH
from components.ingress.peers import HEALTH_PORT, HTTP_PORT, HTTPS_PORT
from components.ingress.secrets import AUTHORITY_FILE, CERTIFICATE_FILE, PRIVATE_KEY_FILE
from settings.ingress import IngressSettings

CERTIFICATE_FOLDER = "/run/certificate"
"""Where a certificate of the user's own is mounted."""

_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Airflow's pages hold scripts of their own in line, so scripts are bound to the origin only.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
}

_LOG_FORMAT = (
    '{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method","uri":"$uri","status":$status,'
    '"bytes":$body_bytes_sent,"seconds":$request_time,"upstream_seconds":"$upstream_response_time","id":"$request_id"}'
)
"""One JSON object per request; `$uri` is without its query, which may hold tokens."""


def render(ingress: IngressSettings, *, upstream_host: str, upstream_port: int) -> str:
    """The text of `nginx.conf`."""
    return "\n".join(
        [
            "load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;",
            "worker_processes 1;",
            "pid /tmp/nginx.pid;",
            "error_log stderr warn;",
            "events { worker_connections 4096; }",
            "http {",
            *_indented(_common(ingress)),
            *_indented(_block("upstream airflow", [f"server {upstream_host}:{upstream_port};", "keepalive 32;"])),
            *_indented(_health()),
            *_indented(_redirect()),
            *_indented(_site(ingress, upstream_host)),
            "}",
            "",
        ]
    )


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"{head} {{", *_indented(lines), "}"]


def _common(ingress: IngressSettings) -> list[str]:
    rate = ingress.requests_per_second
    return [
        "server_tokens off;",
        "default_type application/octet-stream;",
        f"log_format json escape=json '{_LOG_FORMAT}';",
        "access_log /dev/stdout json;",
        *(f"{kind}_temp_path /tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")),
        f"client_max_body_size {ingress.max_body};",
        "client_header_timeout 15s;",
        "client_body_timeout 30s;",
        "keepalive_timeout 65s;",
        f"limit_req_zone $binary_remote_addr zone=clients:10m rate={rate}r/s;",
        "limit_req_status 429;",
        "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    ]


def _health() -> list[str]:
    return _block(
        "server",
        [
            f"listen {HEALTH_PORT};",
            "access_log off;",
            "location = /healthz { return 200 'ok'; }",
            "location = /stub_status { stub_status; }",
            "location / { return 404; }",
        ],
    )


def _redirect() -> list[str]:
    return _block("server", [f"listen {HTTP_PORT};", "return 308 https://$host$request_uri;"])


def _site(ingress: IngressSettings, upstream_host: str) -> list[str]:
    folder = CERTIFICATE_FOLDER if ingress.tls_secret else MOUNT_PATH
    firewall = ["modsecurity on;", "modsecurity_rules_file /etc/nginx/modsecurity.conf;"]
    return _block(
        "server",
        [
            f"listen {HTTPS_PORT} ssl;",
            "http2 on;",
            f"ssl_certificate {folder}/{CERTIFICATE_FILE};",
            f"ssl_certificate_key {folder}/{PRIVATE_KEY_FILE};",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_session_cache shared:tls:5m;",
            *(firewall if ingress.firewall.mode != "off" else []),
            *(f'add_header {name} "{value}" always;' for name, value in _HEADERS.items()),
            # nginx decodes and normalises the path before it compares, so no spelling gets around this.
            "location ~* ^/execution(/|$) { return 404; }",
            *_block("location /", _proxy(ingress, upstream_host)),
        ],
    )


def _proxy(ingress: IngressSettings, upstream_host: str) -> list[str]:
    return [
        # A page of the user interface asks for dozens of files at once.
        f"limit_req zone=clients burst={ingress.requests_per_second * 4} nodelay;",
        "proxy_pass https://airflow;",
        "proxy_http_version 1.1;",
        "proxy_ssl_verify on;",
        f"proxy_ssl_trusted_certificate {MOUNT_PATH}/{AUTHORITY_FILE};",
        f"proxy_ssl_name {upstream_host};",
        "proxy_ssl_server_name on;",
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        # Replaced, not appended: what a client claims about its own address is not believed.
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto https;",
        "proxy_set_header X-Forwarded-Host $http_host;",
        "proxy_set_header X-Request-ID $request_id;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_upgrade;",
        "proxy_hide_header Server;",
        # Task logs are streamed.
        "proxy_buffering off;",
        "proxy_connect_timeout 5s;",
        "proxy_read_timeout 120s;",
    ]
