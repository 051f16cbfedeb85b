/* The reasons for which somebody can't write in a conversation. They come when there is one. */
import type { Locale, Shape } from '@encke/ui/plain';
import type { Shut } from '../model/room';

const en = {
  muted: (until: string) => `You are muted in this room until ${until}. You can still read.`,
  announcement: 'Only owners and moderators write here. You can read and react.',
  blocked: (name: string) => `You have blocked ${name}. Neither of you can write here.`,
  unblock: 'Unblock',
};

export type ShutWords = Shape<typeof en>;

const zhCN: ShutWords = {
  muted: (until) => `你在本群被禁言，至 ${until}。仍可阅读消息。`,
  announcement: '只有群主和管理员可以在这里发言，你可以阅读和回应表情。',
  blocked: (name) => `你已屏蔽 ${name}，双方都无法在这里发言。`,
  unblock: '解除屏蔽',
};

/** Why somebody can't write, in a sentence. */
export function shutText(shut: Shut, title: string, { language, format }: Speaking): string {
  const words = shutWords[language];
  if (shut.why === 'blocked') return words.blocked(title);
  if (shut.why === 'announcement') return words.announcement;
  const { until } = shut;
  return words.muted(until - Date.now() < dayMs ? format.time(until) : format.full(until));
}

const dayMs = 86_400_000;

interface Speaking {
  readonly language: Locale;
  readonly format: { time(at: number): string; full(at: number): string };
}

export const shutWords: Readonly<Record<Locale, ShutWords>> = { en, 'zh-CN': zhCN };
