/** What stands in a text for somebody who is called: the name, and whether it is the reader. */
export type Mentioned = (person: string) => { readonly name: string; readonly me: boolean };

export const nobodyKnown: Mentioned = (person) => ({ name: person, me: false });
