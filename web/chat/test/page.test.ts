import { describe, expect, it } from 'vitest';
import { joinAddress, joinSecretIn } from '../src/model/join-link';
import { hashOf, placeInHash } from '../src/model/route';
import { pageTitle } from '../src/model/page-title';
import { shortcutOf, type ShortcutPress } from '../src/model/shortcut';

describe('addresses and keys', () => {
  it('keep the conversation in the hash and take nothing odd from it', () => {
    expect(placeInHash(hashOf('c12'))).toEqual({ conversation: 'c12', seq: null });
    expect(placeInHash(hashOf('c12', 345))).toEqual({ conversation: 'c12', seq: 345 });
    for (const hash of [
      '',
      '#/',
      '#/a/b',
      '#/<img>',
      '#c12',
      '#/c1/1/2',
      '#/c1/-1',
      `#/c1/${'9'.repeat(30)}`,
    ])
      expect(placeInHash(hash)).toEqual({ conversation: null, seq: null });
  });
  it('carry the secret of an invite link behind the #', () => {
    const address = joinAddress('https://chat.example/site/index.html?x=1#/c12', 'aB3_-secret');
    expect(address).toBe('https://chat.example/site/#join=aB3_-secret');
    expect(joinSecretIn(new URL(address).hash)).toBe('aB3_-secret');
    for (const hash of ['', '#join=', '#join=short', '#join=a b c d e f', '#/join=aB3_-secret'])
      expect(joinSecretIn(hash)).toBeNull();
  });
  it('stand beside a title that counts what is unread, and what of it mentions one', () => {
    expect(pageTitle('Orbit', 0, 0, String)).toBe('Orbit');
    expect(pageTitle('Orbit', 3, 0, String)).toBe('(3) Orbit');
    expect(pageTitle('Orbit', 3, 1, String)).toBe('(@1 · 3) Orbit');
    // A mention where the person wants to hear of nothing else.
    expect(pageTitle('Orbit', 0, 1, String)).toBe('(@1) Orbit');
  });
  it('know the shortcuts by the place of the key', () => {
    const press: ShortcutPress = {
      key: '∆',
      code: 'KeyJ',
      altKey: true,
      ctrlKey: false,
      metaKey: false,
      shiftKey: false,
      isComposing: false,
      typing: false,
    };
    expect(shortcutOf(press)).toBe('next');
    expect(shortcutOf({ ...press, code: 'KeyK' })).toBe('previous');
    expect(shortcutOf({ ...press, code: 'KeyK', altKey: false, metaKey: true })).toBe('palette');
    expect(shortcutOf({ ...press, key: '?', shiftKey: true, altKey: false })).toBe('help');
    expect(shortcutOf({ ...press, key: '/', code: 'Slash', altKey: false })).toBe('search');
    for (const key of ['?', '/'])
      expect(shortcutOf({ ...press, key, altKey: false, typing: true })).toBeNull();
    expect(shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false })).toBe('back');
    expect(
      shortcutOf({ ...press, key: 'Escape', code: 'Escape', altKey: false, isComposing: true }),
    ).toBeNull();
    expect(shortcutOf({ ...press, altKey: false })).toBeNull();
    expect(shortcutOf({ ...press, code: 'KeyM' })).toBe('mention');
    expect(shortcutOf({ ...press, code: 'KeyF', altKey: false, ctrlKey: true, shiftKey: true })).toBe('find');
    const undo = { ...press, key: 'z', code: 'KeyZ', altKey: false, ctrlKey: true };
    expect(shortcutOf(undo)).toBe('undo');
    expect(shortcutOf({ ...undo, typing: true })).toBeNull();
  });
});
