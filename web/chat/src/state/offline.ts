import { offlineCopyOf } from '@encke/talk/offline';
import type { Talk } from '@encke/talk/state';
import { browserClock as clock } from '@encke/ui/plain';
import { keepCopy } from '../model/offline-store';

/** The pause between two looks at what has changed. A message that was recalled stays in the copy that long at most. */
export const copyEveryMs = 5_000;

/** Keeps what a person sees for a time without the server: the conversations on this device, and the page in the browser. */
export class Offline {
  #world: unknown = null;
  #stopLooking: () => void;

  constructor(private readonly talk: Talk) {
    this.#stopLooking = clock.after(copyEveryMs, () => this.#look());
    void keepPage();
  }

  /** Called when the person is no longer signed in. */
  end(): void {
    this.#stopLooking();
  }

  /** Keeps what there is now, unless nothing has changed since. */
  keep(): void {
    const { talk } = this;
    if (talk.world === this.#world || talk.client.state.phase !== 'live') return;
    this.#world = talk.world;
    const copy = offlineCopyOf(talk);
    if (copy !== null) void keepCopy(copy);
  }

  #look(): void {
    this.keep();
    this.#stopLooking = clock.after(copyEveryMs, () => this.#look());
  }
}

/** Tells the service worker which files this page is made of, so that it can bring them without the server. */
async function keepPage(): Promise<void> {
  if (!isSecureContext || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('worker.js', document.baseURI));
    const { active } = await navigator.serviceWorker.ready;
    const tell = (entries: PerformanceEntryList): void => {
      const files = entries.map(({ name }) => name).filter((name) => name.startsWith(assets));
      if (files.length > 0) active?.postMessage({ type: 'keep', files });
    };
    const assets = new URL('assets/', document.baseURI).href;
    new PerformanceObserver((list) => tell(list.getEntries())).observe({ type: 'resource', buffered: true });
  } catch {
    // A browser that forbids service workers has no page without the server.
  }
}
