"""The proxies under test, each with its configuration for the same origin, and the targets behind them."""
import json
import re
import socket
import subprocess
import time
import urllib.request

from machine import LOAD_CORE, PROXY_CORE, Process, free_port

PATH = "/v1/chat/completions"
KEY = "bench-key-0123456789abcdef0123456789abcdef"
FIELDS = ["authorization: Bearer " + KEY]


def get(port, path):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def origin_counts(port):
    """(connections accepted, requests answered) by the origin, including this query."""
    counts = json.loads(get(port, "/?x-bench-counts=1"))
    return counts["accepted"], counts["answered"] + 1


def pool_counts(port):
    """(connections dialed, attempts that reused one), as counted by sluice."""
    page = get(port, "/metrics")
    return tuple(int(float(re.search(rf"^sluice_pool_{name}_total(?:{{[^}}]*}})? (\S+)", page, re.M)[1])) for name in ("dialed", "reused"))


class Program:
    """A program that listens: how to start it and how to tell that it has started."""

    def __init__(self, name, command, port, folder, core=PROXY_CORE):
        self.name, self.command, self.port, self.folder, self.core = name, command, port, folder, core
        self.process = None

    def start(self):
        with open(self.folder / f"{self.name}.log", "w") as log:
            self.process = Process(self.command, self.core, log, self.folder)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                if self.process.process.poll() is not None:
                    break
                time.sleep(0.02)
        raise SystemExit(f"{self.name} did not start:\n" + (self.folder / f"{self.name}.log").read_text()[-2000:])

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Proxy(Program):
    """A program under test. `sse_path` and `large_path` differ if streams or large requests need other settings. For
    a target that speaks TLS, the path or the model's name differs."""

    def __init__(self, name, command, port, folder, prefixes=("", "", ""), on="", tls_model="fast"):
        super().__init__(name, command, port, folder)
        self.sse_path, self.large_path, self.tls_path = (prefix + PATH for prefix in prefixes)
        self.on, self.tls_model = on, tls_model


def nginx(folder, origin_port, tls=None, keepalive=64):
    """`tls`: a TlsTarget, reached under /tls. `keepalive`: idle connections to the origin."""
    port = free_port()
    common = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_read_timeout 600s; proxy_max_temp_file_size 0;"
    origin = f"proxy_pass http://origin; {common}"
    tls_upstream = tls_location = ""
    if tls:
        tls_upstream = f"upstream tls {{ server 127.0.0.1:{tls.port}; keepalive {keepalive}; keepalive_requests 1000000000; }}"
        tls_location = (f"location /tls/v1/ {{ proxy_pass https://tls; {common} proxy_ssl_verify on; proxy_ssl_name localhost; "
                        f"proxy_ssl_protocols TLSv1.2 TLSv1.3; proxy_ssl_trusted_certificate {tls.certificate}; }}")
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 8192; }}
http {{
  access_log {folder}/nginx-access.log combined buffer=64k flush=1s;
  keepalive_timeout 75s; keepalive_requests 1000000000;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy; fastcgi_temp_path {folder}/nginx-f;
  uwsgi_temp_path {folder}/nginx-u; scgi_temp_path {folder}/nginx-s;
  upstream origin {{ server 127.0.0.1:{origin_port}; keepalive {keepalive}; keepalive_requests 1000000000; }}
  {tls_upstream}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /health {{ access_log off; return 200 "ok"; }}
    location /v1/ {{ {origin} }}
    location /sse/v1/ {{ {origin} proxy_buffering off; }}
    location /large/v1/ {{ {origin} client_max_body_size 64m; proxy_request_buffering off; }}
    {tls_location}
  }}
}}
""")
    return Proxy("nginx", ["nginx", "-c", folder / "nginx.conf", "-e", folder / "nginx-error.log"], port, folder, ("/sse", "/large", "/tls"),
                 f"1 worker, keep-alive to the origin{'' if keepalive == 64 else f' ({keepalive:,} idle)'}, buffered access log; buffering off for SSE only")


def haproxy(folder, origin_port, tls=None):
    port = free_port()
    tls_backend = tls_use = ""
    if tls:
        tls_use = "use_backend tls if { path_beg /tls/ }"
        tls_backend = f"backend tls\n  server tls 127.0.0.1:{tls.port} ssl verify required ca-file {tls.certificate} sni str(localhost)"
    (folder / "haproxy.cfg").write_text(f"""
