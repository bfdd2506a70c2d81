import type { Block } from './blocks.js';
import * as diagrams from './diagrams.js';
import * as readme from './readme-code.js';
import * as shell from './shell.js';
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

const interop = 'tests/interop/ratchet_peer.py';
const evil = ['tests/evil_relay/wire.rs', 'tests/evil_relay/insider.rs'];

/** One for each block of the documents: a block without one fails the test, and a rule without a block does. */
export const RULES: readonly Rule[] = [
  rule('README.md', 'ts', "import { createRoom } from 'hushroom/room';\n\nconst room = await createRoom({ relay: 'wss://relay.example.com/ws', name: 'Ada' });", readme.room),
  rule('README.md', 'tsx', 'import { RoomProvider,', readme.react),
  rule('README.md', 'vue', '<script setup lang="ts">', readme.vue),
  rule('README.md', 'html', '<script type="module">', readme.plainPage),
  rule('README.md', 'json', '{\n  "minimum_chrome_version"', readme.manifest),
  rule('README.md', 'js', 'import { createRoom, indexedDbStore,', readme.extension),
  rule('README.md', 'ts', 'import { connectAgent }', readme.agent),
  rule('README.md', 'ts', 'import { decryptStream,', readme.files),
  rule('README.md', 'ts', 'import { fileStore, joinRoom, openIdentity }', readme.identity),
  rule('README.md', 'ts', "import { createRoom } from 'hushroom/room';\n\nconst room = await createRoom({ relay: 'wss://relay.example.com/ws', name: 'Ada', maxMembers: 2 });", readme.comparison),
  rule('README.md', 'ts', 'import { fileStore, register }', readme.people),
  rule('README.md', 'ts', 'import { isHushError, openMessage }', readme.errors),
  rule('README.md', 'sh', 'npm install hushroom\n', shell.install),
  rule('README.md', 'sh', 'npm start ', shell.npmScripts),
  rule('docs/cli.md', 'sh', 'cargo build', shell.cliFirst),
  rule('docs/cli.md', '', '$ hushroom create --name Ada\n', shell.transcript),
  rule('docs/cli.md', '', '$ hushroom join hush1:', shell.transcript),
  rule('docs/cli.md', 'sh', 'hushroom create --two', shell.roomForTwo),
  rule('docs/cli.md', 'sh', 'export HUSHROOM_SERVER', shell.people),
  rule('docs/cli.md', 'sh', 'hushroom send', shell.inScripts),
  rule('docs/cli.md', 'sh', 'hushroom encrypt', shell.onThisMachine),
  rule('docs/self-hosting.md', 'sh', 'npm run build', shell.selfHosting),
  rule('examples/extension/README.md', 'sh', 'npm install\n', shell.npmScripts),
  rule('examples/node-agent/README.md', 'sh', 'npm install\n', shell.npmScripts),
  rule('examples/node-agent/README.md', 'sh', 'npm run build && npm pack', shell.npmScripts),
  rule('examples/react/README.md', 'sh', 'npm install\n', shell.npmScripts),
  rule('examples/vue/README.md', 'sh', 'npm install\n', shell.npmScripts),
  rule('docs/protocol.md', '', 'arthas = room-id', diagrams.shareCodes),
  rule('docs/protocol.md', '', 'prk      = HKDF-Extract', diagrams.keySchedule),
  rule('docs/protocol.md', '', 'file    = header(40)', diagrams.files),
  rule('docs/protocol.md', '', 'instance = SHA-256', diagrams.labels(interop, 'tests/evil_relay/wire.rs')),
  rule('docs/protocol.md', '', 'body   = header', diagrams.labels('src/room/hush1/inner.rs', ...evil)),
  rule('docs/protocol.md', '', '{"transferId": str', diagrams.arthasFile),
  rule('docs/ratchet.md', '', 'inner = 0x01', diagrams.labels(interop, ...evil)),
  rule('docs/ratchet.md', '', 'bundle    = 0x01', diagrams.labels(interop)),
  rule('docs/ratchet.md', '', 'note      = type(1)', diagrams.labels(interop)),
  rule('docs/ratchet.md', '', 'plaintext = binding', diagrams.labels(interop)),
  rule('docs/ratchet.md', '', 'sealed = 0x01', diagrams.labels('src/ratchet/store.rs', 'src/ratchet/tests/states.rs')),
  rule('docs/ratchet.md', '', 'h       = SHA-512', diagrams.safetyNumber),
  rule('docs/ratchet.md', '', 'digest  = SHA-512', diagrams.roomNumber),
  rule('docs/ratchet.md', '', 'start  = 0x01', diagrams.labels('src/identity/sas.rs', 'src/identity/sas_tests.rs')),
  rule('docs/ratchet.md', '', 'state    = 0x01', diagrams.labels('src/identity/state.rs', 'src/identity/fold.rs', 'src/identity/mod.rs', 'src/identity/tests.rs')),
  rule('docs/people.md', '', 'signed(label, parts)', diagrams.labels('src/people/signing.rs', 'tests/vectors/people/generate.py')),
  rule('docs/people.md', '', 'bundle      = 0x01', diagrams.labels('tests/vectors/people/generate.py')),
  rule('docs/people.md', '', 'person  = 0x01', diagrams.labels('src/people/person/mod.rs', 'src/people/tests/persons.rs')),
  rule('docs/people.md', '', 'sealed  = header', diagrams.labels('tests/vectors/people/generate.py')),
];
