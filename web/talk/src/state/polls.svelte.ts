/** The poll that is being made on this page. */
export class Polls {
  /** Its conversation, and the question that it begins with; null while none is made. */
  making: { readonly conversation: string; readonly question: string } | null = $state.raw(null);

  ask(conversation: string, question = ''): void {
    this.making = { conversation, question };
  }
}
