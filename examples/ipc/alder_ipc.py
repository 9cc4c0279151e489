"""Talks to Alder over the channel that NODE_CHANNEL_FD names; needs `ipc: true`. Without a channel it does nothing."""

import json
import os
import socket
import threading


class Channel:
    def __init__(self, on_message=None):
        number = os.environ.pop("NODE_CHANNEL_FD", None)  # not for the programs we start
        self.socket = socket.socket(fileno=int(number)) if number else None
        if self.socket and on_message:
            threading.Thread(target=self._listen, args=(on_message,), daemon=True).start()

    def send(self, message):
        if self.socket:
            self.socket.sendall(json.dumps(message).encode() + b"\n")

    def ready(self):
        self.send({"type": "ready"})

    def status(self, text):
        self.send({"type": "status", "text": text})

    def metrics(self, **values):
        self.send({"type": "metrics", "data": values})

    def heartbeat(self):
        """Beats in the background from now on, as often as the configuration says."""
        def beat():
            period = int(os.environ.get("ALDER_HEARTBEAT_MS", "5000")) / 1000
            stop = threading.Event()
            while not stop.wait(period):
                self.send({"type": "heartbeat"})
        self.send({"type": "heartbeat"})
        threading.Thread(target=beat, daemon=True).start()

    def _listen(self, on_message):
        with self.socket.makefile() as lines:
            for line in lines:
                on_message(json.loads(line))
