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
import { colorOf, inkOn, textIn } from './model/door';
import { readCard, readFacts } from './model/facts';
import { greetingFor } from './model/greeting';
import { Keep } from './model/keep';
import type { SeenPage, Told } from './protocol';
import { CardSender } from './state/cards';
import { Pictures } from '@encke/talk/plain';
import { Visitor } from './state/visitor';
import { timesIn } from './i18n/times';
import { loadWords } from './i18n/words';
import { fill, h } from '@encke/ui/elements';
import { Panel } from './view/panel';
import type { Screen } from './view/screen';
import { chime } from './view/sound';
import { teaserHeight, teaserView, type Teaser } from './view/teaser';

const app = document.getElementById('app');
if (app === null) throw new Error('#app');
const query = new URLSearchParams(location.search);
const asked = /^\/ask\/([^/]+)\/?$/.exec(location.pathname)?.[1];
const desk = asked === undefined ? (query.get('desk') ?? '') : decodeURIComponent(asked);
const keep = new Keep(() => localStorage, desk);

const host = new Host(hear);
let locale = firstLocale();
let open = !host.framed;
let inline = false;
let panel: Panel | null = null;
let drawing = false;

const visitor: Visitor = new Visitor({
  desk,
  keep,
  timers: browserClock,
  language: () => locale,
  changed: draw,
  arrived: (from, text) => {
    if (keep.get('sound') !== 'off') chime();
    tease({ from, text });
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
    inline = told.inline === true;
    document.body.classList.toggle('inline', inline);
    sees(told.page, told.visits);
    setOpen(told.open);
    tellHost();
  }
  if (told.say === 'page') sees(told.page, false);
  if (told.say === 'open') setOpen(told.open);
  if (told.say === 'identify') visitor.identify(readFacts(told.facts));
  const card = told.say === 'card' ? readCard(told.card, told.picture) : null;
  if (card !== null) {
    handed = new CardSender(card, visitor);
    draw();
  }
}

/** A card that came before there was a panel for it. */
let handed: CardSender | null = null;

/** What is shown beside the button while all else is closed. */
let teaser: Teaser | null = null;
let page: SeenPage | null = null;
let forget: () => void = () => undefined;
let doorSeen = false;

function tease(to: Teaser | null): void {
  if (!host.framed || (to !== null && (open || to.text === ''))) return;
  teaser = to;
  host.tell({ say: 'tease', high: to === null ? 0 : teaserHeight(to) });
  draw();
}

function sees(now: SeenPage, visits: boolean): void {
  page = now;
  visitor.saw(now, visits);
  greetLater();
}

/** A greeting of the page, in its time; to each visitor once. Before somebody has agreed nothing is kept, so nobody is greeted. */
function greetLater(): void {
  const { door } = visitor;
  forget();
  if (page === null || door === null || door === 'missing') return;
  const greeting = greetingFor(door.desk.greetings ?? [], page.url);
  if (greeting === null) return;
  forget = browserClock.after(greeting.after_s * 1000, () => {
    if (open || visitor.mustAgree || visitor.tickets.length > 0 || keep.get('greeted') !== null) return;
    keep.set('greeted', 'yes');
    tease({ from: '', text: textIn(greeting.text, locale) });
  });
}

/** To where something is written, unless it stands in the page all the time: then the page keeps the focus. */
function focus(): void {
  if (!inline) panel?.composer.focus();
}

function setOpen(to: boolean): void {
  open = to;
  if (open) tease(null);
  visitor.look(open);
  draw();
  if (open) {
    panel?.toEnd();
    focus();
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
  if (!doorSeen) {
    doorSeen = true;
    greetLater();
  }
  document.title = door.desk.name || title;
  const color = colorOf(door);
  document.documentElement.style.setProperty('--brand', color);
  document.documentElement.style.setProperty('--brand-ink', inkOn(color));
  if (teaser !== null) {
    panel = null;
    const view = teaserView(
      teaser,
      screen,
      () => host.tell({ say: 'open' }),
      () => tease(null),
    );
    return fill(app as HTMLElement, view);
  }
  if (panel === null) {
    panel = new Panel(screen, door, { close: () => host.tell({ say: 'close' }), changeLanguage });
    fill(app as HTMLElement, panel.element);
    if (open) focus();
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
