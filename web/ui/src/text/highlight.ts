/* Asks the thread that colours code, and ends it when it takes too long: then the code stays plain. */
import type { Found, Token, Wanted } from './highlight.worker';

/** The time that the colours of one piece of code may take. */
export const highlightMsMax = 1_000;
/** Letters of code that is coloured; longer code is plain. */
export const highlightLettersMax = 16_384;

let worker: Worker | null = null;
let asked = 0;
/** One after the other, so that the time is that of one piece. */
let before: Promise<unknown> = Promise.resolve();

export function highlight(language: string, text: string): Promise<readonly Token[] | null> {
  if (text.length > highlightLettersMax) return Promise.resolve(null);
  const found = before.then(() => ask(language, text));
  before = found;
  return found;
}

function ask(language: string, text: string): Promise<readonly Token[] | null> {
  worker ??= new Worker(new URL('./highlight.worker.ts', import.meta.url), { type: 'module' });
  const now = worker;
  const wanted: Wanted = { number: (asked += 1), language, text };
  return new Promise((resolve) => {
    const done = (tokens: readonly Token[] | null): void => {
      clearTimeout(late);
      resolve(tokens);
    };
    const failed = (): void => {
      now.terminate();
      worker = null;
      done(null);
    };
    // The first one also waits until the thread has its grammars.
    const late = setTimeout(failed, wanted.number === 1 ? highlightMsMax * 10 : highlightMsMax);
    now.onerror = failed;
    now.onmessage = ({ data }: MessageEvent<Found>) => {
      if (data.number === wanted.number) done(data.tokens);
    };
    now.postMessage(wanted);
  });
}
