/* What the browser knows of sound and video before they are uploaded. The server can't look into them. */
import type { Measures } from '../../state/attaching.svelte';

/** Milliseconds after which the browser is not waited for any longer. */
const measureMsMax = 4_000;

export function measured(bytes: Blob): Promise<Measures> {
  const [kind] = bytes.type.split('/');
  if (kind !== 'video' && kind !== 'audio') return Promise.resolve({});
  return new Promise((done) => {
    const element = document.createElement(kind);
    const address = URL.createObjectURL(bytes);
    const end = (measures: Measures): void => {
      clearTimeout(timer);
      element.removeAttribute('src');
      URL.revokeObjectURL(address);
      done(measures);
    };
    const timer = setTimeout(() => end({}), measureMsMax);
    element.onerror = () => end({});
    element.onloadedmetadata = () => end(measuresOf(element));
    element.preload = 'metadata';
    element.src = address;
  });
}

function measuresOf(element: HTMLMediaElement): Measures {
  const seconds = element.duration;
  const length = Number.isFinite(seconds) && seconds > 0 ? { durationMs: Math.round(seconds * 1_000) } : {};
  if (!(element instanceof HTMLVideoElement) || element.videoWidth === 0) return length;
  return { ...length, width: element.videoWidth, height: element.videoHeight };
}
