import { BEARER_PREFIX, SUBPROTOCOL } from '../../syscalls/protocol.js';
import type { OpenSocket } from './client-socket.js';

/** The part of the browser's WebSocket that is used here. */
interface WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

declare const WebSocket: new (url: string, protocols: string[]) => WebSocketLike;

/** WebSocket of browsers, workers and other runtimes: it cannot set headers, so the token is a subprotocol. */
export const openSocket: OpenSocket = ({ url, token }, events) => {
  const bearer = token === undefined ? [] : [BEARER_PREFIX + base64url(token)];
  const socket = new WebSocket(url, [SUBPROTOCOL, ...bearer]);
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => events.message(String(data));
  // Every error is followed by a close, which says as much. Node throws errors that nobody hears.
  socket.onerror = () => {};
  const closed = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    events.closed({ code, reason });
  };
  socket.onclose = closed;
  return {
    send: (text) => socket.send(text),
    close: () => socket.close(1000),
    // The handshake goes on in the background; a cut does not wait for it.
    cut() {
      if (socket.onclose === null) return;
      socket.close();
      closed({ code: 1006, reason: '' });
    },
  };
};

function base64url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
