/*
 * The service worker: it shows what the server pushes while no page is open, and opens the conversation of a notification
 * that is clicked. It has no other task: pages and files come from the network as ever. The server finds the notification's
 * words nowhere: they are written here, in the language that the page has left in the cache `encke.worker`.
 */
const words = {
  en: {
    app: 'Encke',
    file: (count) => (count === 1 ? 'A file' : `${count} files`),
    message: 'New message',
    more: (count) => `and ${count - 1} more`,
    mention: (from) => `${from} mentioned you`,
  },
  'zh-CN': {
    app: 'Encke',
    file: (count) => `${count} 个文件`,
    message: '新消息',
    more: (count) => `还有 ${count - 1} 条`,
    mention: (from) => `${from} 提到了你`,
  },
};

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => event.waitUntil(shown(event.data)));

async function shown(data) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  // The person looks at the page and sees the message there.
  if (windows.some((each) => each.visibilityState === 'visible')) return;
  const { title, options } = notificationOf(read(data), await language());
  await self.registration.showNotification(title, options);
}

function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

function notificationOf(pushed, lang) {
  const said = words[lang];
  const { conversation = '', seq = 0, title = null, from = said.app, text, files = 0, count = 1 } = pushed;
  const who = pushed.mention === true ? said.mention(from) : from;
  const what = text || (files > 0 ? said.file(files) : said.message);
  return {
    title: title === null ? who : `${who} · ${title}`,
    options: {
      body: count > 1 ? `${what}\n${said.more(count)}` : what,
      // A newer notification of the conversation takes the place of this one.
      tag: conversation,
      renotify: conversation !== '' && pushed.mention === true,
      data: { conversation, seq },
      icon: 'icons/192.png',
      badge: 'icons/badge.png',
      lang,
    },
  };
}

async function language() {
  const stored = await (await caches.open('encke.worker')).match('language');
  const lang = stored === undefined ? '' : await stored.text();
  if (lang in words) return lang;
  return (self.navigator.language ?? '').startsWith('zh') ? 'zh-CN' : 'en';
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { conversation = '', seq = 0 } = event.notification.data ?? {};
  event.waitUntil(opened(/^[\w-]+$/.test(conversation) ? `#/${conversation}/${Number(seq)}` : '#/'));
});

async function opened(hash) {
  const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) return self.clients.openWindow(new URL(hash, self.registration.scope));
  page.postMessage({ type: 'open', hash });
  return page.focus();
}

// The push service has given the browser another address. The session's cookie goes along with both requests.
self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renewed(event.oldSubscription)));

async function renewed(old) {
  if (old === null || old === undefined) return;
  const { endpoint, keys } = (await self.registration.pushManager.subscribe(old.options)).toJSON();
  await fetch('v1/push/subscriptions', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth }),
  });
}
