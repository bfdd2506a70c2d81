// As a server does that never uses what it imports.
const names = ['hushroom', 'hushroom/slim', 'hushroom/room', 'hushroom/room/slim', 'hushroom/people', 'hushroom/people/slim', 'hushroom/agent'];
const state = () => JSON.stringify([Reflect.ownKeys(globalThis).map(String), process.getActiveResourcesInfo(), process.eventNames().map(String)]);
const before = state();
for (const name of names) if (Object.keys(await import(name)).length === 0) throw new Error(`${name} exports nothing`);
console.log(state() === before ? 'nothing changed' : `${before}\n${state()}`);
