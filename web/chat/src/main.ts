/*
 * The chat page. Entry point: view/Root.svelte, mounted once. Reads like this: model/ are the rules, plain TypeScript without
 * a browser; state/ puts the client's events through them into reactive state; view/ only shows it; i18n/ has the words.
 * Never does it speak to a server by itself: whatever travels goes through @encke/sdk.
 */
import '@encke/ui/theme.css';
import { mount } from 'svelte';
import { App } from './state/app.svelte';
import Root from './view/Root.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(Root, { target, props: { app: new App(localStorage) } });
