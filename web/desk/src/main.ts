/*
 * The page of a desk's staff. Entry point: view/Root.svelte, mounted once. @encke/shell signs people in, @encke/talk keeps and
 * shows what is said in a ticket; what is here is the queue, the facts about a visitor, notes and the settings of a desk.
 * model/ has the rules, plain TypeScript without a browser; state/ makes them reactive; view/ only shows them; i18n/ has the
 * words. Whatever a visitor wrote, or its browser says of it, is shown as text.
 */
import { hashAsked } from '@encke/shell/state';
import { fetched } from '@encke/ui/plain';
import '@encke/ui/theme.css';
import { mount } from 'svelte';
import { DeskScreen } from './state/screen.svelte';
import Root from './view/Root.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
const screen = new DeskScreen(localStorage);
// A notification was clicked. This may be before anybody is signed in.
navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const hash = hashAsked(data);
  if (hash !== null) location.hash = hash;
});
screen.shell.ask();
// No top-level await: the bundler would then cut the first load into many files.
void fetched(() => screen.shell.loadWords()).then(() => {
  target.replaceChildren();
  mount(Root, { target, props: { screen } });
});
