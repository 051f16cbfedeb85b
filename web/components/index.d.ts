/** What an address of the site, or a function of the page, answers with: a token of the person who is signed in there. */
export interface TokenAnswer {
  readonly token: string;
  /** Seconds until it ends. It is asked for again before that. */
  readonly expires_in_s?: number | undefined;
}

export type GetToken = () => TokenAnswer | string | Promise<TokenAnswer | string>;

/** What the events of the elements have as `detail`. They bubble, out of shadow roots as well. */
export interface EnckeEvents {
  /** The person is signed in. */
  'encke-ready': { readonly person: string };
  /** Somebody else has written. */
  'encke-message': { readonly conversation: string; readonly seq: number; readonly from: string | null };
  /** The number of unread messages has changed. */
  'encke-unread': { readonly unread: number };
  /** Somebody has chosen a conversation in `<encke-chat>`; '' for the list. */
  'encke-select': { readonly conversation: string };
  /** The token is no longer good, and the site gave no other. */
  'encke-signed-out': Record<string, never>;
  'encke-error': { readonly code: string; readonly message: string };
}

/** What `<encke-conversation>` and `<encke-chat>` have in common. */
export interface SignedInElement extends HTMLElement {
  /** The address of the server. */
  server: string;
  /** The address of the site that answers with a token. */
  tokenUrl: string;
  /** A function that answers with a token, in place of `token-url`. */
  getToken: GetToken | null;
  /** Messages that the person has not read, in all conversations. */
  readonly unread: number;
  /** The id of the conversation that is shown. */
  conversation: string;
}

export interface EnckeConversation extends SignedInElement {}
export declare const EnckeConversation: { new (): EnckeConversation; prototype: EnckeConversation };

export interface EnckeChat extends SignedInElement {}
export declare const EnckeChat: { new (): EnckeChat; prototype: EnckeChat };

export interface EnckeDesk extends HTMLElement {
  server: string;
  /** The key of the desk. */
  desk: string;
  readonly unread: number;
  /** Says who the visitor is. */
  identify(facts: object): void;
  /** Hands over a product or an order, which the visitor can send with one click. */
  card(card: object, picture?: Blob | null): void;
}
export declare const EnckeDesk: { new (): EnckeDesk; prototype: EnckeDesk };

declare global {
  interface HTMLElementTagNameMap {
    'encke-conversation': EnckeConversation;
    'encke-chat': EnckeChat;
    'encke-desk': EnckeDesk;
  }
  interface HTMLElementEventMap {
    'encke-ready': CustomEvent<EnckeEvents['encke-ready']>;
    'encke-message': CustomEvent<EnckeEvents['encke-message']>;
    'encke-unread': CustomEvent<EnckeEvents['encke-unread']>;
    'encke-select': CustomEvent<EnckeEvents['encke-select']>;
    'encke-signed-out': CustomEvent<EnckeEvents['encke-signed-out']>;
    'encke-error': CustomEvent<EnckeEvents['encke-error']>;
  }
}
