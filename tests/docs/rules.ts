import type { Block } from './blocks.js';
import * as readme from './readme-code.js';
import type { World } from './world.js';

/** How one block is shown to be right. */
export interface Rule {
  readonly file: string;
  readonly language: string;
  /** How the block begins. */
  readonly begins: string;
  check(block: Block, world: World): void | Promise<void>;
}

type Check = Rule['check'];
const rule = (file: string, language: string, begins: string, check: Check): Rule => ({ file, language, begins, check });

/** One for each block of the documents: a block without one fails the test, and a rule without a block does. */
export const RULES: readonly Rule[] = [
  rule('README.md', 'ts', "import { createRoom } from 'hushroom/room';\n\nconst room = await createRoom({ relay: 'wss://relay.example.com/ws', name: 'Ada' });", readme.room),
  rule('README.md', 'tsx', 'import { RoomProvider,', readme.react),
  rule('README.md', 'vue', '<script setup lang="ts">', readme.vue),
  rule('README.md', 'html', '<script type="module">', readme.plainPage),
  rule('README.md', 'json', '{\n  "manifest_version": 3,', readme.manifest),
  rule('README.md', 'ts', 'import { connectAgent }', readme.agent),
  rule('README.md', 'ts', 'import { decryptStream,', readme.files),
  rule('README.md', 'ts', 'import { fileStore, joinRoom, openIdentity }', readme.identity),
  rule('README.md', 'ts', "import { createRoom } from 'hushroom/room';\n\nconst room = await createRoom({ relay: 'wss://relay.example.com/ws', name: 'Ada', maxMembers: 2 });", readme.comparison),
  rule('README.md', 'ts', 'import { fileStore, register }', readme.people),
  rule('README.md', 'ts', 'import { isHushError, openMessage }', readme.errors),
];
