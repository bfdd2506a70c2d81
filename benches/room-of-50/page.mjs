// The member whose costs are measured. Bundled by `../lib/chromium.mjs`; the functions below are called by name.

/** @type {any} */
let room;
/** Milliseconds that the socket's handler took for each frame, since the last look. @type {number[]} */
let handled = [];

/** Times what the package does with each frame. */
class TimedSocket extends WebSocket {
  /** @override @param {any} handler */
  set onmessage(handler) {
    super.onmessage = (event) => {
      const start = performance.now();
      handler(event);
      handled.push(performance.now() - start);
    };
  }
}

/** @param {() => boolean} test */
const until = (test) =>
  new Promise((resolve) => {
    const stop = room.subscribe(() => test() && (stop(), resolve(undefined)));
    if (test()) resolve(undefined);
  });

const others = () => room.getSnapshot().messages.filter((/** @type {any} */ { from }) => !from.self).length;

const methods = {
  /** Loads the package and compiles what it needs, so that joining is measured alone. */
  async load() {
    const { parseShareCode, init } = await import(/** @type {string} */ ('/room.js'));
    if (init !== undefined) await init();
    else parseShareCode(`hush1:${'a'.repeat(21)}:${'A'.repeat(43)}`);
  },
  /** Joins, and knows all `members`; how many milliseconds after the start each was done. @param {string} relay @param {string} code @param {number} members */
  async join(relay, code, members) {
    const { joinRoom } = await import(/** @type {string} */ ('/room.js'));
    const start = performance.now();
    room = await joinRoom({ relay, code, name: 'measured', WebSocket: TimedSocket });
    const entered = performance.now() - start;
    await until(() => room.members.length === members);
    return { entered, met: performance.now() - start };
  },
  /** Says something; how long the call took, and how long until the relay had it. @param {string} text */
  async say(text) {
    const start = performance.now();
    const sent = room.send(text);
    const took = performance.now() - start;
    await sent;
    return { took, accepted: performance.now() - start };
  },
  /** How many messages of others have come, once there are `count`. @param {number} count */
  async heard(count) {
    await until(() => others() >= count);
    return others();
  },
  /** Knows that there are so many members. @param {number} count */
  members: (count) => until(() => room.members.length === count),
  takeHandled() {
    const taken = handled;
    handled = [];
    return taken;
  },
  close: () => room.close(),
};
Object.assign(globalThis, { methods });
