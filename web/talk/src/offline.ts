/* What a device shows without the server. It comes on first use: most visits never need it. */
export { fromOfflineCopy, type OfflineCopy } from './model/offline-copy';
export { offlineCopyOf, showOffline } from './state/offline';