global
  maxconn 8192
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:{port} backlog 4096
  http-request return status 200 content-type text/plain string ok if {{ path /health }}
  use_backend origin_sse if {{ path_beg /sse/ }}
  {tls_use}
  default_backend origin
backend origin_sse
  option http-no-delay
  server origin 127.0.0.1:{origin_port}
{tls_backend}
backend origin
  server origin 127.0.0.1:{origin_port}
""")
    return Proxy("haproxy", ["haproxy", "-db", "-f", folder / "haproxy.cfg"], port, folder, ("/sse", "", "/tls"),
                 "1 thread, keep-alive to the origin, http-reuse always, no log; http-no-delay for SSE only")


def sluice(binary, folder, origin_port, tls=None, more=()):
    """`more`: (model, base URL, certificate or None) of additional targets."""
    port = free_port()
    providers = {"origin": {"dialect": "openai", "base_url": f"http://127.0.0.1:{origin_port}/v1", "api_key": "x"}}
    models = {"fast": "origin/real-model"}
    for model, url, certificate in [*([("secure", f"https://127.0.0.1:{tls.port}/v1", tls.certificate)] if tls else []), *more]:
        providers[model] = {"dialect": "openai", "base_url": url, "api_key": "x", **({"ca_file": str(certificate)} if certificate else {})}
        models[model] = f"{model}/real-model"
    (folder / "sluice.json").write_text(json.dumps({
        "listen": f"127.0.0.1:{port}", "workers": 1, "keys": [{"name": "bench", "key": KEY}], "providers": providers, "models": models}))
    (folder / "sluice.json").chmod(0o600)
    return Proxy("sluice", [binary, "run", "--config", folder / "sluice.json"], port, folder,
                 on="1 worker; API key, routing, metrics, usage and access records (to a file) on", tls_model="secure")


class TlsTarget(Program):
    """A target played by nginx, since it is the same for all and resumes sessions: answers every request
    immediately, in four ways. `port`: TLS; `closing_port`: TLS, closed after every answer; `plain_port` and
    `plain_closing_port`: without TLS."""

    ANSWER = ('{"id":"chatcmpl-bench1","object":"chat.completion","created":1700000000,"model":"real-model","choices":[{"index":0,"message":'
              '{"role":"assistant","content":"Hello! How can I help you today?"},"finish_reason":"stop"}],"usage":{"prompt_tokens":19,'
              '"completion_tokens":9,"total_tokens":28}}')

    def __init__(self, folder):
        folder = folder / "target"
        folder.mkdir()
        self.certificate, self.closing_port, self.plain_port, self.plain_closing_port = (folder / "cert.pem", *(free_port() for _ in range(3)))
        super().__init__("target", ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"], free_port(), folder, LOAD_CORE)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder / "key.pem", "-out",
                        self.certificate], check=True, stderr=subprocess.DEVNULL, timeout=60)
        secure = f"ssl_certificate {self.certificate}; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;"
        servers = ""
        for port, tls, closing in ((self.port, True, False), (self.closing_port, True, True), (self.plain_port, False, False),
                                   (self.plain_closing_port, False, True)):
            log = f"access_log {folder}/{port}.log sessions buffer=64k flush=1s;" if tls and closing else "access_log off;"
            servers += (f"server {{ listen 127.0.0.1:{port} {'ssl' if tls else ''} backlog=4096; {secure if tls else ''} {log} "
                        f"keepalive_timeout {0 if closing else 600}; "
                        f"location = /status {{ stub_status; }} location / {{ return 200 '{self.ANSWER}'; }} }}\n")
        (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  default_type application/json; keepalive_requests 1000000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  log_format sessions '$ssl_session_reused';
  {servers}
}}
""")

    def counts(self):
        """(connections accepted, requests answered), including this query."""
        numbers = re.findall(r"\d+", get(self.plain_port, "/status"))
        return int(numbers[1]), int(numbers[3])

    def sessions(self):
        """(resumed, all) handshakes at `closing_port`, read a second after they happened."""
        marks = (self.folder / f"{self.closing_port}.log").read_text().split()
        return marks.count("r"), len(marks)
