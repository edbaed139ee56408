import http.server
import secrets
import time

print("warming up ...", flush=True)
time.sleep(4)
TOKEN = secrets.token_hex(8)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (TOKEN if self.path == "/token" else "try /token").encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 8125), Handler)
print("ready on port 8125", flush=True)
server.serve_forever()
