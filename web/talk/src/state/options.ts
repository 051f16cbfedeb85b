import type { EnckeClient, FeedEvent } from '@encke/sdk';
import type { Locale, TextStorage } from '@encke/ui/plain';

/** The person's choices that matter to conversations. */
export interface Choices {
  readonly language: Locale;
  /** Enter breaks the line, and Ctrl+Enter sends. */
  readonly ctrlEnter: boolean;
}

export interface TalkOptions {
  readonly client: EnckeClient;
  readonly person: string;
  readonly storage: TextStorage;
  /** Read whenever it is needed, so that a change shows at once. */
  readonly choices: () => Choices;
  /** The address of a message, to be given to others. */
  readonly linkTo: (conversation: string, seq: number) => string;
  /** Runs what the server may refuse, and shows a refusal. Answers whether it succeeded. */
  readonly attempt: (action: () => Promise<void>) => Promise<boolean>;
  /** Shows a short notice. */
  readonly notify: (text: string) => void;
  /** Shows something that can be done, until the returned function is called. */
  readonly offer: (text: string, action: { label: string; run: () => void }) => () => void;
  /** Called with each new message of somebody else, also of one in a conversation that is not on screen. */
  readonly came: (event: FeedEvent) => void;
  /** Called when a message was reported to the person, who keeps order there. */
  readonly reported: (conversation: string) => void;
  /** Called when another conversation is put on screen, or none (null). */
  readonly shown: (conversation: string | null) => void;
}
