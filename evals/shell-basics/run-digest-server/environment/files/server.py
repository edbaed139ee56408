import hashlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = hashlib.sha256(("echo " + self.path).encode()).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(sys.argv[1])
server = HTTPServer(("127.0.0.1", port), Handler)
print("listening on port", port, flush=True)
server.serve_forever()
