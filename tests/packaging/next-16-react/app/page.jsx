import { RoomProvider } from 'hushroom/react';

import { Chat } from './chat';

// A server component that imports the entry itself: what it gets are references to be resolved in the browser.
export default async function Page({ searchParams }) {
  const { relay } = await searchParams;
  return (
    <>
      <p id="reference">{String(RoomProvider.$$typeof)}</p>
      <Chat relay={relay} />
    </>
  );
}
