const SUBPROTOCOL = 'eccos.v1';
const BEARER_PREFIX = 'eccos.bearer.';
const ROW_ID = { cores: 'id', agents: 'pid', calls: 'syscallId', decisions: 'syscallId', costs: 'key' };
const WANT = ['kernel', 'cores', 'queues', 'agents', 'decisions', 'costs'];
/** Milliseconds between two views, when the page is seen and when it is not. */
const EVERY = { seen: 500, hidden: 10_000 };
const RETRY_MS = { least: 500, most: 10_000 };
/** Kept only as long as the tab. */
const TOKEN = 'eccos-token';

/** The connection to the kernel: what it does, as the views add up, and requests. It comes back when it was lost. */
export class Link {
  #onChange;
  #socket;
  #requests = new Map();
  #lastId = 0;
  #failures = 0;
  #rows = new Map();
  /** `connecting`, `live`, `lost`, `token` (a token is needed) or `ended`. */
  status = 'connecting';
  /** Of this page, once it is a process. */
  pid;
  view = { cores: [], agents: [], decisions: [], costs: [] };

  /** @param onChange called when anything here is another */
  constructor(onChange) {
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', () => this.#watch().catch(() => {}));
  }

  /** Connects, with the token that was given before if there is one. */
  async open() {
    const token = sessionStorage.getItem(TOKEN);
    // The handshake of a WebSocket cannot say why it was refused; a request can.
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const status = await fetch('/v1/eccos/view', { method: 'HEAD', headers }).then(
      (one) => one.status,
      () => 0,
    );
    if (status === 401 || status === 403) {
      sessionStorage.removeItem(TOKEN);
      this.#is('token');
      return;
    }
    const bearer = token === null ? [] : [BEARER_PREFIX + base64url(token)];
    const socket = new WebSocket(location.origin.replace(/^http/, 'ws'), [SUBPROTOCOL, ...bearer]);
    this.#socket = socket;
    socket.onopen = () => this.#hello().catch(() => socket.close());
    socket.onmessage = ({ data }) => this.#received(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  useToken(token) {
    sessionStorage.setItem(TOKEN, token);
    this.#is('connecting');
    this.open();
  }

  /** One syscall. Rejects with the kernel's message. */
  request(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  async #hello() {
    const { pid } = await this.request('agent.hello', { protocol: 1, name: 'dashboard' });
    this.pid = pid;
    await this.#watch();
    this.#failures = 0;
    this.#is('live');
  }

  async #watch() {
    if (this.pid === undefined) return;
    await this.request('kernel.watch', { everyMs: document.hidden ? EVERY.hidden : EVERY.seen, want: WANT });
  }

  #received({ id, result, error, method, params }) {
    if (method === 'kernel.view') this.#add(params);
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (error !== undefined) request?.reject(new Error(error.message));
    else request?.resolve(result);
  }

  #add(view) {
    if (view.full) this.#rows.clear();
    const lists = {};
    for (const [section, id] of Object.entries(ROW_ID)) {
      const rows = this.#rows.get(section) ?? new Map();
      this.#rows.set(section, rows);
      for (const gone of view[section]?.gone ?? []) rows.delete(gone);
      for (const patch of view[section]?.rows ?? []) rows.set(patch[id], merged(rows.get(patch[id]), patch));
      lists[section] = [...rows.values()];
    }
    const { kernel = this.view.kernel, queues = this.view.queues, at } = view;
    this.view = { at, kernel, queues, ...lists };
    this.#onChange();
  }

  #closed(code, reason) {
    this.pid = undefined;
    for (const { reject } of this.#requests.values()) reject(new Error('The connection was lost'));
    this.#requests.clear();
    if (code === 4001) {
      this.#is('ended');
      return;
    }
    if (reason === 'token revoked') sessionStorage.removeItem(TOKEN);
    this.#is('lost');
    const delay = Math.min(RETRY_MS.most, RETRY_MS.least * 2 ** this.#failures++);
    setTimeout(() => this.open(), delay);
  }

  #is(status) {
    this.status = status;
    this.#onChange();
  }
}

/** A row with the members of a patch; null takes one away. */
function merged(row, patch) {
  const next = { ...row, ...patch };
  for (const [key, value] of Object.entries(patch)) if (value === null) delete next[key];
  return next;
}

function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
