export { createDropZone, sendFiles, type DropHost, type DropZone, type FileDragEvent } from './drop.js';
export { onRoomEvent, type RoomEventOf } from './events.js';
export { lastMessages, typingMembers } from './lists.js';
export { checkSource, INITIAL, Opening, type OpeningState, type OpenRoom, type RoomSource } from './opening.js';
export { report } from './report.js';
export { safetyBasis, safetyNumber } from './safety.js';
export { transferViews, type TransferView } from './transfers.js';
