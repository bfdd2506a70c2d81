'use client';

import * as api from 'hushroom';
import { RoomProvider, useRoom, useRoomStatus } from 'hushroom/react';
import * as room from 'hushroom/room';
import { useEffect, useState } from 'react';

import { exercise } from '../exercise.mjs';

const CODE = 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

// Rendered on the server as well, where it uses the wasm, too: what comes out must be the same.
export function Client({ relay, server }) {
  return (
    <RoomProvider open={({ signal }) => room.createRoom({ relay, name: 'Ada', signal })}>
      <p id="rendered">{api.parseShareCode(CODE).roomId}</p>
      <Result relay={relay} server={server} />
    </RoomProvider>
  );
}

function Result({ relay, server }) {
  const { status } = useRoomStatus();
  const { code } = useRoom() ?? {};
  const [client, setClient] = useState('');
  useEffect(() => {
    exercise(api, room, relay).then(setClient, (error) => setClient(`error: ${error.message}`));
  }, [relay]);
  const done = client !== '' && (status === 'failed' || (status === 'open' && code?.startsWith('hush1:')));
  return (
    <>
      <p id="status">{status}</p>
      <output id="result">{done ? `server ${server}, client ${client}, room ${status}` : ''}</output>
    </>
  );
}
