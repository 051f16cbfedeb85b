/*
 * A name inside a Chinese sentence. A blank stands between Chinese and Latin letters, none between two Chinese ones.
 */

/** The name at the beginning of a sentence. */
export const begin = (name: string): string => (/\p{Script=Han}$/u.test(name) ? name : `${name} `);
/** The name at the end of a sentence. */
export const end = (name: string): string => (/^\p{Script=Han}/u.test(name) ? name : ` ${name}`);
/** The name with words on both sides. */
export const amid = (name: string): string => begin(end(name));
