export type * from '../room/types.js';
