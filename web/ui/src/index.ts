/*
 * The parts that all screens of Encke share: the theme, the controls, long lists, faces without pictures, safe text, and
 * each language's formats and common words. This package knows no protocol, conversation or server. It keeps no state but
 * what a control needs while it is shown.
 */
export { default as Avatar } from './avatar/Avatar.svelte';
export { default as Logo } from './brand/Logo.svelte';
export { default as Orbit } from './brand/Orbit.svelte';
export { default as Button } from './control/Button.svelte';
export { default as ContextMenu } from './control/ContextMenu.svelte';
export { default as Dialog } from './control/Dialog.svelte';
export { default as Field } from './control/Field.svelte';
export { default as Icon } from './control/Icon.svelte';
export { default as IconButton } from './control/IconButton.svelte';
export type { IconName } from './control/icons';
export { default as Menu } from './control/Menu.svelte';
export { default as MenuGroup } from './control/MenuGroup.svelte';
export { default as MenuItem } from './control/MenuItem.svelte';
export { default as Spinner } from './control/Spinner.svelte';
export { default as Switch } from './control/Switch.svelte';
export { default as Tabs } from './control/Tabs.svelte';
export { default as VirtualList } from './list/VirtualList.svelte';
export { providePictures } from './text/pictures';
export { default as RichText } from './text/RichText.svelte';
export * from './plain';
