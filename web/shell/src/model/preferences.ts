/** The choices of a person on this device. A stored value that is not valid falls back to its default. */
import type { TransportName } from '@encke/sdk';
import { isLocale, isTheme, type Locale, type TextStorage, type Theme } from '@encke/ui/plain';

export interface Preferences {
  readonly language: Locale;
  readonly theme: Theme;
  /** Enter breaks the line, and Ctrl+Enter (or Cmd+Enter) sends. */
  readonly ctrlEnter: boolean;
  /** A page that is hidden shows new messages as notifications, if the browser lets it. */
  readonly hiddenNotices: boolean;
  /** New messages that nobody looks at sound. */
  readonly sound: boolean;
  readonly transport: TransportName | 'auto';
}

export const transportNames: readonly TransportName[] = [
  'websocket',
  'sse',
  'ndjson',
  'long-poll',
  'iframe',
  'short-poll',
];

const name = 'encke.preferences';

export function loadPreferences(storage: TextStorage, language: Locale): Preferences {
  const stored = parse(storage.getItem(name));
  return {
    language: isLocale(stored['language']) ? stored['language'] : language,
    theme: isTheme(stored['theme']) ? stored['theme'] : 'system',
    ctrlEnter: stored['ctrlEnter'] === true,
    hiddenNotices: stored['hiddenNotices'] !== false,
    sound: stored['sound'] === true,
    transport: transportNames.find((transport) => transport === stored['transport']) ?? 'auto',
  };
}

export function savePreferences(storage: TextStorage, preferences: Preferences): void {
  try {
    storage.setItem(name, JSON.stringify(preferences));
  } catch {
    return;
  }
}

function parse(json: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
