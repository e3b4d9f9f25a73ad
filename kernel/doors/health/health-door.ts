import type { Door } from '../door.js';

/** `GET /healthz`: whether the process serves at all. It says nothing of the cores, and needs no token. */
export const healthDoor: Door = {
  name: 'health',
  open(_gate, listener) {
    listener.serve('GET', '/healthz', {
      access: 'open',
      handle(_request, response) {
        response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok\n');
      },
    });
  },
};
