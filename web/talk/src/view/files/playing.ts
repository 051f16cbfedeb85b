/* Of all sound and video on the page one plays at a time. */

let playing: HTMLMediaElement | null = null;

export function playsAlone(event: Event): void {
  if (!(event.currentTarget instanceof HTMLMediaElement)) return;
  if (playing !== event.currentTarget) playing?.pause();
  playing = event.currentTarget;
}
