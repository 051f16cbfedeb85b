/*
 * A text as the nodes that are shown. There is no node for HTML, a picture of the writer's or an address that runs: what is not one of
 * these is text, and a view can only show it as text.
 */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em' | 'strike'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly children: readonly Inline[] }
  /** A small picture of the site's own, by its name; a name that has none is text. */
  | { readonly kind: 'emoji'; readonly name: string }
  /** Somebody who is called: the id of a person, or `all`. */
  | { readonly kind: 'mention'; readonly person: string };

export type Block =
  | { readonly kind: 'paragraph' | 'heading'; readonly children: readonly Inline[] }
  /** `language` is what the writer named, in lower case; empty if none was named. */
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | {
      readonly kind: 'list';
      /** The number of the first item; null for a list without numbers. */
      readonly start: number | null;
      readonly items: readonly (readonly Block[])[];
    }
  | {
      readonly kind: 'table';
      readonly columns: readonly Alignment[];
      readonly head: readonly Cell[];
      readonly rows: readonly (readonly Cell[])[];
    };

export type Cell = readonly Inline[];
export type Alignment = 'start' | 'center' | 'end';
