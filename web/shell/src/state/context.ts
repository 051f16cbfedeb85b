import { getContext, setContext } from 'svelte';
import type { App } from './app.svelte';
import type { Session } from './session.svelte';

const key = Symbol('app');

export function provideApp(app: App): void {
  setContext(key, app);
}

export function useApp(): App {
  return getContext<App>(key);
}

/** For views that are only shown while somebody is signed in. */
export function useSession(): Session {
  const { session } = useApp();
  if (session === null) throw new Error('This view is shown only inside.');
  return session;
}
