'use client';

import * as api from 'hushroom';
import * as room from 'hushroom/room';
import { useEffect, useState } from 'react';

import { exercise } from '../exercise.mjs';

const CODE = 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

// Rendered on the server as well, where it uses the wasm, too: what comes out must be the same.
export function Client({ relay, server }) {
  const [result, setResult] = useState('');
  useEffect(() => {
    exercise(api, room, relay).then(
      (client) => setResult(`server ${server}, client ${client}`),
      (error) => setResult(`error: ${error.message}`),
    );
  }, [relay, server]);
  return (
    <>
      <p id="rendered">{api.parseShareCode(CODE).roomId}</p>
      <output id="result">{result}</output>
    </>
  );
}
