/* A conversation beside the open one that has the focus: what comes there is said to screen readers. */
import type { Attachment } from 'svelte/attachments';
import type { Talk } from '../state/talk.svelte';

/** Notes that the focus is in what shows this conversation, until it is somewhere else on the page. */
export function listensTo(talk: Talk, conversation: string): Attachment<HTMLElement> {
  return (element) => {
    const entered = (): void => void (talk.besideId = conversation);
    const left = ({ relatedTarget }: FocusEvent): void => {
      const inside = !(relatedTarget instanceof Node) || element.contains(relatedTarget);
      if (!inside && talk.besideId === conversation) talk.besideId = null;
    };
    element.addEventListener('focusin', entered);
    element.addEventListener('focusout', left);
    return () => {
      element.removeEventListener('focusin', entered);
      element.removeEventListener('focusout', left);
      if (talk.besideId === conversation) talk.besideId = null;
    };
  };
}
