"""A relay on loopback that speaks as much SMTP as a client needs, and goes wrong where it is told to."""

import socketserver
import threading
from contextlib import contextmanager


class Relay:
    """`say` has other answers than usual, by the command they are to: a line, or None to hang up."""

    def __init__(self):
        self.say, self.mails, self.greeted = {}, [], []

    @contextmanager
    def open(self):
        relay = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self):
                relay.talk(self.rfile, self.wfile)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            yield server.server_address[1]
            server.shutdown()

    def talk(self, lines, out):
        out.write(b"220 relay\r\n")
        to = []
        for line in lines:
            verb = line.split(b" ")[0].strip().upper().decode()
            answer = self.say.get(
                verb, {"EHLO": "250 relay", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            )
            if verb == "EHLO":
                self.greeted.append(line.split()[1].decode())
            if answer is None:
                return
            out.write(answer.encode() + b"\r\n")
            if verb == "RCPT":
                to.append(line.decode().split("<")[1].split(">")[0])
            if verb == "DATA" and answer.startswith("354"):
                body = b"".join(iter(lines.readline, b".\r\n"))
                end = self.say.get(".", "250 taken")
                if end is None:
                    return
                out.write(end.encode() + b"\r\n")
                if end.startswith("250"):
                    self.mails.append((to, body))
            if verb == "QUIT":
                return
