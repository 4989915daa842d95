// The room: which dialog is open, what the buttons do, what the state line says.
//
// Phases (on <main data-phase>): prejoin → joining → waiting ⇄ connecting → live ⇄ unstable → ended → joining …

import * as devices from "./devices.js";
import { Peer } from "./peer.js";
import { Signaling } from "./signaling.js";

const by = (id) => document.getElementById(id);
const room = document.querySelector("[data-room]");
const { role, other, leave, pulse } = room.dataset;
const PULSE_EVERY = 4 * 60 * 1000; // the signed-in session must outlive the call
const REMEMBER = "telehealth.devices";

/** @type {MediaStream | null} */
let stream = null;
/** @type {Peer | null} */
let peer = null;
/** @type {Signaling | null} */
let signaling = null;
let stopMeter = () => {};
let me = { epoch: "", offerer: false, ice: [], peer: "" };
let visit = "scheduled";
let asked = ""; // what we want of the server once the socket is open: "hello" or "rejoin"
let attempts = 0; // connections made anew by the watchdog in a row
let left = false; // the other side's socket is gone
let faceless = false; // the other side has its camera off
const off = { camera: false, microphone: false };

// --- words ------------------------------------------------------------------------------------------------------------
const STATES = {
  prejoin: ["Not connected", "neutral"],
  joining: ["Joining…", "info"],
  waiting: [`Waiting for ${other}`, "info"],
  connecting: ["Connecting…", "info"],
  live: ["Connected", "ok"],
  unstable: ["Reconnecting…", "warning"],
  ended: ["Session ended", "neutral"],
};
const TROUBLE = {
  denied: [
    "The browser is not allowed to use your camera and microphone",
    "Select the camera or lock icon beside the address, choose Allow for both, then select Try again.",
  ],
  missing: [
    "No camera or microphone was found",
    "Check that it is connected and switched on, select Try again, and select Allow when the browser asks.",
  ],
  busy: [
    "Another program is using your camera or microphone",
    "Close other video calls and programs that use it, then select Try again.",
  ],
  insecure: [
    "This address is not secure, so the browser hides your camera",
    "Open this page with https:// at the front of the address.",
  ],
  unknown: ["Your camera and microphone could not be opened", "Select Try again. If that does not help, restart the browser."],
};

function phase(name) {
  room.dataset.phase = name;
  const [text, tone] = STATES[name];
  const line = by("call-state");
  if (line.textContent !== text) line.textContent = text;
  line.dataset.tone = tone;
  faceOrName();
}

/** The other's initials stand where their picture would be: before they come, and while their camera is off. */
function faceOrName() {
  const inCall = room.dataset.phase === "live" || room.dataset.phase === "unstable";
  by("absent").hidden = inCall && !faceless;
  by("absent-text").hidden = inCall;
}

function trouble(text) {
  by("trouble").hidden = !text;
  by("trouble-text").textContent = text;
}

// --- before the call ----------------------------------------------------------------------------------------------------
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBER)) ?? {};
  } catch {
    return {};
  }
}

function helpWith(kind) {
  by("device-help").hidden = !kind;
  by("retry").hidden = !kind;
  if (!kind) return;
  [by("device-help-title").textContent, by("device-help-text").textContent] = TROUBLE[kind];
}

async function preview(wanted) {
  by("join").disabled = true;
  by("preview-text").textContent = "Asking for your camera…";
  stopMeter();
  devices.close(stream);
  stream = null;
  let kind = null;
  try {
    ({ stream, trouble: kind } = await devices.open(wanted));
  } catch (error) {
    kind = devices.troubleOf(error);
  }
  const camera = stream?.getVideoTracks()[0];
  const microphone = stream?.getAudioTracks()[0];
  by("preview").srcObject = stream;
  by("preview-empty").hidden = Boolean(camera);
  by("preview-text").textContent = "No picture";
  helpWith(kind);
  if (stream) {
    const known = await navigator.mediaDevices.enumerateDevices();
    devices.fill(by("camera"), known, "videoinput", camera, "No camera found");
    devices.fill(by("microphone"), known, "audioinput", microphone, "No microphone found");
    stopMeter = devices.meter(stream, (level) => {
      by("meter").value = level;
    });
  }
  by("join").disabled = !stream || Boolean(by("reasons"));
}

function pick() {
  const wanted = { camera: by("camera").value, microphone: by("microphone").value };
  localStorage.setItem(REMEMBER, JSON.stringify(wanted));
  return preview(wanted);
}

