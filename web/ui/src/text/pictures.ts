/* The pictures of the site's own emoji. Whoever shows texts provides them; without them, names are shown. */
import { getContext, setContext } from 'svelte';

/** The address of the picture with a name; null if there is none. */
export type PictureOf = (name: string) => string | null;

const key = Symbol('pictures');

export function providePictures(pictureOf: PictureOf): void {
  setContext(key, pictureOf);
}

export function usePictures(): PictureOf {
  return getContext<PictureOf | undefined>(key) ?? (() => null);
}
