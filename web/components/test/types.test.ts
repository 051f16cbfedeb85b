/* The types that the package gives away are written by hand; here the compiler holds them against the elements themselves. */
import { expect, test } from 'vitest';
import type * as given from '../index';
import type { EnckeChat } from '../src/element/chat';
import type { EnckeConversation } from '../src/element/conversation';
import type { EnckeDesk } from '../src/element/desk';
import type { GetToken } from '../src/session/token';

type Holds<Real extends Given, Given> = [Real, Given] extends [never, never] ? false : true;

test('the elements have what the types of the package promise', () => {
  const conversation: Holds<EnckeConversation, given.EnckeConversation> = true;
  const chat: Holds<EnckeChat, given.EnckeChat> = true;
  const desk: Holds<EnckeDesk, given.EnckeDesk> = true;
  const token: Holds<given.GetToken, GetToken> = true;
  expect([conversation, chat, desk, token]).toEqual([true, true, true, true]);
});
