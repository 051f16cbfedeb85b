import { describe, expect, it } from 'vitest';
import { deviceOf } from '../src/model/device';
import { dayForm, officeHours, spansOf } from '../src/model/hours';
import { forgetLookerMs, lookersMax, lookingNow, withLooker, type Lookers } from '../src/model/lookers';
import { pageTitle } from '../src/model/page-title';
import { hashOf, placeInHash, seqInHash } from '../src/model/route';
import { shortcutOf, type ShortcutPress } from '../src/model/shortcut';
import { snoozedUntil } from '../src/model/snooze';
import { askAddress, snippetOf } from '../src/model/snippet';
import { attributeCharsMax, attributesMax, attributesOf, languageName, pageOf } from '../src/model/visitor';

describe('addresses', () => {
  it('keep the desk, the ticket and the message, and take nothing odd', () => {
    for (const place of [
      { at: 'start' },
      { at: 'tickets', desk: 'c3', ticket: null },
      { at: 'tickets', desk: 'c3', ticket: 'c7' },
      { at: 'visitors', desk: 'c3' },
      { at: 'reports', desk: 'c3' },
      { at: 'settings', desk: 'c3' },
    ] as const)
      expect(placeInHash(hashOf(place))).toEqual(place);
    expect(seqInHash('#/c3/c7/12')).toBe(12);
    expect(placeInHash('#/c3/c7/12')).toEqual({ at: 'tickets', desk: 'c3', ticket: 'c7' });
    for (const hash of ['', '#/', '#/x', '#/c3/<img>', '#/c3/c7/-1', '#/c3/settings/x'])
      expect(placeInHash(hash)).toEqual({ at: 'start' });
    expect(seqInHash('#/c3/settings/4')).toBeNull();
  });
  it('of a desk are safe to copy', () => {
    expect(snippetOf('https://x.example', 'aB-_"><b>')).toBe(
      '<script src="https://x.example/widget.js" data-desk="aB-_&quot;>&lt;b>" async></script>',
    );
    expect(askAddress('https://x.example', 'a/b')).toBe('https://x.example/ask/a%2Fb');
  });
});

describe('what a visitor’s browser says', () => {
  it('is a link only if it is a page of the web', () => {
    expect(pageOf('https://shop.example/%E7%81%AF?q=1#x', ' Lamps ')).toEqual({
      label: 'Lamps',
      address: 'shop.example/灯',
      href: 'https://shop.example/%E7%81%AF?q=1#x',
    });
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'mailto:a@b.example',
      '//x',
      'https://a:b@x/',
    ])
      expect(pageOf(url).href).toBeNull();
    expect(pageOf('https://x.example/%').address).toBe('x.example/%');
  });
  it('is bounded text', () => {
    expect(attributesOf({ plan: 'Business', n: 1, deep: { a: [1] } })).toEqual([
      { name: 'plan', text: 'Business' },
      { name: 'n', text: '1' },
      { name: 'deep', text: '{"a":[1]}' },
    ]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, 'x']));
    expect(attributesOf(many).length).toBe(attributesMax);
    expect(attributesOf({ long: 'x'.repeat(5_000) })[0]?.text.length).toBe(attributeCharsMax + 1);
    for (const odd of [null, undefined, 'x', 7]) expect(attributesOf(odd)).toEqual([]);
  });
  it('is a browser in a few words, or what it says', () => {
    const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
    expect([
      deviceOf(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome}`),
      deviceOf(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/141.0`),
      deviceOf(
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1',
      ),
      deviceOf('<script>'),
    ]).toEqual(['Chrome 141 · Windows', 'Edge 141 · Windows', 'Safari 18 · iPhone', '<script>']);
  });
  it('names a language where there is one', () => {
    expect(languageName('zh-CN', 'en')).toBe('Chinese (China)');
    expect(languageName('???', 'en')).toBe('???');
  });
});

describe('keys', () => {
  const press: ShortcutPress = {
    key: '∆',
    code: 'KeyJ',
    altKey: true,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    isComposing: false,
    typing: true,
  };
  it('are known by their place, also while one writes', () => {
    const codes = ['KeyJ', 'KeyK', 'KeyE', 'KeyP', 'KeyL', 'KeyX'];
    expect(codes.map((code) => shortcutOf({ ...press, code }))).toEqual([
      'next',
      'previous',
      'resolve',
      'note',
      'reply',
      null,
    ]);
    expect(shortcutOf({ ...press, ctrlKey: true })).toBeNull();
    expect(shortcutOf({ ...press, isComposing: true })).toBeNull();
    const help = { ...press, key: '?', code: 'Slash', altKey: false, shiftKey: true };
    expect(shortcutOf(help)).toBeNull();
    expect(shortcutOf({ ...help, typing: false })).toBe('help');
    expect(shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false })).toBe('back');
  });
});

describe('times and hours', () => {
  it('put a ticket aside until the next morning or the next Monday', () => {
    const sunday = new Date(2026, 10, 22, 21, 0).getTime();
    const monday = new Date(2026, 10, 23, 9, 0).getTime();
    expect(snoozedUntil('hour', sunday) - sunday).toBe(3_600_000);
    expect(snoozedUntil('tomorrow', sunday)).toBe(monday);
    expect(snoozedUntil('week', sunday)).toBe(monday);
    expect(snoozedUntil('week', monday)).toBe(new Date(2026, 10, 30, 9, 0).getTime());
  });
  it('of a day keep their breaks', () => {
    expect(officeHours('Asia/Shanghai').days.map((day) => day.length)).toEqual([1, 1, 1, 1, 1, 0, 0]);
    const spans = [
      { from: 540, to: 720 },
      { from: 780, to: 1080 },
    ];
    expect(dayForm(spans)).toEqual({ open: true, from: '09:00', to: '18:00' });
    expect(spansOf({ open: true, from: '08:30', to: '19:00' }, spans)).toEqual([
      { from: 510, to: 720 },
      { from: 780, to: 1140 },
    ]);
    expect(spansOf({ open: true, from: '09:00', to: '12:00' }, spans)).toEqual([{ from: 540, to: 720 }]);
    expect(spansOf({ open: true, from: '12:00', to: '00:00' }, [])).toEqual([{ from: 720, to: 1440 }]);
    expect(spansOf({ open: true, from: '12:00', to: '11:00' }, [])).toEqual([]);
    expect(spansOf({ open: false, from: '09:00', to: '18:00' }, spans)).toEqual([]);
  });
  it('count those who wait in the title', () => {
    expect([pageTitle('Shop', 0, String), pageTitle('Shop', 3, String)]).toEqual(['Shop', '(3) Shop']);
  });
});

describe('who looks at a ticket', () => {
  it('is forgotten when it is not told again, and never oneself', () => {
    const lookers = withLooker(withLooker(new Map(), 'p1', 0), 'p2', 10);
    expect(lookingNow(lookers, 20, 'p1')).toEqual(['p2']);
    expect(lookingNow(lookers, 10 + forgetLookerMs, 'p1')).toEqual([]);
    let many: Lookers = new Map();
    for (let person = 0; person < 200; person += 1) many = withLooker(many, `p${person}`, 0);
    expect(many.size).toBe(lookersMax);
  });
});
