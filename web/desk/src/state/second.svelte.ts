import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((moved) => {
  const timer = setInterval(moved, 1_000);
  return () => clearInterval(timer);
});

/** The time, for what is to move with the seconds. Nothing runs while nothing on screen asks. */
export function second(): number {
  subscribe();
  return Date.now();
}
