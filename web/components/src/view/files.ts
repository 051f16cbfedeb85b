/* The files of a message: pictures as they are, everything else to be saved. Nothing that came from somebody is ever opened as a page. */
import type { MessageFile } from '@encke/sdk';
import { boxOf, kindOf, plainName, sizeText } from '@encke/talk/plain';
import { h, icon, iconButton } from '@encke/ui/elements';
import type { Screen } from './screen';

export function fileView(file: MessageFile, screen: Screen): HTMLElement {
  return kindOf(file) === 'picture' ? picture(file, screen) : plainFile(file, screen);
}

function address({ id }: MessageFile): string {
  return `/v1/files/${encodeURIComponent(id)}`;
}

function picture(file: MessageFile, screen: Screen): HTMLElement {
  const name = screen.words.picture(plainName(file.name));
  const image = h('img', { alt: name, ...boxOf(file) });
  const button = h(
    'button',
    { type: 'button', class: 'picture', part: 'picture', onclick: () => enlarge(button, file, screen) },
    image,
  );
  screen.signedIn.pictures.of(file.thumbnail === true ? `${address(file)}/thumbnail` : address(file)).then(
    (src) => (image.src = src),
    () => button.replaceWith(plainFile(file, screen)),
  );
  return button;
}

/** The whole picture, above everything. */
function enlarge(from: HTMLElement, file: MessageFile, { signedIn, words }: Screen): void {
  const image = h('img', { alt: words.picture(plainName(file.name)) });
  const dialog = h(
    'dialog',
    {
      class: 'whole',
      'aria-label': words.picture(plainName(file.name)),
      onclose: () => {
        dialog.remove();
        from.focus();
      },
      onclick: () => dialog.close(),
    },
    image,
    iconButton('close', words.close, () => dialog.close()),
  );
  signedIn.pictures.of(address(file)).then(
    (src) => (image.src = src),
    () => dialog.prepend(h('p', { role: 'alert' }, words.noFile)),
  );
  // Beside the messages, so that it has the element's style.
  (from.getRootNode() as ShadowRoot).append(dialog);
  dialog.showModal();
}

function plainFile(file: MessageFile, screen: Screen): HTMLElement {
  const { words, signedIn, format } = screen;
  const name = plainName(file.name);
  const note = h('span', { class: 'file-note' }, sizeText(file.bytes, format.number));
  const save = async () => {
    try {
      const bytes = await signedIn.pictures.bytes(address(file));
      // Of no type that a browser would show: it can only be saved.
      const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
      h('a', { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      note.textContent = words.noFile;
    }
  };
  return h(
    'button',
    { type: 'button', class: 'file', part: 'file', title: words.file(name), onclick: () => void save() },
    icon('file'),
    h('span', { class: 'file-name' }, h('bdi', {}, name)),
    note,
  );
}
