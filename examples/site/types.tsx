/* Not part of a page: the tests compile it, so that the types of the packages say what these examples rely on. */
import '@encke/components';
import { EnckeChat, EnckeConversation, EnckeDesk } from '@encke/react';
import { EnckeClient, type Snapshot } from '@encke/sdk';
import { LeanClient } from '@encke/sdk/lean';
import { EnckeConversation as InVue } from '@encke/vue';

const client = new EnckeClient({ baseUrl: 'https://chat.example.com', token: 'abc' });
client.on('snapshot', (snapshot: Snapshot) => snapshot.cursor.length);
new LeanClient().useToken('def');
document.querySelector('encke-conversation')?.addEventListener('encke-unread', ({ detail }) => detail.unread + 1);

export const elements = [
  <EnckeConversation conversation="c1" getToken={async () => ({ token: 'abc' })} onUnread={({ unread }) => unread + 1} />,
  <EnckeChat tokenUrl="/encke-token" onSelect={({ conversation }) => conversation.length} />,
  <EnckeDesk desk="KEY" />,
  // @ts-expect-error A conversation has to be named.
  <EnckeConversation tokenUrl="/encke-token" />,
];
export const conversation: InstanceType<typeof InVue>['$props']['conversation'] = 'c1';
