// The shop's API: counts visits in the cache. GET / says who answered, GET /health whether the cache answers.
'use strict';

const http = require('node:http');
const { Redis } = require('./redis.js');

const instance = Number(process.env.INSTANCE || 0);
const port = Number(process.env.PORT || 8100);
const redis = new Redis(Number(process.env.REDIS_PORT || 6390));

function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body) + '\n');
}

async function answer(request, response) {
  const path = request.url.split('?')[0];
  if (path !== '/' && path !== '/health') return reply(response, 404, { error: `nothing at ${path}` });
  try {
    if (path === '/health') {
      await redis.command('PING');
      return reply(response, 200, { healthy: true });
    }
    const hits = await redis.command('INCR', 'hits');
    console.log(`${request.method} ${path} hit ${hits}`);
    return reply(response, 200, { instance, pid: process.pid, hits });
  } catch (error) {
    return reply(response, 503, { error: error.message });
  }
}

const server = http.createServer(answer);
server.listen(port, '127.0.0.1', () => console.log(`instance ${instance} listens on 127.0.0.1:${port}`));
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

process.once('SIGTERM', () => {
  console.log('closing');
  redis.close();
  server.close(() => process.exit(0));
  server.closeIdleConnections?.();
});
