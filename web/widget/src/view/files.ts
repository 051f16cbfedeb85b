/* The files of a message: pictures as they are, everything else to be saved. Nothing that came from somebody is ever opened as a page. */
import type { MessageFile } from '@encke/sdk';
import { h, icon } from '@encke/ui/elements';
import type { Screen } from './screen';

/** Pixels of a picture within a message, at most. */
const side_max = 220;

export function fileView(file: MessageFile, screen: Screen): HTMLElement {
  // As the server has read the bytes, whatever the name says.
  const isPicture = /^image\/(png|jpeg|gif|webp)$/.test(file.type);
  return isPicture ? picture(file, screen) : plainFile(file, screen);
}

function address({ id }: MessageFile): string {
  return `/v1/files/${id}`;
}

function picture(file: MessageFile, screen: Screen): HTMLElement {
  const name = screen.words.picture(file.name);
  const { width = side_max, height = side_max } = file;
  const scale = Math.min(1, side_max / width, side_max / height);
  const image = h('img', { alt: name, width: Math.round(width * scale), height: Math.round(height * scale) });
  const button = h(
    'button',
    { type: 'button', class: 'picture', onclick: () => enlarge(file, screen) },
    image,
  );
  screen.pictures.of(file.thumbnail === true ? `${address(file)}/thumbnail` : address(file)).then(
    (src) => (image.src = src),
    () => button.replaceWith(plainFile(file, screen)),
  );
  return button;
}

/** The whole picture, above everything. */
function enlarge(file: MessageFile, { pictures, words }: Screen): void {
  const image = h('img', { alt: words.picture(file.name) });
  const close = h(
    'button',
    { type: 'button', class: 'whole-close', onclick: () => dialog.close() },
    words.close,
  );
  const dialog = h(
    'dialog',
    {
      class: 'whole',
      'aria-label': words.picture(file.name),
      onclose: () => dialog.remove(),
      onclick: () => dialog.close(),
    },
    image,
    close,
  );
  pictures.of(address(file)).then(
    (src) => (image.src = src),
    () => fillFault(dialog, words.noFile),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function fillFault(dialog: HTMLElement, text: string): void {
  dialog.prepend(h('p', { role: 'alert' }, text));
}

function plainFile(file: MessageFile, screen: Screen): HTMLElement {
  const { words, pictures } = screen;
  const note = h('span', { class: 'file-note' }, size(file.bytes));
  const save = async () => {
    try {
      const bytes = await pictures.bytes(address(file));
      // Of no type that a browser would show: it can only be saved.
      const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
      h('a', { href: url, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      note.textContent = words.noFile;
    }
  };
  return h(
    'button',
    { type: 'button', class: 'file', 'aria-label': words.file(file.name), onclick: () => void save() },
    icon('file'),
    h('span', { class: 'file-name' }, h('bdi', {}, file.name)),
    note,
  );
}

function size(bytes: number): string {
  const kb = bytes / 1024;
  return kb < 1000 ? `${Math.ceil(kb)} KB` : `${(kb / 1024).toFixed(1)} MB`;
}
