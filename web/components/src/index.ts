/*
 * Conversations as web components, over @encke/sdk and the models of @encke/talk, without a framework. element/ has the elements,
 * session/ who is signed in and what is known, view/ shows it. Everything is in shadow roots with style sheets made by script, and
 * no markup is ever made of text, so a strict Content-Security-Policy with Trusted Types lets it through.
 */
import { EnckeChat } from './element/chat';
import { EnckeConversation } from './element/conversation';
import { EnckeDesk } from './element/desk';

const elements = {
  'encke-chat': EnckeChat,
  'encke-conversation': EnckeConversation,
  'encke-desk': EnckeDesk,
};

// Without a browser there is nothing to define, and two copies of this script on one page are one.
if (globalThis.customElements)
  for (const [name, element] of Object.entries(elements))
    if (customElements.get(name) === undefined) customElements.define(name, element);

export { EnckeChat, EnckeConversation, EnckeDesk };
