// The socket to our server: heartbeat, quick reconnect, JSON frames. It knows nothing of media.
//
// Events: "open", "down" (lost, trying again), "refused" (the server will not have us), "superseded", and "frame"
// with the message as `detail`.

const PING_EVERY = 2000; // a changed network gives no close event: only a missing answer tells
const PONG_WITHIN = 1500;
const CONNECT_WITHIN = 4000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
const GIVE_UP_AFTER = 4; // handshakes refused in a row without ever having been open
const SUPERSEDED = 4409;

export class Signaling extends EventTarget {
  #url;
  #socket = null;
  #pinger = 0;
  #deadline = 0;
  #retry = 0;
  #pause = FIRST_PAUSE;
  #failures = 0;
  #everOpen = false;
  #closed = false;

  constructor(path) {
    super();
    this.#url = new URL(path, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    if (this.#closed) return;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#deadline = setTimeout(() => this.#lost(socket), CONNECT_WITHIN);
    socket.onopen = () => {
      clearTimeout(this.#deadline);
      this.#everOpen = true;
      this.#failures = 0;
      this.#pause = FIRST_PAUSE;
      this.#pinger = setInterval(() => this.#ping(socket), PING_EVERY);
      this.dispatchEvent(new Event("open"));
    };
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => {
      if (event.code === SUPERSEDED) {
        this.close();
        this.dispatchEvent(new Event("superseded"));
        return;
      }
      this.#lost(socket);
    };
  }

  /** @returns {boolean} whether it went out */
  send(message) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ask now whether the server still hears us; a dead socket is replaced within `PONG_WITHIN`. */
  probe() {
    if (this.isOpen) this.#ping(this.#socket);
  }

  close() {
    this.#closed = true;
    this.#drop(this.#socket);
  }

  #ping(socket) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send('{"type":"ping"}');
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#lost(socket), PONG_WITHIN);
  }

  #received(text) {
    clearTimeout(this.#deadline); // any frame proves that the server is there
    const message = JSON.parse(text);
    if (message.type !== "pong") this.dispatchEvent(new CustomEvent("frame", { detail: message }));
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#drop(socket);
    if (this.#closed) return;
    this.#failures += 1;
    if (!this.#everOpen && this.#failures >= GIVE_UP_AFTER) {
      this.dispatchEvent(new Event("refused"));
      return;
    }
    this.dispatchEvent(new Event("down"));
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    this.#retry = setTimeout(() => this.connect(), pause);
  }

  #drop(socket) {
    clearInterval(this.#pinger);
    clearTimeout(this.#deadline);
    clearTimeout(this.#retry);
    if (!socket) return;
    // Handlers first: the close handshake of a dead network would come half a minute later.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = null;
  }
}
