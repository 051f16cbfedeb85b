/*
 * The page of a visitor: in an iframe that the loader (loader/loader.ts) puts onto the page of a site, and at /ask/KEY for a link.
 * model/ has the rules, without a browser; state/ what is known; view/ shows it, without a framework, because all of this must
 * weigh less than a picture. This package never speaks to a server but through @encke/sdk and state/public.ts.
 */
import '@encke/ui/theme.css';
import './style/panel.css';
import './style/talk.css';
import './style/write.css';
import { browserClock, fetched, isLocale, pickLocale, type Locale } from '@encke/ui/plain';
import { Host } from './host';
import { colorOf, inkOn } from './model/door';
import { readCard, readFacts } from './model/facts';
import { Keep } from './model/keep';
import type { Told } from './protocol';
import { Pictures } from './state/pictures';
import { Visitor } from './state/visitor';
import { timesIn } from './i18n/times';
import { loadWords } from './i18n/words';
import { fill, h } from './view/dom';
import { Panel } from './view/panel';
import type { Screen } from './view/screen';
import { chime } from './view/sound';

const app = document.getElementById('app');
if (app === null) throw new Error('#app');
const query = new URLSearchParams(location.search);
const asked = /^\/ask\/([^/]+)\/?$/.exec(location.pathname)?.[1];
const desk = asked === undefined ? (query.get('desk') ?? '') : decodeURIComponent(asked);
const keep = new Keep(() => localStorage, desk);

const host = new Host(hear);
let locale = firstLocale();
let open = !host.framed;
let panel: Panel | null = null;
let drawing = false;

const visitor: Visitor = new Visitor({
  desk,
  keep,
  timers: browserClock,
  language: () => locale,
  changed: draw,
  arrived: () => {
    if (keep.get('sound') !== 'off') chime();
  },
});
const pictures = new Pictures(() => visitor.token);
/** Null until the words are there. */
let screen: Screen | null = null;

function firstLocale(): Locale {
  const chosen = keep.get('language') ?? query.get('language');
  return isLocale(chosen) ? chosen : pickLocale(navigator.languages);
}

function hear(told: Told): void {
  if (told.say === 'hello') {
    visitor.saw(told.page, told.visits);
    setOpen(told.open);
    tellHost();
  }
  if (told.say === 'page') visitor.saw(told.page, false);
  if (told.say === 'open') setOpen(told.open);
  if (told.say === 'identify') visitor.identify(readFacts(told.facts));
  const card = told.say === 'card' ? readCard(told.card) : null;
  if (card !== null) {
    handed = card;
    draw();
  }
}

/** A card that came before there was a panel for it. */
let handed: ReturnType<typeof readCard> = null;

function setOpen(to: boolean): void {
  open = to;
  visitor.look(open);
  draw();
  if (open) {
    panel?.toEnd();
    panel?.composer.focus();
  }
}

/** Shows everything in a language, as soon as its words are there. */
async function speak(to: Locale): Promise<void> {
  locale = to;
  const words = await fetched(() => loadWords(to));
  if (locale !== to) return;
  screen = { visitor, pictures, keep, framed: host.framed, locale, words, times: timesIn(locale) };
  document.documentElement.lang = locale;
  panel = null;
  draw();
}

function changeLanguage(): void {
  const to = locale === 'en' ? 'zh-CN' : 'en';
  keep.set('language', to);
  void speak(to);
}

/** Draws once, however much has changed. Without a frame of animation: a page that nobody looks at has none. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    show();
    tellHost();
  });
}

function show(): void {
  const { door } = visitor;
  if (screen === null) return;
  const { title, missing, loading } = screen.words;
  if (door === null || door === 'missing') {
    panel = null;
    const text = door === null ? loading : missing;
    document.title = title;
    return fill(app as HTMLElement, h('main', { class: 'empty' }, h('p', { role: 'status' }, text)));
  }
  document.title = door.desk.name || title;
  const color = colorOf(door);
  document.documentElement.style.setProperty('--brand', color);
  document.documentElement.style.setProperty('--brand-ink', inkOn(color));
  if (panel === null) {
    panel = new Panel(screen, { close: () => host.tell({ say: 'close' }), changeLanguage });
    fill(app as HTMLElement, panel.element);
    if (open) panel.composer.focus();
  }
  panel.update(door);
  if (handed !== null) panel.hand(handed);
  handed = null;
}

function tellHost(): void {
  const door = visitor.door === 'missing' ? null : visitor.door;
  host.tell({
    say: 'state',
    unread: visitor.unread,
    color: colorOf(door),
    side: door?.desk.theme?.side === 'left' ? 'left' : 'right',
    returning: visitor.token !== null && visitor.tickets.length > 0,
  });
}

document.addEventListener('visibilitychange', () => visitor.shown());
if (!host.framed) {
  visitor.saw({ url: location.href, title: document.title, referrer: document.referrer }, false);
  visitor.look(true);
}
void speak(locale);
visitor.start();
