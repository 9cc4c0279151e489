// The few words of Redis' protocol (RESP) that the API needs, over node:net. Connects again by itself when the cache
// went away; commands fail while there is no connection.
'use strict';

const net = require('node:net');

const RECONNECT_MS = 200;
const COMMAND_TIMEOUT_MS = 2000;
const WAITING_MAX = 1000;

/** The text of a command: an array of bulk strings. */
function encode(words) {
  return `*${words.length}\r\n` + words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('');
}

/**
 * The first reply in `text` (simple strings, errors, integers and bulk strings), and where it ends; null when it is not
 * complete yet.
 */
function decode(text) {
  const end = text.indexOf('\r\n');
  if (end < 0) return null;
  const rest = text.slice(1, end);
  switch (text[0]) {
    case '+':
      return { value: rest, length: end + 2 };
    case '-':
      return { value: new Error(rest), length: end + 2 };
    case ':':
      return { value: Number(rest), length: end + 2 };
    case '$': {
      const size = Number(rest);
      if (size < 0) return { value: null, length: end + 2 };
      if (text.length < end + 2 + size + 2) return null;
      return { value: text.slice(end + 2, end + 2 + size), length: end + 2 + size + 2 };
    }
    default:
      throw new Error(`not a reply: ${text.slice(0, 20)}`);
  }
}

class Redis {
  constructor(port, host = '127.0.0.1') {
    this.port = port;
    this.host = host;
    this.waiting = []; // commands sent and not answered, oldest first
    this.closed = false;
    this.connect();
  }

  connect() {
    this.received = '';
    this.socket = net.connect(this.port, this.host);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text) => this.onData(text));
    this.socket.on('error', () => {}); // 'close' follows and says all there is to say
    this.socket.on('close', () => this.onClose());
  }

  onData(text) {
    this.received += text;
    try {
      for (let reply = decode(this.received); reply; reply = decode(this.received)) {
        this.received = this.received.slice(reply.length);
        const { resolve, reject } = this.waiting.shift();
        if (reply.value instanceof Error) reject(reply.value);
        else resolve(reply.value);
      }
    } catch (error) {
      this.socket.destroy(error);
    }
  }

  onClose() {
    for (const { reject } of this.waiting.splice(0)) reject(new Error('the cache went away'));
    if (!this.closed) setTimeout(() => this.connect(), RECONNECT_MS);
  }

  /** Sends a command, e.g. command('INCR', 'hits'). Rejects when the cache is away, busy or says no. */
  command(...words) {
    if (this.socket.readyState !== 'open') return Promise.reject(new Error('no connection to the cache'));
    if (this.waiting.length >= WAITING_MAX) return Promise.reject(new Error('the cache is too slow'));
    return new Promise((resolve, reject) => {
      // Replies carry no number, so after one that never came the connection cannot be used any more.
      const timer = setTimeout(() => this.socket.destroy(), COMMAND_TIMEOUT_MS);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      this.waiting.push({ resolve: done(resolve), reject: done(reject) });
      this.socket.write(encode(words));
    });
  }

  close() {
    this.closed = true;
    this.socket.destroy();
  }
}

module.exports = { Redis };
