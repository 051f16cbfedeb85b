/* Files that are pasted or dropped. */

/** The part of a `DataTransfer` that is used. */
export interface Transferred {
  readonly types: readonly string[];
  readonly files: ArrayLike<File>;
}

/** The files of a paste. Office programs put a picture beside the text that they copy: then the text is meant. */
export function pastedFiles({ types, files }: Transferred): File[] {
  const formatted = types.includes('text/html') || types.includes('text/rtf');
  return types.includes('text/plain') && formatted ? [] : Array.from(files).map(named);
}

/** Whether something that is dragged over the page has files. */
export function hasFiles({ types }: Pick<Transferred, 'types'>): boolean {
  return types.includes('Files');
}

/** Browsers call each picture out of the clipboard the same; without a name it gets one. */
function named(file: File): File {
  if (file.name !== '') return file;
  const [, ending = 'bin'] = /\/(\w+)/.exec(file.type) ?? [];
  return new File([file], `file.${ending}`, { type: file.type });
}
