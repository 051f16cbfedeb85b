import type { Conversation } from '@encke/sdk';
import { mentionedName } from '../i18n/describe';
import type { Action } from '../model/actions';
import { decoded } from '../model/mentions';
import type { MessageRow } from '../model/rows';
import type { Talk } from '../state/talk.svelte';

/** Does what was chosen for a message. What needs a place on the screen (an emoji, the history) is the caller's. */
export async function act(
  talk: Talk,
  conversation: Conversation,
  row: MessageRow,
  action: Action,
): Promise<void> {
  const { words } = talk;
  const { api } = talk.client;
  switch (action) {
    case 'reply':
      return talk.reply(conversation.id, row.event.seq);
    case 'thread':
      return talk.showThread({ conversation: conversation.id, message: row.event.seq });
    case 'original':
      return talk.jump(conversation.id, row.event.body.reply_to ?? row.event.seq);
    case 'recall':
      return talk.recalls.ask(conversation.id, row.event.seq);
    case 'forward': {
      const text = decoded(row.text, (person) => mentionedName(talk.world, person, words));
      talk.forwarding = { conversation: conversation.id, event: row.event, text };
      return;
    }
    case 'hide':
      await talk.attempt(async () => (await import('./hide')).hide(talk, conversation.id, row.event.seq));
      return;
    case 'undo':
      return void talk.recalls.undo(conversation.id, row.event.seq);
    case 'copy':
      await navigator.clipboard.writeText(
        decoded(row.text, (person) => mentionedName(talk.world, person, words)),
      );
      return talk.notify(words.message.copied);
    case 'link':
      await navigator.clipboard.writeText(talk.options.linkTo(conversation.id, row.event.seq));
      return talk.notify(words.message.linkCopied);
    case 'edit':
      talk.editing = { conversation: conversation.id, seq: row.event.seq, text: row.text };
      return;
    case 'history':
      talk.history = { conversation: conversation.id, seq: row.event.seq };
      return;
    case 'report':
      talk.reporting = { conversation: conversation.id, seq: row.event.seq };
      return;
    case 'pin':
    case 'unpin':
      return void talk.attempt(() => api.pin(conversation.id, row.event.seq, action === 'pin'));
    case 'star':
    case 'unstar':
      return talk.keeping?.stars.set(conversation.id, row.event.seq, action === 'star');
    case 'remind':
      return talk.keeping?.askRemind(conversation.id, row.event.seq);
    case 'react':
      return;
  }
}
