'use client';

import { RoomProvider, useMembers, useMessages, useRoom, useRoomStatus } from 'hushroom/react';
import { createRoom, joinRoom } from 'hushroom/room';
import { useEffect } from 'react';

// Rendered on the server as well, where nothing is opened. In the browser Ada makes a room, Grace joins it, and answers.
export function Chat({ relay }) {
  return (
    <RoomProvider open={({ signal }) => createRoom({ relay, name: 'Ada', signal })}>
      <p id="status">{<Status />}</p>
      <Guest relay={relay} />
      <Result />
    </RoomProvider>
  );
}

function Status() {
  return useRoomStatus().status;
}

function Guest({ relay }) {
  const room = useRoom();
  if (room === undefined) return null;
  return (
    <RoomProvider open={({ signal }) => joinRoom({ relay, code: room.code, name: 'Grace', signal })}>
      <Answer />
    </RoomProvider>
  );
}

function Answer() {
  const room = useRoom();
  useEffect(() => {
    if (room !== undefined) void room.send('works');
  }, [room]);
  return null;
}

function Result() {
  const names = useMembers().map(({ name }) => name);
  return <output id="result">{useMessages().map(({ text }) => `${text}: ${names.join(', ')}`)}</output>;
}
