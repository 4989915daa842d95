// Camera and microphone: asking for them, naming what is wrong, listing them, measuring loudness.

/** @typedef {"denied" | "missing" | "busy" | "insecure" | "unknown"} Trouble */

/** @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  if (!navigator.mediaDevices) return "insecure";
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

function constraint(base, id) {
  return id ? { ...base, deviceId: { exact: id } } : base;
}

/**
 * Ask for both; with one of them missing, take the other: hearing each other is better than nothing.
 * @param {{camera?: string, microphone?: string}} wanted device ids
 * @returns {Promise<{stream: MediaStream, trouble: Trouble | null}>} trouble says why one of the two is not there
 */
export async function open(wanted = {}) {
  if (!navigator.mediaDevices) throw new DOMException("no media devices on an insecure page", "SecurityError");
  const video = constraint(VIDEO, wanted.camera);
  const audio = constraint(AUDIO, wanted.microphone);
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ video, audio }), trouble: null };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === "denied") throw error;
    if (wanted.camera || wanted.microphone) return { ...(await open()), trouble };
    for (const part of [{ audio }, { video }]) {
      try {
        return { stream: await navigator.mediaDevices.getUserMedia(part), trouble };
      } catch {
        // the other one, then
      }
    }
    throw error;
  }
}

/** @param {MediaStream | null} stream */
export function close(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Fill a <select> with the devices of one kind and mark the one in use. */
export function fill(select, devices, kind, track, noneText) {
  const found = devices.filter((device) => device.kind === kind && device.deviceId);
  const current = track?.getSettings().deviceId;
  select.replaceChildren(
    ...found.map((device, index) => {
      const option = new Option(device.label || `${index + 1}`, device.deviceId);
      option.selected = device.deviceId === current;
      return option;
    }),
  );
  if (!found.length) select.append(new Option(noneText, ""));
  select.disabled = found.length === 0;
}

/**
 * Loudness of the stream's microphone, 0 to 1, about 20 times a second.
 * @returns {() => void} stops it
 */
export function meter(stream, show) {
  if (!stream.getAudioTracks().length) {
    show(0);
    return () => {};
  }
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    // Square root of the effective value: speech at arm's length fills about half of the bar.
    show(Math.min(1, Math.sqrt(Math.sqrt(sum / samples.length)) * 1.4));
  }, 50);
  return () => {
    clearInterval(timer);
    if (context.state !== "closed") void context.close();
  };
}
