/* Voice messages: what a browser records into, how long one may be, and what keeps it from recording. */

/** Milliseconds of a voice message. */
export const recordingMsMax = 10 * 60_000;
/** Milliseconds for which the button is held before letting it go ends the recording. A shorter press lets it run. */
export const heldMsMin = 500;
/** Shorter recordings are slips of the finger. */
export const recordingMsMin = 400;

export interface RecordingType {
  readonly type: string;
  readonly ending: string;
}

/** Best first. Chromium and Firefox record the first one, Safari the last. */
const types: readonly RecordingType[] = [
  { type: 'audio/webm;codecs=opus', ending: 'webm' },
  { type: 'audio/ogg;codecs=opus', ending: 'ogg' },
  { type: 'audio/mp4', ending: 'm4a' },
];

export function recordingType(takes: (type: string) => boolean): RecordingType | null {
  return types.find(({ type }) => takes(type)) ?? null;
}

export type Trouble = 'refused' | 'missing' | 'insecure' | 'failed';

/** The reason for which a browser gives no microphone, by the name of its error. */
export function troubleOf(name: string): Trouble {
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  return name === 'NotFoundError' ? 'missing' : 'failed';
}

/** What letting the button go does: nothing after a short press, else the recording ends and is looked at. */
export function letGo(heldMs: number): 'goes on' | 'ends' {
  return heldMs < heldMsMin ? 'goes on' : 'ends';
}
