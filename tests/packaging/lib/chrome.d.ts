/** What extensions have: used in functions that consumers run there. */
declare const chrome: any;
