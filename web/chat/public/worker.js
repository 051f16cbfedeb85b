/*
 * The service worker. It shows what the server pushes while no page is open, and opens the conversation of a notification
 * that is clicked. The server has no words for notifications: they are written here, in the language that the page has left
 * in the cache `encke.worker`. And it brings the page while the server can't be reached, from the cache `encke.page`; while
 * the server answers, the page comes from there. It never touches what goes to the API.
 */
const words = {
  en: {
    app: 'Encke',
    file: (count) => (count === 1 ? 'A file' : `${count} files`),
    message: 'New message',
    more: (count) => `and ${count - 1} more`,
    mention: (from) => `${from} mentioned you`,
    reminder: 'Reminder',
    reminders: (count) => (count === 1 ? 'You wanted to be reminded of something' : `${count} reminders`),
    waits: (from, count) =>
      count === 1 ? `${from} waits for an answer` : `${count} visitors wait, ${from} among them`,
    given: (from, count) =>
      count === 1 ? `The ticket of ${from} is yours` : `${count} tickets are yours now`,
  },
  'zh-CN': {
    app: 'Encke',
    file: (count) => `${count} 个文件`,
    message: '新消息',
    more: (count) => `还有 ${count - 1} 条`,
    mention: (from) => `${from} 提到了你`,
    reminder: '提醒',
    reminders: (count) => (count === 1 ? '您设置的提醒时间到了' : `${count} 条提醒`),
    waits: (from, count) => (count === 1 ? `${from} 正在等待回复` : `${from} 等 ${count} 位访客正在等待`),
    given: (from, count) => (count === 1 ? `${from} 的会话已分配给您` : `${count} 个会话已分配给您`),
  },
};

self.addEventListener('install', (event) => {
  self.skipWaiting();
  if (typeof event.addRoutes === 'function') event.waitUntil(passApiBy(event));
});

/** Calls of the API never wait for this worker, and those of a page that is being left don't end with it. */
async function passApiBy(event) {
  await event.addRoutes({
    condition: { urlPattern: new URLPattern('v1/*', scope()) },
    source: 'network',
  });
}

self.addEventListener('activate', (event) => event.waitUntil(begun()));

async function begun() {
  await self.clients.claim();
  // The page is asked for while this worker is still being started.
  await self.registration.navigationPreload?.enable();
}

/** Files of the page that are kept. All that the page can load are some 60. */
const keptFilesMax = 200;
/** The time that the server has for the page, if there is a kept one. */
const pageMsMax = 4_000;

const keptPage = () => caches.open('encke.page');
const scope = () => self.registration.scope;

self.addEventListener('message', (event) => {
  if (event.data?.type === 'keep' && Array.isArray(event.data.files))
    event.waitUntil(keep(event.data.files).catch(() => undefined));
});

/** Keeps the page, with all files that it names and those that it has loaded since. */
async function keep(loaded) {
  const answer = await fetch(scope());
  if (!answer.ok) return;
  const text = await answer.clone().text();
  const textBefore = await (await (await keptPage()).match(scope()))?.text();
  const named = [...text.matchAll(/\.\/((?:assets|icons)\/[\w.-]+)/g)].map(
    ([, name]) => new URL(name, scope()).href,
  );
  const files = [...new Set([...named, ...loaded.filter(isFile)])];
  // Another build has other files.
  if (textBefore !== text) await caches.delete('encke.page');
  const kept = await keptPage();
  const known = new Set((await kept.keys()).map(({ url }) => url));
  const missing = files.filter((file) => !known.has(file)).slice(0, Math.max(0, keptFilesMax - known.size));
  await kept.addAll(missing);
  if (textBefore !== text) await kept.put(scope(), answer);
}

const isFile = (url) =>
  ['assets/', 'icons/'].some((folder) => String(url).startsWith(new URL(folder, scope()).href));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*$/, '');
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate' && url === scope()) event.respondWith(page(event));
  else if (isFile(url)) event.respondWith(file(request));
});

async function page(event) {
  const kept = await (await keptPage()).match(scope());
  const asked = Promise.resolve(event.preloadResponse).then((early) => early ?? fetch(event.request));
  if (kept === undefined) return asked;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), pageMsMax));
  const sound = asked.then(
    (answer) => (answer.status < 500 ? answer : kept),
    () => kept,
  );
  return Promise.race([sound, late]);
}

/** A file's name changes with its content. */
async function file(request) {
  return (await (await keptPage()).match(request)) ?? fetch(request);
}

/** Ends when all that was pushed before is shown: an older notification never takes the place of a newer one. */
let before = Promise.resolve();

self.addEventListener('push', (event) => {
  before = before.catch(() => undefined).then(() => shown(event.data));
  event.waitUntil(before);
});

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
  const { type, conversation = '', seq = 0, desk = '', from = said.app, count = 1 } = pushed;
  const about = { data: { conversation, seq, desk }, icon: 'icons/192.png', badge: 'icons/badge.png', lang };
  if (type === 'reminder')
    return {
      title: said.reminder,
      options: { ...about, body: pushed.text || said.reminders(count), tag: 'reminder', renotify: true },
    };
  if (type === 'ticket_waits' || type === 'ticket_given') {
    const body = type === 'ticket_given' ? said.given(from, count) : said.waits(from, count);
    return {
      title: pushed.title ?? said.app,
      options: { ...about, body, tag: `desk ${desk}`, renotify: true },
    };
  }
  return messageOf(pushed, said, about);
}

function messageOf(pushed, said, about) {
  const { conversation = '', title = null, from = said.app, text, files = 0, count = 1 } = pushed;
  const who = pushed.mention === true ? said.mention(from) : from;
  const what = text || (files > 0 ? said.file(files) : said.message);
  return {
    title: title === null ? who : `${who} · ${title}`,
    options: {
      ...about,
      body: count > 1 ? `${what}\n${said.more(count)}` : what,
      // A newer notification of the conversation takes the place of this one.
      tag: conversation,
      renotify: conversation !== '' && pushed.mention === true,
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
  const { conversation = '', seq = 0, desk = '' } = event.notification.data ?? {};
  const isId = (text) => /^[\w-]+$/.test(text);
  const message = isId(conversation) ? `${conversation}/${Number(seq)}` : '';
  if (isId(desk)) event.waitUntil(opened('desk/', `#/${desk}/${message}`.replace(/\/0?$/, '')));
  else event.waitUntil(opened('', `#/${message}`));
});

/** Shows an address in a window of that screen, or in a new one. */
async function opened(folder, hash) {
  const screen = new URL(folder, scope());
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = windows.find(({ url }) => new URL(url).pathname === screen.pathname);
  if (page === undefined) return self.clients.openWindow(new URL(hash, screen));
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