function openPrejoin() {
  phase("prejoin");
  by("prejoin").showModal();
  void preview(remembered());
}

// --- the call -----------------------------------------------------------------------------------------------------------
function enter(command) {
  stopMeter();
  by("meter").value = 0;
  asked = command;
  by("prejoin").close();
  by("ended").close();
  by("ended-note").hidden = true;
  by("local").srcObject = stream; // the preview's own stream: a second request for the camera breaks on some phones
  by("toggle-camera").disabled = !stream.getVideoTracks().length;
  by("toggle-microphone").disabled = !stream.getAudioTracks().length;
  applyToggles();
  phase("joining");
  if (signaling?.isOpen) sendEnter();
  else if (!signaling) connect();
}

function connect() {
  signaling = new Signaling(room.dataset.socket);
  signaling.addEventListener("open", sendEnter);
  signaling.addEventListener("frame", ({ detail }) => FRAMES[detail.type]?.(detail));
  signaling.addEventListener("down", () => {
    if (!peer?.connected && room.dataset.phase !== "ended") phase("joining");
  });
  signaling.addEventListener("refused", () => trouble("We could not reach the session. Reload this page to try again."));
  signaling.addEventListener("superseded", () => {
    hangUp();
    finish("You joined this session in another window or on another device. This window is no longer part of it.");
    by("rejoin").hidden = true;
  });
  signaling.connect();
}

function sendEnter() {
  // After a broken socket `resume` keeps our epoch, so the running media is not touched.
  if (asked === "hello") signaling.send({ type: "hello", resume: me.epoch });
  else if (asked === "rejoin") signaling.send({ type: "rejoin" });
}

function makePeer() {
  peer?.close();
  left = faceless = false;
  by("peer-note").hidden = true;
  const epoch = me.peer;
  const made = new Peer({
    ice: me.ice,
    offerer: me.offerer,
    stream,
    patience: 1 + attempts / 2,
    send: (body) => signaling.send({ ...body, to: epoch }),
  });
  peer = made;
  made.addEventListener("stream", () => {
    // Once only: setting it again, even to the same stream, starts the element over.
    if (by("remote").srcObject !== made.remote) by("remote").srcObject = made.remote;
  });
  made.addEventListener("state", ({ detail }) => {
    if (made === peer) onPeerState(detail);
  });
  phase("connecting");
}

function onPeerState(state) {
  if (state === "connected") {
    attempts = 0;
    trouble("");
    phase("live");
    tellMuted();
  } else if (state === "unstable") {
    phase("unstable");
    signaling.probe();
  } else if (state === "stuck") {
    attempts += 1;
    if (attempts > 1) trouble("The connection takes longer than usual.");
    startOver();
  }
}

function startOver() {
  peer?.close();
  peer = null;
  me.epoch = "";
  me.peer = "";
  phase("joining");
  asked = "hello";
  if (signaling.isOpen) sendEnter();
}

function met(epoch) {
  if (me.peer === epoch && peer) return;
  me.peer = epoch;
  makePeer();
}

const FRAMES = {
  joined(frame) {
    const same = frame.resumed && peer && frame.epoch === me.epoch;
    asked = "hello";
    visit = frame.state;
    me = { epoch: frame.epoch, offerer: frame.offerer, ice: frame.ice, peer: same ? me.peer : "" };
    if (same) {
      phase(peer.connected ? "live" : "connecting");
      return;
    }
    peer?.close();
    peer = null;
    phase("waiting");
  },
  hello({ from, state }) {
    visit = state;
    left = false;
    signaling.send({ type: "here", to: from });
    met(from);
  },
  here({ from }) {
    left = false;
    visit = "live";
    met(from);
  },
  sig(frame) {
    if (frame.from === me.peer) peer?.receive(frame);
  },
  "need-restart"({ from }) {
    if (from === me.peer) peer?.restart();
  },
  "mute-state"({ from, audio, video }) {
    if (from !== me.peer) return;
    const gone = [audio ? "" : "microphone", video ? "" : "camera"].filter(Boolean).join(" and ");
    by("peer-note").textContent = gone ? `${other} has switched off the ${gone}.` : "";
    by("peer-note").hidden = !gone;
    faceless = !video;
    faceOrName();
  },
  left({ from }) {
    if (from !== me.peer) return;
    left = true;
    // Perhaps only their socket: while media flows, the call goes on.
    setTimeout(() => {
      if (left && !peer?.connected) phase("unstable");
    }, 500);
  },
  opened() {
    visit = "open";
  },
  bye({ by: who }) {
    hangUp();
    finish(who === role ? "You ended the session." : `${other} ended the session.`);
  },
  rejoining() {
    by("ended-note").textContent = `${other} has selected Rejoin and is waiting for you.`;
    by("ended-note").hidden = false;
  },
  error({ code, message }) {
    if (code === "visit_ended" || code === "must_rejoin") {
      hangUp();
      finish(message);
    } else if (code === "not_eligible") {
      hangUp();
      finish(message);
      by("rejoin").disabled = true;
    } else if (code === "visit_not_started") {
      location.assign(leave); // nobody has come yet: ending is leaving
    } else if (code === "not_joined") {
      startOver();
    } else {
      console.warn("telehealth: the server refused a frame:", code);
    }
  },
};

