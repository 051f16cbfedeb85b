/* A short sound for a new message, made here, so that nothing has to be loaded. */

/** Two tones, a fifth apart, in Hertz. */
const tones_hz = [660, 990];
const tone_s = 0.12;
const volume = 0.08;
/** Messages that come together sound once. */
const pause_ms = 2_000;

let context: AudioContext | null = null;
let last = -pause_ms;

/** Sounds, unless it has just done so. A browser that has not been clicked yet may stay silent. */
export function chime(now = performance.now()): void {
  if (now - last < pause_ms) return;
  last = now;
  context ??= new AudioContext();
  const gain = context.createGain();
  gain.connect(context.destination);
  const begin = context.currentTime;
  const end = begin + tones_hz.length * tone_s;
  gain.gain.setValueAtTime(volume, begin);
  gain.gain.exponentialRampToValueAtTime(0.001, end);
  tones_hz.forEach((hz, index) => {
    if (context === null) return;
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    tone.connect(gain);
    tone.start(begin + index * tone_s);
    tone.stop(begin + (index + 1) * tone_s);
  });
}
