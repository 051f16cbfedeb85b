/*
 * The chat page. Entry point: view/Root.svelte, mounted once. @encke/shell signs people in, @encke/talk keeps and shows their
 * conversations; what is here is the list, the details of a conversation, and the dialogs. model/ has the rules, plain
 * TypeScript without a browser; state/ makes them reactive; view/ only shows them; i18n/ has the words. This package never
 * speaks to a server by itself: everything travels through @encke/sdk.
 */
import { hashAsked } from '@encke/shell/state';
import { fetched } from '@encke/ui/plain';
import '@encke/ui/theme.css';
import { mount } from 'svelte';
import { Chat } from './state/chat.svelte';
import Root from './view/Root.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
const chat = new Chat(localStorage);
// A notification was clicked. This may be before anybody is signed in, and before what shows notifications is there.
navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const hash = hashAsked(data);
  if (hash !== null) location.hash = hash;
});
chat.shell.ask();
// No top-level await: the bundler would then cut the first load into many files.
void fetched(() => chat.shell.loadWords()).then(() => {
  target.replaceChildren();
  mount(Root, { target, props: { chat } });
});
