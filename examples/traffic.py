"""The two ends of the traffic that traffic.sh captures: serve and ask."""

import http.client
import http.server
import random
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

SERVER4, SERVER6 = "192.0.2.10", "2001:db8:2::10"
NAMES = ["www.example.org", "mail.example.org", "api.example.net", "cdn.example.com", "time.example.org"]
PATHS = ["/", "/index.html", "/style.css", "/logo.png", "/api/v1/bees?limit=20", "/missing"]


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"" if self.path == "/missing" else self.path.encode() * random.randint(10, 300)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


class Sites(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Sites6(Sites):
    address_family = socket.AF_INET6


class Names(socketserver.BaseRequestHandler):
    """Answers every question of type A with one address."""

    def handle(self):
        query, sock = self.request
        if len(query) < 17:
            return
        answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + socket.inet_aton(SERVER4)
        head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        sock.sendto(head + query[12:] + answer, self.client_address)


class Names6(socketserver.ThreadingUDPServer):
    address_family = socket.AF_INET6


def serve():
    servers = [
        Sites((SERVER4, 80), Site),
        Sites6((SERVER6, 80), Site),
        socketserver.ThreadingUDPServer((SERVER4, 53), Names),
        Names6((SERVER6, 53), Names),
    ]
    for s in servers[1:]:
        threading.Thread(target=s.serve_forever, daemon=True).start()
    servers[0].serve_forever()


def browse(source, server, requests):
    for _ in range(requests):
        c = http.client.HTTPConnection(server, 80, timeout=5, source_address=(source, 0))
        for path in random.sample(PATHS, 2):
            c.request("GET", path, headers={"User-Agent": "bee/1.0"})
            c.getresponse().read()
            time.sleep(random.uniform(0.02, 0.2))
        c.close()


def upload(source, server, size):
    c = http.client.HTTPConnection(server, 80, timeout=5, source_address=(source, 0))
    c.request("POST", "/upload", body=random.randbytes(size))
    c.getresponse().read()
    c.close()


def resolve(source, server, questions):
    s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.settimeout(2)
    for _ in range(questions):
        name = random.choice(NAMES)
        labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
        s.sendto(struct.pack("!HHHHHH", random.getrandbits(16), 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1", (server, 53))
        s.recv(512)
        time.sleep(random.uniform(0.01, 0.15))
    s.close()


def ping(source, server, count, *flags):
    subprocess.run(["ping", "-q", "-n", "-c", str(count), "-I", source, *flags, server], stdout=subprocess.DEVNULL, check=False)


def scan(source, server, ports):
    """Knocks at ports that nothing listens on."""
    for port in ports:
        s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET)
        s.settimeout(0.3)
        s.bind((source, 0))
        try:
            s.connect((server, port))
        except OSError:
            pass
        s.close()
        time.sleep(0.1)


def datagrams(source, server, port, count, size, pause):
    s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    for _ in range(count):
        try:
            s.sendto(random.randbytes(size), (server, port))
        except ConnectionRefusedError:
            pass
        time.sleep(pause)
    s.close()


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def tagged(source, server, vlan, count, pause):
    """Sends datagrams in VLAN frames, made by hand: not every kernel has VLAN interfaces."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("eth0", 0))
    mac = wire.getsockname()[4]
    for n in range(count):
        payload = b"tagged %d" % n
        udp = struct.pack("!HHHH", 5005, 9, 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), n, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(server))
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        wire.send(b"\xff" * 6 + mac + struct.pack("!HHH", 0x8100, vlan, 0x0800) + ip + udp)
        time.sleep(pause)
    wire.close()


def ask():
    jobs = []
    for h in (10, 11, 12, 13, 14):
        jobs.append((browse, f"198.51.100.{h}", SERVER4, 10))
        jobs.append((resolve, f"198.51.100.{h}", SERVER4, 25))
    for h in (10, 11, 12):
        jobs.append((browse, f"2001:db8:1::{h}", SERVER6, 8))
        jobs.append((resolve, f"2001:db8:1::{h}", SERVER6, 15))
    jobs += [
        (upload, "198.51.100.15", SERVER4, 60_000),
        (upload, "2001:db8:1::12", SERVER6, 40_000),
        (ping, "198.51.100.12", SERVER4, 20, "-i", "0.2"),
        (ping, "2001:db8:1::11", SERVER6, 20, "-i", "0.2"),
        (tagged, "198.51.100.14", SERVER4, 7, 12, 0.3),
        (datagrams, "198.51.100.15", SERVER4, 5004, 4, 4000, 0.5),  # in fragments
        # Blocked networks.
        (scan, "203.0.113.7", SERVER4, (22, 23, 80, 443, 3389)),
        (datagrams, "203.0.113.8", SERVER4, 123, 10, 48, 0.2),
        (datagrams, "198.51.100.99", SERVER4, 161, 5, 60, 0.4),
        (datagrams, "2001:db8:bad::7", SERVER6, 123, 8, 48, 0.3),
        # Too fast.
        (datagrams, "198.51.100.66", SERVER4, 9, 700, 120, 0.0005),
        (ping, "2001:db8:1::66", SERVER6, 300, "-i", "0.002"),
    ]
    threads, failures = [], []

    def run(job, args):
        try:
            job(*args)
        except OSError as e:
            failures.append(f"{job.__name__}{args}: {e}")

    for job, *args in jobs:
        t = threading.Thread(target=run, args=(job, args))
        t.start()
        threads.append(t)
        time.sleep(random.uniform(0, 0.2))
    for t in threads:
        t.join()
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    random.seed(int.from_bytes(b"skep", "big"))
    {"serve": serve, "ask": ask}[sys.argv[1]]()
