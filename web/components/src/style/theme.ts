/*
 * The colours of the elements, light and dark. Each can be given by the page as a custom property, `--encke-…`; the pairs of ink and
 * ground here reach AA (4.5:1).
 */

const light = {
  accent: '#0a6c7e',
  'accent-ink': '#ffffff',
  background: '#ffffff',
  thread: '#eef2f4',
  text: '#13202b',
  muted: '#465563',
  line: '#dce3e7',
  hover: '#e9eef1',
  bubble: '#ffffff',
  'bubble-text': '#13202b',
  own: '#cfe9ec',
  'own-text': '#0d2830',
  warning: '#fdf1dc',
  'warning-text': '#7a4a00',
  danger: '#b3261e',
  link: '#0a6474',
};

const dark: typeof light = {
  accent: '#63c4cf',
  'accent-ink': '#04222a',
  background: '#18202a',
  thread: '#0c1117',
  text: '#e7edf2',
  muted: '#b0bdc8',
  line: '#2f3b47',
  hover: '#222d39',
  bubble: '#1b2530',
  'bubble-text': '#e7edf2',
  own: '#14444f',
  'own-text': '#e6f5f7',
  warning: '#33270f',
  'warning-text': '#f3c67e',
  danger: '#ff8b80',
  link: '#7fd3dc',
};

/** The names of the custom properties that a page may set. */
export const themeNames: readonly string[] = [
  ...Object.keys(light).map((name) => `--encke-${name}`),
  '--encke-font',
  '--encke-font-size',
  '--encke-radius',
];

function rule(colours: typeof light, scheme: 'light' | 'dark'): string {
  const lines = Object.entries(colours).map(([name, value]) => `--${name}:var(--encke-${name},${value});`);
  return `{color-scheme:${scheme};${lines.join('')}}`;
}

/** As the device has it, unless `theme` says `light` or `dark`. */
export const themeCss = `:host${rule(light, 'light')}
@media (prefers-color-scheme:dark){:host(:not([theme=light]))${rule(dark, 'dark')}}
:host([theme=dark])${rule(dark, 'dark')}`;
