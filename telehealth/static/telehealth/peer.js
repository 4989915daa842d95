// One RTCPeerConnection between one epoch of ours and one of theirs. A page load, a rejoin or the watchdog makes a new
// one; this object is never reused.
//
// The server names the offerer, and only the offerer ever offers or restarts ICE: when both did, Chromium lost 7 % of
// simultaneous joins for good. Events: "state" (detail: connecting | connected | unstable | stuck), "stream".

const CONNECT_WITHIN = 6000; // then the connection is thrown away and made anew: restarting a stuck one does not help
const POLL_EVERY = 500;
const STALE_AFTER = 1500; // ms without a packet: the network has changed long before the browser says so
const RESTART_PAUSE = 4000;

export class Peer extends EventTarget {
  #pc;
  #offerer;
  #stream;
  #send;
  #chain = Promise.resolve();
  #early = [];
  #closed = false;
  #watchdog = 0;
  #poller = 0;
  #restarted = 0;
  #wasConnected = false;
  remote = new MediaStream();

  /**
   * @param {{ice: RTCIceServer[], offerer: boolean, stream: MediaStream, send: (body: object) => void,
   *   patience?: number}} options patience multiplies the time to connect, for machines that need longer
   */
  constructor({ ice, offerer, stream, send, patience = 1 }) {
    super();
    this.#offerer = offerer;
    this.#stream = stream;
    this.#send = send;
    this.#pc = new RTCPeerConnection({ iceServers: ice });
    this.#pc.onicecandidate = ({ candidate }) => send({ type: "sig", candidate: candidate?.toJSON() ?? null });
    this.#pc.ontrack = ({ track }) => {
      this.remote.addTrack(track);
      this.dispatchEvent(new Event("stream"));
    };
    // connectionState, not iceConnectionState: the latter never said "failed" when a network went away.
    this.#pc.onconnectionstatechange = () => this.#changed();
    this.#watchdog = setTimeout(() => this.#stuck(), CONNECT_WITHIN * patience);
    if (offerer) this.#in_turn(() => this.#begin());
  }

  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** A `sig` from the other side. Signals are worked off one after the other, in the order they came. */
  receive({ description, candidate }) {
    this.#in_turn(async () => {
      if (description) await this.#describe(description);
      else await this.#candidate(candidate);
    });
  }

  /** New path, same call: after a change of network. Only the offerer may; the other side asks for it. */
  restart() {
    if (this.#closed || Date.now() - this.#restarted < RESTART_PAUSE) return;
    this.#restarted = Date.now();
    if (!this.#offerer) {
      this.#send({ type: "need-restart" });
      return;
    }
    this.#in_turn(async () => {
      if (this.#pc.signalingState !== "stable") return;
      this.#pc.restartIce();
      await this.#offer();
    });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#watchdog);
    clearInterval(this.#poller);
    this.#pc.onicecandidate = this.#pc.ontrack = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  async #begin() {
    // Both kinds are always negotiated, so that a camera found later needs no new offer.
    for (const kind of ["audio", "video"]) {
      const track = this.#stream.getTracks().find((one) => one.kind === kind);
      this.#pc.addTransceiver(track ?? kind, { direction: "sendrecv", streams: [this.#stream] });
    }
    await this.#offer();
  }

  async #offer() {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    this.#send({ type: "sig", description: plain(this.#pc.localDescription) });
  }

  async #describe(description) {
    if (description.type === "offer" && this.#offerer) return; // only we offer
    if (description.type === "answer" && this.#pc.signalingState !== "have-local-offer") return;
    await this.#pc.setRemoteDescription(description);
    for (const candidate of this.#early.splice(0)) await this.#candidate(candidate);
    if (description.type !== "offer") return;
    for (const transceiver of this.#pc.getTransceivers()) {
      const kind = transceiver.receiver.track.kind;
      const track = this.#stream.getTracks().find((one) => one.kind === kind) ?? null;
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
      transceiver.sender.setStreams?.(this.#stream);
      transceiver.direction = "sendrecv";
    }
    await this.#pc.setLocalDescription(await this.#pc.createAnswer());
    this.#send({ type: "sig", description: plain(this.#pc.localDescription) });
  }

  async #candidate(candidate) {
    if (!this.#pc.remoteDescription) {
      this.#early.push(candidate);
      return;
    }
    await this.#pc.addIceCandidate(candidate ?? undefined);
  }

  #in_turn(step) {
    this.#chain = this.#chain.then(async () => {
      if (this.#closed) return;
      try {
        await step();
      } catch (error) {
        // One bad signal must not end the queue; if it mattered, the watchdog makes a new connection.
        if (!this.#closed) console.warn("telehealth: a signal could not be used", error.name);
      }
    });
  }

  #changed() {
    switch (this.#pc.connectionState) {
      case "connected":
        clearTimeout(this.#watchdog);
        this.#wasConnected = true;
        if (!this.#poller) this.#poller = setInterval(() => this.#poll(), POLL_EVERY);
        this.#say("connected");
        break;
      case "disconnected":
        this.#say("unstable");
        this.restart();
        break;
      case "failed":
        if (this.#wasConnected) {
          this.#say("unstable");
          this.#restarted = 0;
          this.restart();
          this.#watchdog = setTimeout(() => this.#stuck(), CONNECT_WITHIN);
        } else {
          this.#stuck();
        }
        break;
      default:
    }
  }

  async #poll() {
    const report = await this.#pc.getStats();
    let newest = 0;
    for (const entry of report.values()) {
      if (entry.type === "inbound-rtp") newest = Math.max(newest, entry.lastPacketReceivedTimestamp ?? 0);
    }
    if (this.#closed || !newest) return;
    if (performance.timeOrigin + performance.now() - newest > STALE_AFTER) {
      this.#say("unstable");
      this.restart();
    } else if (this.connected) {
      this.#say("connected");
    }
  }

  #stuck() {
    if (!this.#closed && !this.connected) this.#say("stuck");
  }

  #said = "";

  #say(state) {
    if (state === this.#said) return;
    this.#said = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}

function plain({ type, sdp }) {
  return { type, sdp };
}
