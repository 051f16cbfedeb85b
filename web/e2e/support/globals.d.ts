/** What the page of `elsewhere.mjs` has in its hands. */
declare var sdk: any;
declare var client: any;
declare var told: any;
/** What a page that holds a frame of the feed, or is one, was called with. */
declare var heard: any[];
/** The scripts that a page has run. */
declare var ran: string[];
declare var encke: (item: any) => void;
