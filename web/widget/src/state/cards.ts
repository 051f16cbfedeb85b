/* Sending a card: its picture first, as a file of the visitor's, so that no agent's browser fetches anything from a page's address. */
import { upload } from '@encke/sdk/upload';
import { ApiError } from '@encke/sdk';
import type { HandedCard } from '../model/facts';
import { newKey } from './question';
import type { Visitor } from './visitor';

export class CardSender {
  readonly handed: HandedCard;
  readonly #visitor: Visitor;
  readonly #key = newKey();
  #picture: Promise<string | null> | null = null;

  constructor(handed: HandedCard, visitor: Visitor) {
    this.handed = handed;
    this.#visitor = visitor;
  }

  /** True once it is said, or on its way as the first question. After a failure it may be sent again, and is one card. */
  async send(form: Readonly<Record<string, string>>): Promise<boolean> {
    const visitor = this.#visitor;
    try {
      const client = await visitor.become();
      const picture = await (this.#picture ??= this.#upload());
      const card = { ...this.handed.card, ...(picture === null ? {} : { picture }) };
      const { thread } = visitor;
      if (thread === null) visitor.say(card.title, form, [], card);
      else
        await client.api.call('POST', `/v1/conversations/${thread.conversation}/cards`, {
          card,
          key: this.#key,
        });
      return true;
    } catch (thrown) {
      visitor.failed(ApiError.from(thrown));
      return false;
    }
  }

  /** The id of the file; null without a picture, and if it can't be taken: the card says enough. */
  async #upload(): Promise<string | null> {
    const { picture, card } = this.handed;
    if (picture === null) return null;
    try {
      const file = new File([picture], `${card.title}.${picture.type.slice(6)}`, { type: picture.type });
      return (await upload(file, { name: file.name, token: this.#visitor.token })).id;
    } catch {
      return null;
    }
  }
}