function hangUp() {
  peer?.close();
  peer = null;
  me.epoch = me.peer = "";
  asked = "";
  devices.close(stream); // the camera's light goes out with the session
  stream = null;
  by("local").srcObject = by("remote").srcObject = null;
  by("toggle-camera").disabled = by("toggle-microphone").disabled = true;
  by("peer-note").hidden = true;
  trouble("");
}

function finish(sentence) {
  phase("ended");
  by("ended-text").textContent = `${sentence} Camera and microphone are off. Nothing was recorded.`;
  if (by("prejoin").open) by("prejoin").close();
  if (!by("ended").open) by("ended").showModal();
}

async function rejoin() {
  const button = by("rejoin");
  button.setAttribute("aria-busy", "true");
  try {
    ({ stream } = await devices.open(remembered()));
    enter("rejoin");
  } catch (error) {
    const [title, text] = TROUBLE[devices.troubleOf(error)];
    by("ended-note").textContent = `${title}. ${text}`;
    by("ended-note").hidden = false;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// --- the tray -----------------------------------------------------------------------------------------------------------
function applyToggles() {
  for (const track of stream?.getVideoTracks() ?? []) track.enabled = !off.camera;
  for (const track of stream?.getAudioTracks() ?? []) track.enabled = !off.microphone;
  by("toggle-camera").setAttribute("aria-pressed", String(off.camera));
  by("toggle-microphone").setAttribute("aria-pressed", String(off.microphone));
  by("self-off").hidden = !off.camera && Boolean(stream?.getVideoTracks().length);
  by("self-muted").hidden = !off.microphone;
}

function tellMuted() {
  if (!me.peer) return;
  const audio = !off.microphone && Boolean(stream?.getAudioTracks().length);
  const video = !off.camera && Boolean(stream?.getVideoTracks().length);
  signaling?.send({ type: "mute-state", to: me.peer, audio, video });
}

function toggle(name) {
  off[name] = !off[name];
  applyToggles();
  tellMuted();
}

by("toggle-camera").addEventListener("click", () => toggle("camera"));
by("toggle-microphone").addEventListener("click", () => toggle("microphone"));
by("join").addEventListener("click", () => enter("hello"));
by("retry").addEventListener("click", () => preview({}));
by("rejoin").addEventListener("click", rejoin);
by("camera").addEventListener("change", pick);
by("microphone").addEventListener("change", pick);
by("end-form").addEventListener("submit", (event) => {
  if (room.dataset.phase === "prejoin") return;
  // With the socket away the form itself goes to the server: the session must end in any case.
  if (signaling?.send({ type: "end" })) event.preventDefault();
});
for (const id of ["prejoin", "ended"]) {
  by(id).addEventListener("cancel", (event) => event.preventDefault()); // behind the dialog there is nothing to do
}
navigator.mediaDevices?.addEventListener?.("devicechange", () => {
  if (room.dataset.phase === "prejoin" && by("prejoin").open) void preview(remembered());
});
addEventListener("pagehide", () => {
  signaling?.close();
  devices.close(stream);
});
if (pulse) {
  setInterval(() => {
    if (!peer?.connected) return;
    const token = by("end-form").elements.namedItem("csrfmiddlewaretoken").value;
    void fetch(pulse, { method: "POST", headers: { "X-CSRFToken": token } });
  }, PULSE_EVERY);
}

if (room.dataset.phase === "ended") {
  connect(); // to hear when the other side rejoins
  finish("This session has ended.");
} else {
  openPrejoin();
}
