/** What the page of `elsewhere.mjs` has in its hands. */
declare var sdk: any;
declare var client: any;
declare var told: any;
