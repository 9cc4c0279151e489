import os
import time

import alder_ipc


def on_message(message):
    print("message:", message, flush=True)
    if message == "shutdown":
        os._exit(0)


channel = alder_ipc.Channel(on_message)
channel.status("warming up")
time.sleep(0.2)
channel.ready()
channel.heartbeat()
done = 0
while True:
    done += 1
    channel.metrics(jobs=done, load={"value": os.getloadavg()[0], "unit": "1 min"})
    time.sleep(1)
