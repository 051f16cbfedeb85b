/** Does what was chosen for a message. What does it comes with the first choice. */
export const act: typeof import('./act').act = async (...chosen) => (await import('./act')).act(...chosen);
