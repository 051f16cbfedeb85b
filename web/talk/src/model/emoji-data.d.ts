/** Made by emoji.plugin.mjs: the emoji, its group, short name, English name, Chinese name, further words. */
declare module 'virtual:emoji' {
  const rows: readonly (readonly [string, number, string, string, string, string])[];
  export default rows;
}
