/* How this browser comes to be told of messages while no page is open: permission, service worker, subscription, server. */
import { ApiError, type EnckeClient } from '@encke/sdk';

/**
 * Whether the browser tells of messages while no page is open. `unsupported`: it can't, or not for this address, which has no
 * TLS. `denied`: the person has forbidden notifications in the browser. `closed`: the site sends none.
 */
export type Subscribing = 'off' | 'on' | 'unsupported' | 'denied' | 'closed' | 'unreachable';

/** The cache from which the service worker takes the language. */
const cacheName = 'encke.worker';

export const canSubscribe = (): boolean =>
  isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** The subscription that this browser has. */
async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** What holds now. Nothing is asked of the person. */
export async function subscribing(): Promise<Subscribing> {
  if (!canSubscribe()) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && (await subscription()) !== null ? 'on' : 'off';
}

/** Subscribes this browser, after asking the person. To be called when the person has clicked. */
export async function subscribe(
  api: EnckeClient['api'],
  language: string,
  worker: string,
): Promise<Subscribing> {
  if (!canSubscribe()) return 'unsupported';
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  let key;
  try {
    ({ key } = await api.pushKey());
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return 'closed';
    throw thrown;
  }
  await keepLanguage(language);
  await navigator.serviceWorker.register(new URL(worker, document.baseURI));
  const { pushManager } = await navigator.serviceWorker.ready;
  let made;
  try {
    made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    // The browser's push service can't be reached, or there is none in this browser.
    return 'unreachable';
  }
  await tell(api, made);
  return 'on';
}

/** Tells the server of the subscription once more, which ends with the session that told of it. */
export async function renew(api: EnckeClient['api'], language: string): Promise<void> {
  const made = canSubscribe() ? await subscription() : null;
  if (made === null || Notification.permission !== 'granted') return;
  await keepLanguage(language);
  await tell(api, made);
}

/** Ends the subscription here and at the push service; at the server too, unless the session has ended. */
export async function unsubscribe(api: EnckeClient['api'] | null): Promise<void> {
  const made = canSubscribe() ? await subscription() : null;
  if (made === null) return;
  await api?.unsubscribeFromPush(made.endpoint).catch(() => undefined);
  await made.unsubscribe();
}

async function tell(api: EnckeClient['api'], made: PushSubscription): Promise<void> {
  const { endpoint, keys } = made.toJSON();
  await api.subscribeToPush({
    endpoint: endpoint ?? '',
    p256dh: keys?.['p256dh'] ?? '',
    auth: keys?.['auth'] ?? '',
  });
}

async function keepLanguage(language: string): Promise<void> {
  await (await caches.open(cacheName)).put('language', new Response(language));
}
