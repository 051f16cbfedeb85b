/** The title of the page: the desk's name, and before it how many wait. */
export function pageTitle(desk: string, waiting: number, number: (value: number) => string): string {
  return waiting > 0 ? `(${number(waiting)}) ${desk}` : desk;
}
