/** The globals of the page of `elsewhere.mjs`. */
declare var sdk: any;
declare var client: any;
declare var told: any;
/** The items that a page was called with, by a frame of the feed that it holds or is. */
declare var heard: any[];
/** The scripts that a page has run. */
declare var ran: string[];
declare var encke: (item: any) => void;
/** Milliseconds that the tasks of the page have taken beyond 50 ms each. */
declare var blocked: number;
