/*
 * The script on the page of a site: a button in a corner, and behind it the iframe, which is loaded with the first click.
 *
 * It holds to what browsers knew in 2009 (scripts/finish.mjs checks that), makes one global, `EnckeDesk`, and calls nothing that
 * old libraries put onto prototypes. It sets styles by properties and makes no markup of text, so a strict
 * Content-Security-Policy needs only `script-src` and `frame-src` with Encke's origin.
 */
import type { Telling, Told } from '../protocol';

interface HostApi {
  open(): void;
  close(): void;
  identify(facts: unknown): void;
  card(card: unknown): void;
}
type Call = [keyof HostApi, unknown];
type Styles = { [name: string]: string };

(function () {
  var win = window as unknown as { EnckeDesk?: unknown };
  var before = win.EnckeDesk as (Partial<HostApi> & { length?: number; [call: number]: Call }) | undefined;
  // Two lines on one page are one widget. A browser without this could not run what is in the iframe.
  if ((before && before.open) || !('structuredClone' in window)) return;
  var script = scriptOf();
  if (!script) return;
  var origin = originOf(script.src);
  var desk = script.getAttribute('data-desk') || '';
  var color = script.getAttribute('data-color') || '#0a6c7e';
  var left = script.getAttribute('data-side') === 'left';
  var language = script.getAttribute('data-language') || '';
  var visits = script.hasAttribute('data-visits');
  var identity = script.getAttribute('data-identity');
  var greets = script.hasAttribute('data-greetings');
  var chinese = /^zh/i.test(language || navigator.language || '');
  var kept = 'encke-desk:' + desk;
  var small = window.matchMedia('(max-width: 480px), (max-height: 420px)');

  var place: HTMLElement;
  var bubble: HTMLButtonElement;
  var badge: HTMLElement;
  var drawing: SVGElement;
  var frame: HTMLIFrameElement | null = null;
  var isOpen = false;
  var loaded = false;
  var answers = false;
  var since = 0;
  var unread = 0;
  var teased = 0;
  var waiting: Told[] = [];
  var seen = '';

  function scriptOf(): HTMLScriptElement | null {
    // A page may have an image of this name; then the property is the image.
    var current = document.currentScript as HTMLScriptElement | null;
    if (current && current.tagName === 'SCRIPT' && current.getAttribute('data-desk')) return current;
    return document.querySelector('script[data-desk][src*="/widget.js"]');
  }

  function originOf(address: string): string {
    var link = document.createElement('a');
    link.href = address;
    return link.protocol + '//' + link.host;
  }

  function style(element: HTMLElement | SVGElement, styles: Styles): void {
    for (var name in styles)
      if (Object.prototype.hasOwnProperty.call(styles, name))
        // The page's own rules must not reach in here.
        element.style.setProperty(name, styles[name] || '', 'important');
  }

  function make<K extends keyof HTMLElementTagNameMap>(tag: K, styles: Styles): HTMLElementTagNameMap[K] {
    var element = document.createElement(tag);
    element.style.setProperty('all', 'initial', 'important');
    style(element, styles);
    return element;
  }

  function draw(): void {
    var paths = isOpen
      ? 'M6 9.5l6 6 6-6'
      : 'M12 4c-5 0-8.5 3.2-8.5 7.3 0 2.3 1.1 4.3 2.9 5.6L5.6 20.5l4-2c.8.2 1.6.2 2.4.2 5 0 8.5-3.3 8.5-7.4S17 4 12 4ZM8.3 11.4h.1M12 11.4h.1M15.7 11.4h.1';
    (drawing.firstChild as SVGElement).setAttribute('d', paths);
    var text = chinese ? (isOpen ? '关闭客服窗口' : '联系客服') : isOpen ? 'Close chat' : 'Chat with us';
    if (unread && !isOpen) text += chinese ? '（' + unread + ' 条未读）' : ' (' + unread + ' unread)';
    bubble.setAttribute('aria-label', text);
    bubble.setAttribute('aria-expanded', String(isOpen));
    badge.textContent = unread > 99 ? '99+' : String(unread);
    style(badge, { display: unread && !isOpen ? 'block' : 'none' });
    style(bubble, {
      background: color,
      color: isLight(color) ? '#13202b' : '#fff',
      display: isOpen && small.matches ? 'none' : 'flex',
    });
    style(place, left ? { left: '20px', right: 'auto' } : { right: '20px', left: 'auto' });
    if (frame) arrange(frame);
  }

  function arrange(frame: HTMLIFrameElement): void {
    var full = small.matches && isOpen;
    var high = isOpen ? 'min(660px, calc(100vh - 112px))' : teased + 'px';
    style(frame, {
      display: isOpen || teased ? 'block' : 'none',
      position: 'fixed',
      top: full ? '0' : 'auto',
      bottom: full ? '0' : '92px',
      left: full ? '0' : left ? '20px' : 'auto',
      right: full ? '0' : left ? 'auto' : '20px',
      width: full ? '100%' : isOpen ? '392px' : '300px',
      height: full ? '100%' : high,
      'border-radius': full ? '0' : '16px',
      'box-shadow': full ? 'none' : '0 12px 44px rgba(16,32,43,.26), 0 0 0 1px rgba(16,32,43,.07)',
      'z-index': '2147483001',
    });
  }

  /** Whether dark letters are read better on it. */
  function isLight(hex: string): boolean {
    var value = parseInt(hex.slice(1), 16);
    return (((value >> 16) & 255) * 299 + ((value >> 8) & 255) * 587 + (value & 255) * 114) / 1000 > 150;
  }

  function build(): void {
    place = make('div', { position: 'fixed', bottom: '20px', 'z-index': '2147483000' });
    place.setAttribute('data-encke-desk', '');
    // Rules of the page end here, where browsers know how.
    var root: Node = place.attachShadow ? place.attachShadow({ mode: 'open' }) : place;
    bubble = make('button', {
      width: '56px',
      height: '56px',
      'border-radius': '50%',
      'align-items': 'center',
      'justify-content': 'center',
      position: 'relative',
      cursor: 'pointer',
      'box-shadow': '0 4px 16px rgba(16,32,43,.28)',
      'outline-offset': '3px',
    });
    bubble.type = 'button';
    bubble.onfocus = function () {
      style(bubble, { outline: bubble.matches(':focus-visible') ? '3px solid ' + color : 'none' });
    };
    bubble.onblur = function () {
      style(bubble, { outline: 'none' });
    };
    bubble.onclick = function () {
      set(!isOpen);
    };
    var svg = 'http://www.w3.org/2000/svg';
    drawing = document.createElementNS(svg, 'svg') as SVGElement;
    var attributes: Styles = {
      viewBox: '0 0 24 24',
      width: '28',
      height: '28',
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': '1.8',
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
      'aria-hidden': 'true',
    };
    for (var name in attributes)
      if (Object.prototype.hasOwnProperty.call(attributes, name))
        drawing.setAttribute(name, attributes[name] || '');
    drawing.appendChild(document.createElementNS(svg, 'path'));
    badge = make('span', {
      position: 'absolute',
      top: '-4px',
      right: '-4px',
      'min-width': '12px',
      padding: '0 5px',
      'border-radius': '11px',
      background: '#b3261e',
      color: '#fff',
      font: '600 13px/22px system-ui, sans-serif',
      'text-align': 'center',
    });
    badge.setAttribute('aria-hidden', 'true');
    bubble.appendChild(drawing);
    bubble.appendChild(badge);
    root.appendChild(bubble);
    document.body.appendChild(place);
    if (small.addEventListener) small.addEventListener('change', draw);
    draw();
  }

  /** Puts the iframe beside the button. */
  function load(): void {
    if (frame) return;
    var made = make('iframe', { border: '0', background: 'transparent' });
    made.title = chinese ? '在线客服' : 'Chat';
    made.allow = 'autoplay; clipboard-write';
    made.src =
      origin +
      '/widget/?desk=' +
      encodeURIComponent(desk) +
      (language ? '&language=' + encodeURIComponent(language) : '');
    made.onload = function () {
      loaded = true;
      seen = location.href;
      post({ say: 'hello', page: page(), visits: visits, open: isOpen });
      for (var index = 0; index < waiting.length; index += 1) post(waiting[index] as Told);
      waiting = [];
    };
    frame = made;
    since = Date.now();
    arrange(made);
    document.body.appendChild(made);
  }

  function page(): { url: string; title: string; referrer: string } {
    return { url: location.href, title: document.title, referrer: document.referrer };
  }

  function post(told: Told): void {
    var to = frame && frame.contentWindow;
    try {
      if (to) to.postMessage(marked(told), origin);
    } catch (refused) {
      // The page handed over something that can't be copied, such as a function.
    }
  }

  function marked(told: Told): object {
    (told as unknown as { encke: string }).encke = 'encke-desk';
    return told;
  }

  /** To the iframe, as soon as it is there. */
  function tell(told: Told): void {
    if (loaded) post(told);
    else if (waiting.length < 20) waiting.push(told);
  }

  function set(open: boolean): void {
    if (open === isOpen) return;
    if (open && frame && !answers && Date.now() - since > 10000) {
      // The page's own policy keeps the iframe out: the same conversation has a page of its own.
      window.open(origin + '/ask/' + encodeURIComponent(desk), '_blank', 'noopener');
      return;
    }
    isOpen = open;
    if (open) load();
    draw();
    if (loaded) post({ say: 'open', open: open });
    if (open && frame) frame.focus();
    else bubble.focus();
  }

  function hear(event: MessageEvent): void {
    var told = event.data as (Telling & { encke?: string }) | null;
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    if (!told || told.encke !== 'encke-desk') return;
    answers = true;
    if (told.say === 'close') set(false);
    if (told.say === 'open') set(true);
    if (told.say === 'tease') {
      teased = Math.min(Number(told.high) || 0, 240);
      draw();
    }
    if (told.say !== 'state') return;
    unread = Number(told.unread) || 0;
    if (/^#[0-9a-f]{6}$/i.test(told.color) && !script!.hasAttribute('data-color')) color = told.color;
    if (!script!.hasAttribute('data-side')) left = told.side === 'left';
    if (told.returning) keep();
    draw();
  }

  /** Says to the next pages of this site that there is a conversation. Who it is with stays in the iframe. */
  function keep(): void {
    try {
      localStorage.setItem(kept, '1');
    } catch (refused) {
      // Then the count appears with the first click.
    }
  }

  function knows(): boolean {
    try {
      return localStorage.getItem(kept) === '1';
    } catch (refused) {
      return false;
    }
  }

  function moved(): void {
    if (!loaded || location.href === seen) return;
    seen = location.href;
    // The title of a page that is changed by script comes after its address.
    setTimeout(function () {
      post({ say: 'page', page: page() });
    }, 300);
  }

  function begin(): void {
    build();
    window.addEventListener('message', hear);
    window.addEventListener('popstate', moved);
    window.addEventListener('hashchange', moved);
    var navigation = (window as unknown as { navigation?: EventTarget }).navigation;
    if (navigation && navigation.addEventListener) navigation.addEventListener('navigatesuccess', moved);
    if (visits || greets || knows()) {
      if ('requestIdleCallback' in window) requestIdleCallback(load, { timeout: 4000 });
      else setTimeout(load, 1000);
    }
  }

  var api: HostApi = {
    open: function () {
      whenReady(function () {
        set(true);
      });
    },
    close: function () {
      whenReady(function () {
        set(false);
      });
    },
    identify: function (facts) {
      tell({ say: 'identify', facts: facts });
    },
    card: function (card) {
      var from = card && (card as { picture?: unknown }).picture;
      var say = function (picture?: unknown) {
        tell({ say: 'card', card: card, picture: picture });
      };
      // Its bytes, as far as the page may read them: nobody else fetches anything from the address.
      if (typeof from === 'string' && /^https?:|^(?!\w+:)/i.test(from) && 'fetch' in window)
        fetch(from)
          .then(function (answer) {
            return answer.ok ? answer.blob() : null;
          })
          .then(say, say);
      else say(from);
      api.open();
    },
  };

  function whenReady(run: () => void): void {
    if (document.body) run();
    else document.addEventListener('DOMContentLoaded', run);
  }

  win.EnckeDesk = api;
  if (identity) api.identify({ identity: identity });
  whenReady(begin);
  // What the page has asked for before this script came: `EnckeDesk = [['open'], ['identify', {…}]]`.
  if (before && before.length)
    for (var index = 0; index < before.length && index < 20; index += 1) {
      var call = before[index];
      if (call && Object.prototype.hasOwnProperty.call(api, call[0])) api[call[0]](call[1]);
    }
})();
