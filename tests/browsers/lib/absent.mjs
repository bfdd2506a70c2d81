// What of `tests/js` cannot run in a page, and why. Printed by the runner, and counted by nobody.

const MODULES = 'loads the package afresh for every test, which a page cannot; the wasm in its memory is the same';

/** Files of `tests/js`. @type {Readonly<Record<string, string>>} */
export const ABSENT_FILES = {
  'agent.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-channel.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-example.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-files.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-package.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-strangers.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'agent-text.test.ts': 'hushroom/agent is for Node, Deno and Bun',
  'error-codes.test.ts': 'reads the sources of this repository',
  'package.test.ts': 'installs the package, and runs Node, CommonJS and TypeScript',
  'package-browser.test.ts': 'installs the package and starts a browser of its own',
  'scripts.test.ts': 'runs scripts of this repository',
  'sizes.test.ts': 'measures files of this repository',
  'load.test.ts': `${MODULES}; replaces modules of the package`,
  'secrets.test.ts': MODULES,
  'stream-memory.test.ts': MODULES,
  'room-secrets.test.ts': MODULES,
  'identity-secrets.test.ts': MODULES,
};

/** Tests of the others, by the names of their groups and their own. @type {readonly { file: string, name: RegExp, reason: string, when?: () => boolean }[]} */
export const ABSENT_TESTS = [
  { file: 'identity.test.ts', name: / > a file > /, reason: 'fileStore is for Node' },
  { file: 'stream-flow.test.ts', name: / > memory stays flat$/, reason: 'asks Node for the memory of its process' },
  { file: 'stream.test.ts', name: / > Node (Readable|Buffer)$/, reason: 'about what Node has' },
  {
    file: 'stream.test.ts',
    name: / > Uint8Array of shared memory$/,
    reason: 'this browser has no shared memory here',
    when: () => typeof SharedArrayBuffer === 'undefined',
  },
  { file: 'arthas-vectors.test.ts', name: / > the vectors hold by Node alone$/, reason: "about Node's own cryptography" },
  {
    file: 'arthas.test.ts',
    name: / > are what the wire document says, with pauses for receivers that race$/,
    reason: 'measures when frames arrive, which the way from the runner to the page changes',
  },
  { file: 'both-protocols.test.ts', name: / > a sink that cannot be opened leaves the offer open$/, reason: 'a path is no sink in a page' },
];

/** Why a test is not run. @param {string} file @param {string} name @returns {string | undefined} */
export function absentTest(file, name) {
  return ABSENT_TESTS.find((one) => one.file === file && one.name.test(` > ${name}`) && one.when?.() !== false)?.reason;
}
