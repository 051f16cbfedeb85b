import type { Shell } from '@encke/shell/state';
import type { Talk } from '@encke/talk/state';
import { localeNames, locales, themes, type Theme } from '@encke/ui/plain';
import type { IconName } from '@encke/ui';
import type { Entry } from '../model/palette';
import type { Chat } from './chat.svelte';

export interface Command extends Entry {
  readonly kind: 'command';
  readonly icon: IconName;
  readonly run: () => unknown;
}

/** Everything that a person can do from anywhere. */
export function commandsOf(chat: Chat, shell: Shell, talk: Talk): Command[] {
  const { words } = chat;
  const { current } = shell.preferences;
  const command = (key: string, icon: IconName, label: string, run: () => unknown, more = ''): Command => ({
    key: `command:${key}`,
    kind: 'command',
    icon,
    label,
    words: more,
    run,
  });
  const themeNames = shell.words.account.themes;
  const other = themes.filter((theme) => theme !== current.theme);
  const { me } = talk.world ?? {};
  return [
    command('search', 'search', words.searchMessages, () => chat.openSearch(), 'find'),
    command('saved', 'star', words.saved, () => chat.openSaved('stars'), 'stars bookmarks'),
    command('create', 'plus', words.list.create, () => (chat.dialog = 'create'), 'new'),
    ...(talk.open === null
      ? []
      : [
          command('details', 'info', words.thread.details, () => chat.toggle('details')),
          command('date', 'calendar', words.palette.date, () => talk.askDate()),
        ]),
    command('unread', 'check', words.palette.unread, () => (talk.list.unread = !talk.list.unread)),
    command('mention', 'person', words.keys.mention, () => talk.nextMention()),
    command('keys', 'keys', words.keys.title, () => (chat.dialog = 'keys'), 'help'),
    ...other.map((theme: Theme) =>
      command(`theme:${theme}`, 'moon', words.palette.theme(themeNames[theme]), () =>
        shell.preferences.change({ theme }),
      ),
    ),
    ...locales
      .filter((language) => language !== current.language)
      .map((language) =>
        command(`language:${language}`, 'globe', words.palette.language(localeNames[language]), () =>
          shell.speak(language),
        ),
      ),
    ...(me?.role === 'owner'
      ? [command('settings', 'gear', words.settings.title, () => (chat.dialog = 'settings'))]
      : []),
    ...(me === undefined || me.role === 'guest'
      ? []
      : [command('password', 'key', shell.words.account.password, () => (chat.dialog = 'password'))]),
    command('sign-out', 'leave', shell.words.account.signOut, () => shell.signOut({})),
  ];
}
