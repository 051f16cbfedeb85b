import type { Conversation } from '@encke/sdk';
import { mentionedName } from '../i18n/describe';
import type { Action } from '../model/actions';
import { decoded } from '../model/mentions';
import type { MessageRow } from '../model/rows';
import type { Talk } from '../state/talk.svelte';

/** Does what was chosen for a message. */
export async function act(
  talk: Talk,
  conversation: Conversation,
  row: MessageRow,
  action: Action,
): Promise<void> {
  const { words } = talk;
  switch (action) {
    case 'copy':
      await navigator.clipboard.writeText(
        decoded(row.event.body.text, (person) => mentionedName(talk.world, person, words)),
      );
      return talk.notify(words.message.copied);
    case 'link':
      await navigator.clipboard.writeText(talk.linkTo(conversation.id, row.event.seq));
      return talk.notify(words.message.linkCopied);
  }
}
