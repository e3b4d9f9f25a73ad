import WebSocket from 'ws';
import { SUBPROTOCOL } from '../../syscalls/protocol.js';
import type { OpenSocket } from './client-socket.js';

/** WebSocket of Node: the token goes into the Authorization header. */
export const openSocket: OpenSocket = ({ url, token }, events) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, SUBPROTOCOL, { headers, perMessageDeflate: false });
  let status: number | undefined;
  let failure = '';
  socket.on('open', () => events.opened());
  socket.on('message', (data) => events.message(String(data)));
  socket.on('unexpected-response', (_, response) => {
    status = response.statusCode;
    socket.terminate();
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.once('close', (code, reason) => {
    events.closed({ code, reason: String(reason) || failure, ...(status === undefined ? {} : { status }) });
  });
  return { send: (text) => socket.send(text), close: () => socket.close(1000), cut: () => socket.terminate() };
};
