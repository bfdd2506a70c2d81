// Everything that stands on the room entry, in one process.
import { connectAgent } from 'hushroom/agent';
import { hasDirectory } from 'hushroom/people';
import { joinRoom } from 'hushroom/room';

const relay = process.argv[2];
const agent = await connectAgent({ relay, name: 'Agent' });
const room = await joinRoom({ relay, code: agent.code, name: 'Ada' });
console.log(room.members.length > 0 && (await hasDirectory(relay)) === false);
await room.close();
await agent.close();
